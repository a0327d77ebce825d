/** Runs a start: opens sources and Regions, syncs, proves, and either ends (`--once`) or goes on until Ctrl-C. */
import path from 'node:path';

import { buildFunctions } from '../../scripts/build-functions.ts';
import type { RegionEvent } from '../region/messages.ts';
import { RegionPairLink, type Role, ROLES } from '../region/pair.ts';
import { watchCycles } from './cycle-watch.ts';
import { holdDirectory } from './data-directory.ts';
import { keepRunning } from './keep-running.ts';
import type { StartOptions } from './options.ts';
import { Reporter } from './reporter.ts';
import { Screen } from './screen.ts';
import { openSources, type OpenedSources } from './sources.ts';
import { syncOnce } from './sync-once.ts';
import { judge, reportOf } from './verdict.ts';

const now = (): number => performance.now();

const screenFor = (options: StartOptions): Screen => {
  const stream = options.json ? process.stderr : process.stdout;
  return new Screen({ stream, interactive: stream.isTTY && !options.json, now });
};

/** Ends the wait on the first Ctrl-C; a second one ends the process as usual. */
const stopSignal = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      controller.abort();
    });
  }
  return controller.signal;
};

interface Running {
  readonly options: StartOptions;
  readonly rootDirectory: string;
  readonly opened: OpenedSources;
  readonly screen: Screen;
  readonly stop: AbortSignal;
}

const runPair = async (
  running: Running,
  announce: (regions: { role: Role; region: string; endpoint: string }[]) => Promise<void>,
): Promise<number> => {
  const { options, rootDirectory, opened, screen, stop } = running;
  const watch = watchCycles();
  const reporter = new Reporter({ screen, sources: opened.sources, watch });
  const pair = await RegionPairLink.open({
    rootDirectory,
    dataDirectory: options.dataDirectory,
    intervalMs: options.intervalMs,
    onEvent: (role: Role, event: RegionEvent) => {
      reporter.take(role, event);
    },
  });
  const endEarly = (): void => {
    for (const role of ROLES) {
      pair.links[role].kill();
    }
  };
  if (options.once) {
    stop.addEventListener('abort', endEarly);
  }
  try {
    const startedAt = now();
    const provisioned = await pair.provision({
      sources: opened.sources,
      gitHosts: opened.gitHosts,
      gitLoopbackOrigin: opened.gitLoopbackOrigin,
    });
    reporter.provisioned(provisioned, now() - startedAt);
    for (const { role, service, mode } of options.faults) {
      await pair.links[role].setFault(service, mode);
      screen.warn(`${pair.regionOf(role)} (${role}): ${service} is broken on purpose (${mode})`);
    }
    await announce(
      ROLES.map((role) => ({ role, region: provisioned[role].region, endpoint: provisioned[role].endpoint })),
    );
    const expected = opened.sources.map(({ id }) => id);
    const result = await syncOnce({ pair, provisioned, watch, expected, failures: reporter.failures, now });
    const verdict = judge(result);
    reporter.result(result, verdict);
    if (options.json) {
      process.stdout.write(`${JSON.stringify(reportOf(result, verdict))}\n`);
    }
    if (!options.once && !stop.aborted) {
      await keepRunning({ pair, provisioned, watch, reporter, screen, stop });
      return 0;
    }
    return verdict.exitCode;
  } finally {
    await pair.stop();
  }
};

export const runStart = async (options: StartOptions, rootDirectory: string): Promise<number> => {
  const screen = screenFor(options);
  const stop = stopSignal();
  const held = await holdDirectory(options.dataDirectory);
  let opened: OpenedSources | undefined;
  try {
    opened = await openSources(options.sources.length === 0 ? [rootDirectory] : options.sources);
    screen.title('Twinmap: two Regions on this machine');
    screen.line('deploying', 'both stacks, by the Pulumi program');
    await buildFunctions({ outDir: path.join(rootDirectory, 'dist', 'functions') });
    return await runPair({ options, rootDirectory, opened, screen, stop }, async (regions) =>
      held.announce({ pid: process.pid, regions }),
    );
  } finally {
    await opened?.close();
    await held.release();
  }
};
