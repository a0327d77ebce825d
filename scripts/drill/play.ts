/**
 * Plays one scenario from a healthy pair to a healthy pair: the failure, the runbook, the return of the Region with what it had, the
 * way back. What it saw is plain data; what that means is judged elsewhere.
 */
import { ROLES } from '../../functions/domain/region.ts';
import { provePair } from '../../local/start/sync-once.ts';
import type { Drive } from './drive.ts';
import { alarmsSince, workSince } from './facts.ts';
import type { Asked, Ran } from './operator.ts';
import { Ledger } from './reckoning.ts';

export interface Played {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly injectedAt: number;
  readonly detectMs: number;
  readonly decideMs: number;
  readonly move: Ran;
  readonly failback: Ran;
  /** Of the failing Region, while the work was moved. */
  readonly deadRegion: Asked;
  /** Acknowledged before the move, and not held by the survivor right after it. */
  readonly oneSided: readonly { readonly at: number }[];
  readonly movedAt: number;
  readonly sideEffects: readonly string[];
  readonly alarms: readonly string[];
  readonly lost: number;
  readonly duplicates: number;
  readonly driftBefore: string;
  readonly driftAfter: string;
  readonly problems: readonly string[];
}

const CALM_MS = 4000;
const READS_WAIT_MAX_MS = 90_000;
const POLL_MS = 250;
const COMMON_WORDS = ['--yes', '--drill', '--reason', 'drill', '--by', 'drill'] as const;
/** Of a Region that was just mended on purpose. */
const STABILITY_SECONDS = '3';

const driftOf = async ({ world }: Drive): Promise<string> => {
  const { link, provisioned } = world.pair;
  const { regions, differences, failures } = await provePair({ pair: link, provisioned });
  if (failures.length > 0 || regions.some(({ proof }) => proof === undefined)) {
    return `not proven: ${[...failures, ...regions.flatMap(({ unproven }) => unproven ?? [])].join('; ')}`;
  }
  return differences.length === 0 ? 'none' : `${differences.length} keys differ`;
};

/** Commands that name moments: what the clocks are read from. */
const iso = (at: number): string => new Date(at).toISOString();

const moveTheWork = async (
  drive: Drive,
  marks: { readonly injectedAt: number; readonly detectMs: number },
): Promise<Ran> => {
  const { scenario, survivor } = drive;
  const detectedAt = marks.injectedAt + marks.detectMs;
  const words = [
    'failover',
    '--to',
    survivor,
    ...COMMON_WORDS,
    ...(scenario.answersOperator === true ? [] : ['--ungraceful']),
    ...(scenario.failoverWords ?? []),
    '--directory',
    drive.world.pair.stackDirectory,
    '--began-at',
    iso(marks.injectedAt),
    '--detected-at',
    iso(detectedAt),
    '--decided-at',
    iso(Date.now()),
  ];
  return scenario.moveTheWork === undefined ? drive.run(words) : scenario.moveTheWork(drive, words);
};

const failback = async (drive: Drive): Promise<Ran> =>
  drive.run([
    'failback',
    '--to',
    drive.failing,
    ...COMMON_WORDS,
    '--stability',
    STABILITY_SECONDS,
    '--directory',
    drive.world.pair.stackDirectory,
  ]);

/** The Region returns with its old flag, its backlog and, where the scenario says so, the previous commit's bundle. */
const returned = async (
  drive: Drive,
  ledger: Ledger,
): Promise<{ readonly sideEffects: readonly string[]; readonly alarms: readonly string[] }> => {
  const { world, failing } = drive;
  const region = world.regionOf(failing);
  const wasOut = drive.scenario.answersOperator !== true;
  if (wasOut) {
    await drive.mend(failing);
  }
  const at = Date.now();
  const before = await ledger.versionsBy(region);
  await drive.slot(wasOut ? 'the Region is back' : 'an interval later');
  await drive.slot('one interval later');
  const after = await ledger.versionsBy(region);
  const written = [...after].filter((version) => !before.has(version)).map((version) => `wrote ${version}`);
  const alarms = alarmsSince(world.pair.lines, failing, at);
  return { sideEffects: [...workSince(world.pair.lines, failing, at), ...written], alarms };
};

