/** Runs a start: opens sources and Regions, syncs, proves, and either ends (`--once`) or goes on until Ctrl-C. */
import path from 'node:path';

import type { RunningPair } from '../../ops/running-pair.ts';
import { writeMissing } from '../../ops/source-writes.ts';
import { readTokenFile, TOKEN_FILE } from '../../ops/token.ts';
import { buildFunctions } from '../../scripts/build-functions.ts';
import { LOCAL_FOLDERS } from '../lambda/environment-launch.ts';
import type { Provisioned } from '../region/messages.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import { RegionPairLink } from '../region/pair.ts';
import { ensureTokens, ensureVoterToken } from './access-keys.ts';
import { type CycleWatch, watchCycles } from './cycle-watch.ts';
import { type HeldDirectory, holdDirectory } from './data-directory.ts';
import { keepRunning, type KeepRunningOptions } from './keep-running.ts';
import type { StartOptions } from './options.ts';
import { addressesOf, authorityFile, openLocalPair, type PairAddresses } from './pair-addresses.ts';
import { Reporter } from './reporter.ts';
import { Screen } from './screen.ts';
import { expectedOf, openSources, type OpenedSources } from './sources.ts';
import { openSurveyPage } from './survey-page.ts';
import { syncOnce } from './sync-once.ts';
import { earlyReport, judge, reportOf } from './verdict.ts';

/** What a shell expects of a program that Ctrl-C ended. */
const EXIT_STOPPED = 130;

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
  readonly rootDirectory: string;
  readonly options: StartOptions;
  readonly opened: OpenedSources;
  readonly screen: Screen;
  readonly stop: AbortSignal;
  readonly held: HeldDirectory;
  readonly watch: CycleWatch;
  readonly reporter: Reporter;
  readonly pair: RegionPairLink;
}

type ProvisionedPair = Readonly<Record<Role, Provisioned>>;

/** What `running.json` says. */
const describe = (running: Running, provisioned: ProvisionedPair, addresses: PairAddresses): RunningPair => ({
  pid: process.pid,
  regions: ROLES.map((role) => {
    const { region, endpoint } = provisioned[role];
    return { ...addresses[role], region, endpoint };
  }),
  authority: authorityFile(running.options.dataDirectory),
});

/** Keys for whoever asks and writes; with `--once` nobody does, and the pair ends with its verdict. */
const makeTokens = async ({ options }: Running, addresses: PairAddresses): Promise<void> => {
  if (!options.once) {
    const { regions, writes } = openLocalPair(addresses);
    const ring = { regions, writes, now: () => Date.now() };
    await ensureTokens(ring, options.dataDirectory);
    if (options.survey) {
      await ensureVoterToken(ring, options.dataDirectory);
    }
  }
};

/** Printed for people only: with `--json` somebody may keep what this process says. */
const showToken = async ({ options, screen }: Running): Promise<void> => {
  const file = path.join(options.dataDirectory, TOKEN_FILE);
  const token = options.json ? undefined : await readTokenFile(options.dataDirectory, TOKEN_FILE);
  screen.line('token', `${token === undefined ? '' : `${token}  `}reads everything; kept in ${file}`);
};

/** What the file says is stored where people's own sources are: a function's environment holds a few repositories, and not these. */
const define = async ({ opened, screen }: Running, addresses: PairAddresses): Promise<void> => {
  if (opened.definitions.length === 0) {
    return;
  }
  const writer = { by: 'npm start', at: Date.now() };
  const { written, refused } = await writeMissing(openLocalPair(addresses), opened.definitions, writer);
  screen.line('sources', `${opened.definitions.length} of the file, ${written.length} new or changed`);
  for (const id of refused) {
    screen.fail(`no Region took the source ${id}`);
  }
};

interface BroughtUp {
  readonly provisioned: ProvisionedPair;
  /** What commands are told of it. */
  readonly announced: RunningPair;
}

/** Provisions both Regions, tells where they are, and breaks what is to be broken. */
const bringUp = async (running: Running): Promise<BroughtUp> => {
  const { options, opened, screen, held, pair, reporter } = running;
  const startedAt = now();
  const { sources, gitHosts, gitLoopbackOrigin } = opened;
  const provisioned = await pair.provision({
    sources,
    gitHosts,
    gitLoopbackOrigin,
    ...(options.survey ? { surveyIn: ROLES } : {}),
  });
  reporter.provisioned(provisioned, now() - startedAt);
  const addresses = await addressesOf(running.rootDirectory, pair);
  await define(running, addresses);
  // Before anything is broken on purpose: whoever tries a fault wants to ask.
  await makeTokens(running, addresses);
  for (const { role, service, mode } of options.faults) {
    await pair.links[role].setFault(service, mode);
    screen.warn(`${pair.regionOf(role)} (${role}): ${service} is broken on purpose (${mode})`);
  }
  const announced = describe(running, provisioned, addresses);
  await held.announce(announced);
  return { provisioned, announced };
};

