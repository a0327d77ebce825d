/** After the first sync: the Regions' own schedules go on; every cycle that changed something is proven again. */
import type { Provisioned } from '../region/messages.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { RegionPairLink } from '../region/pair.ts';
import type { CycleWatch } from './cycle-watch.ts';
import type { Reporter } from './reporter.ts';
import type { Screen } from './screen.ts';
import type { NodeRouter } from '../../router/entries/node/node-router.ts';
import { openFrontDoor } from './front-door.ts';
import type { RunningPair } from '../../ops/running-pair.ts';
import { openControl } from '../up/control-server.ts';
import { upLines } from '../up/up-lines.ts';
import { provePair } from './sync-once.ts';

export interface KeepRunningOptions {
  readonly pair: RegionPairLink;
  readonly provisioned: Readonly<Record<Role, Provisioned>>;
  readonly watch: CycleWatch;
  readonly reporter: Reporter;
  readonly screen: Screen;
  readonly stop: AbortSignal;
  readonly announce: (more: Pick<RunningPair, 'router' | 'control'>) => Promise<void>;
}

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) {
    const ended = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => {
      ended.resolve();
    });
    await ended.promise;
  }
};

/** One proof after the other: two at once would each read a Region that the other keeps busy. */
const proveAfter = async (before: Promise<void>, options: KeepRunningOptions): Promise<void> => {
  const { pair, provisioned, reporter, screen } = options;
  await before;
  try {
    // A cycle of another source in mid-write is no difference: prove when nothing is under way.
    await Promise.all(ROLES.map(async (role) => pair.links[role].ask({ kind: 'idle' })));
    const { regions, differences, failures } = await provePair({ pair, provisioned });
    reporter.proof(regions);
    for (const failure of failures) {
      screen.fail(failure);
    }
    for (const { store, key, kind } of differences) {
      screen.fail(`differs (${kind}) in ${store}: ${key}`);
    }
  } catch (error) {
    screen.fail(error instanceof Error ? error.message : 'the proof failed');
  }
};

const tellWhenGone = async (role: Role, { pair, screen, stop }: KeepRunningOptions): Promise<void> => {
  await pair.links[role].exited;
  if (!stop.aborted) {
    screen.fail(`the ${role} Region is gone; the other one goes on answering. Ctrl-C and npm start bring it back`);
  }
};

/** Keeps an address that either Region answers, and tells where it is. */
const openRouter = async ({ pair, provisioned, screen, reporter }: KeepRunningOptions): Promise<NodeRouter> => {
  const regions = ROLES.map((role) => ({ region: pair.regionOf(role), endpoint: provisioned[role].endpoint }));
  const router = await openFrontDoor({
    regions,
    onLine: (event, fields) => {
      reporter.takeRouted(event, fields);
    },
  });
  screen.line('router', `${router.url}  either Region answers here, also when the other is gone`);
  screen.line('console', `${router.url.replace(/\/$/u, '')}/console  paste the token`);
  return router;
};

export const keepRunning = async (options: KeepRunningOptions): Promise<void> => {
  const { reporter, screen, stop } = options;
  let proving: Promise<void> = Promise.resolve();
  reporter.onCycle(({ outcome, fields }) => {
    if (outcome === 'acknowledged' && fields['mode'] !== 'unchanged') {
      proving = proveAfter(proving, options);
    }
  });
  for (const role of ROLES) {
    void tellWhenGone(role, options);
  }
  const router = await openRouter(options);
  const control = await openControl(options.pair, (up) => {
    screen.line('local:up', upLines(up)[0] ?? '');
  });
  await options.announce({ router: router.url, control: control.path });
  screen.line('running', 'ask: npx twinmap ask "how is a write acknowledged?"   stop: Ctrl-C');
  await aborted(stop);
  screen.line('stopping', 'both Regions');
  await Promise.all([proving, router.close(), control.close()]);
};