const untilEnoughReads = async (drive: Drive): Promise<void> => {
  const { readsMin = 0 } = drive.scenario;
  const startedAt = Date.now();
  while (drive.world.client.readsVia('router') < readsMin && Date.now() - startedAt < READS_WAIT_MAX_MS) {
    await drive.hold(POLL_MS);
  }
};

const settleDebts = async ({ world }: Drive): Promise<void> => {
  for (const role of ROLES) {
    const functionName = world.pair.provisioned[role].functions.drain;
    await world.pair.link.links[role].ask({ kind: 'invoke', functionName, payload: {} });
  }
};

const fail = async (drive: Drive): Promise<number> => {
  await drive.leaveBacklog(drive.failing);
  let injectedAt = 0;
  for (const { trouble, holdMs } of drive.scenario.stages) {
    await drive.break(drive.failing, trouble);
    injectedAt = Date.now();
    await drive.hold(holdMs);
  }
  return injectedAt;
};

interface Begun {
  readonly startedAt: number;
  readonly driftBefore: string;
}

const begin = async (drive: Drive): Promise<Begun> => {
  const { world } = drive;
  const startedAt = world.timeline.mark('drill', 'begins: both Regions are well');
  await drive.slot('before');
  const driftBefore = await driftOf(drive);
  await world.client.warmUp();
  world.client.start();
  await drive.hold(CALM_MS);
  return { startedAt, driftBefore };
};

type Moved = Pick<Played, 'injectedAt' | 'detectMs' | 'decideMs' | 'move' | 'movedAt' | 'deadRegion' | 'oneSided'>;

/** From the failure to the moved work, by the runbook. */
const failAndMove = async (drive: Drive, ledger: Ledger): Promise<Moved> => {
  const { world, scenario, failing, survivor } = drive;
  const { client } = world;
  const injectedAt = await fail(drive);
  const detectMs = await (scenario.isNoticedBySlot === true
    ? drive.detectBySlot(injectedAt)
    : drive.detect(failing, injectedAt));
  await drive.run(['status']);
  const decideMs = await drive.decide();
  await scenario.beforeFailover?.(drive);
  const before = [...client.acknowledged];
  const move = await moveTheWork(drive, { injectedAt, detectMs });
  const movedAt = Date.now();
  const deadRegion = move.asked[failing];
  const oneSided = await ledger.missing(survivor, before);
  return { injectedAt, detectMs, decideMs, move, movedAt, deadRegion, oneSided };
};

type Settled = Pick<Played, 'lost' | 'duplicates' | 'driftAfter'>;

/** Nobody asks any more: what is owed is sent, then everything is counted. */
const settle = async (drive: Drive, ledger: Ledger): Promise<Settled> => {
  const { client } = drive.world;
  await client.stop();
  await settleDebts(drive);
  const driftAfter = await driftOf(drive);
  const missing: string[] = [];
  let duplicates = 0;
  for (const role of ROLES) {
    const gone = await ledger.missing(role, client.acknowledged);
    missing.push(...gone.map(({ voter }) => voter));
    duplicates = Math.max(duplicates, await ledger.surplus(role, client.written));
  }
  // Held by one Region alone it is a difference, and told as one; lost is what neither has.
  const lost = missing.length - new Set(missing).size;
  return { lost, duplicates, driftAfter };
};

export const play = async (drive: Drive): Promise<Played> => {
  const { world, scenario } = drive;
  const ledger = new Ledger(world.pair);
  const begun = await begin(drive);
  const moved = await failAndMove(drive, ledger);
  await drive.slot(scenario.answersOperator === true ? 'after the move' : 'the Region is out');
  await scenario.afterFailover?.(drive);
  const { sideEffects, alarms } = await returned(drive, ledger);
  const back = await failback(drive);
  await drive.slot('after the failback');
  await untilEnoughReads(drive);
  const settled = await settle(drive, ledger);
  const endedAt = world.timeline.mark('drill', 'ends: both Regions are well');
  const problems = [...world.pair.troubles];
  return { ...begun, ...moved, ...settled, failback: back, sideEffects, alarms, endedAt, problems };
};