/** Up to the first verdict. A Ctrl-C on the way kills both Regions where they are: a start resumes from any point. */
const firstSync = async (running: Running): Promise<BroughtUp & { readonly exitCode: number }> => {
  const { options, opened, pair, watch, reporter, stop } = running;
  const kill = (): void => {
    for (const role of ROLES) {
      pair.links[role].kill();
    }
  };
  stop.addEventListener('abort', kill);
  try {
    stop.throwIfAborted();
    const brought = await bringUp(running);
    const { provisioned } = brought;
    const expected = expectedOf(opened);
    const result = await syncOnce({ pair, provisioned, watch, expected, failures: reporter.failures, now });
    stop.throwIfAborted();
    const verdict = judge(result);
    reporter.result(result, verdict);
    if (options.json) {
      process.stdout.write(`${JSON.stringify(reportOf(result, verdict))}\n`);
    }
    return { ...brought, exitCode: verdict.exitCode };
  } finally {
    stop.removeEventListener('abort', kill);
  }
};

const runPair = async (running: Running): Promise<number> => {
  const { options, screen, stop, pair, watch, reporter } = running;
  try {
    const { exitCode, provisioned, announced } = await firstSync(running);
    if (options.once) {
      return exitCode;
    }
    await showToken(running);
    const announce: KeepRunningOptions['announce'] = async (more) => running.held.announce({ ...announced, ...more });
    const page = options.survey ? await openSurveyPage(running, provisioned) : undefined;
    try {
      await keepRunning({ pair, provisioned, watch, reporter, screen, stop, announce });
    } finally {
      await page?.close();
    }
    return 0;
  } catch (error) {
    if (!stop.aborted) {
      throw error;
    }
    screen.line('stopped', 'before the first sync had ended; the next start goes on from here');
    if (options.json) {
      process.stdout.write(`${JSON.stringify(earlyReport('stopped', EXIT_STOPPED, now()))}\n`);
    }
    return EXIT_STOPPED;
  } finally {
    await pair.stop();
  }
};

/** The Regions are processes of their own, which inherit this; their functions read nothing else of this machine. */
const allowFolders = ({ definitions }: OpenedSources): void => {
  const named = definitions.flatMap(({ kind, config: { path: folder } }) =>
    kind === 'files' && typeof folder === 'string' ? [folder] : [],
  );
  const given = process.env[LOCAL_FOLDERS];
  process.env[LOCAL_FOLDERS] = [...(given === undefined ? [] : [given]), ...named].join(path.delimiter);
};

/** Whoever names nothing looks at this repository. */
const namedSources = ({ sources, sourcesFile }: StartOptions, rootDirectory: string): readonly string[] =>
  sources.length === 0 && sourcesFile === undefined ? [rootDirectory] : sources;

const printRaw = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

export const runStart = async (options: StartOptions, rootDirectory: string): Promise<number> => {
  const screen = screenFor(options);
  const stop = stopSignal();
  const held = await holdDirectory(options.dataDirectory);
  let opened: OpenedSources | undefined;
  try {
    opened = await openSources(namedSources(options, rootDirectory), options.sourcesFile);
    screen.title('Twinmap: two Regions on this machine');
    screen.line('deploying', 'both stacks, by the Pulumi program');
    await buildFunctions({ outDir: path.join(rootDirectory, 'dist', 'functions') });
    allowFolders(opened);
    const watch = watchCycles();
    const reporter = new Reporter({
      screen,
      sources: [...opened.sources, ...opened.definitions],
      watch,
      ...(options.json ? { raw: printRaw } : {}),
    });
    const { dataDirectory, intervalMs } = options;
    const pair = await RegionPairLink.open({
      rootDirectory,
      dataDirectory,
      intervalMs,
      onEvent: (role, event) => {
        reporter.take(role, event);
      },
    });
    return await runPair({ rootDirectory, options, opened, screen, stop, held, watch, reporter, pair });
  } finally {
    await opened?.close();
    await held.release();
  }
};
