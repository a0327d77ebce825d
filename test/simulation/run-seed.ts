/**
 * One seed: a world, its plan, then healing, and the final checks. The same seed, profile and plan give the same events, the
 * same outcome and the same fingerprint, on every machine.
 */
import { isSettledGate, proposeActive } from './adversary/last-flip.ts';
import { type Action, planOf, profileOf, type ProfileName, settingOf } from './adversary/plan.ts';
import { Stage } from './adversary/stage.ts';
import { startDrain } from './functions/drain-function.ts';
import { startRepair } from './functions/repair-function.ts';
import { startFlip } from './functions/operator.ts';
import { CycleChecks } from './invariants/cycle-checks.ts';
import {
  type Checks,
  finalDefect,
  missingInSurvivor,
  owesSomething,
  unexplainedDifference,
} from './invariants/final-checks.ts';
import { GateChecks } from './invariants/gate-checks.ts';
import { Ledger } from './invariants/ledger.ts';
import { PeerStateChecks } from './invariants/peer-state-checks.ts';
import { QueryChecks } from './invariants/query-checks.ts';
import { RecordChecks } from './invariants/record-checks.ts';
import { VectorChecks } from './invariants/vector-checks.ts';
import { WriteChecks } from './invariants/write-checks.ts';
import { START_MS, type Violation, World } from './world/world.ts';

export interface SeedOptions {
  readonly seed: number;
  readonly profile?: ProfileName | undefined;
  readonly actions?: readonly Action[];
  readonly isHistoryKept?: boolean;
}

export interface SeedResult {
  readonly seed: number;
  readonly profile: ProfileName;
  readonly violation: Violation | undefined;
  readonly acknowledgedCycles: number;
  /** Committed in a declared outage of the peer, and owed. */
  readonly deferredCycles: number;
  readonly acknowledgedWrites: number;
  readonly events: number;
  readonly fingerprint: number;
  readonly actions: readonly Action[];
  readonly history: readonly string[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROUND_MS = 17 * MINUTE;
/** Beyond a message's visibility time-out and two cycles after it. */
const ROUNDS_MAX = 24;
const ROUNDS_MIN = 3;
const DAY_ROUNDS = 3;

const watch = (world: World): Checks => {
  const ledger = new Ledger(world);
  const cycles = new CycleChecks(world, ledger);
  const writes = new WriteChecks(world, ledger);
  // The ledger first: the others ask it about the change that they see.
  world.watchers.push(
    ledger,
    new RecordChecks(world, ledger),
    new VectorChecks(world, ledger),
    cycles,
    new GateChecks(world),
    new QueryChecks(world),
    writes,
  );
  const checks = { world, ledger, cycles, writes };
  world.watchers.push(new PeerStateChecks(checks));
  return checks;
};

const begin = (world: World): void => {
  const epoch = Math.floor((START_MS - Date.UTC(2025, 0, 1)) / MINUTE) - 1000;
  for (const [side, region] of world.regions.entries()) {
    const document = { is_active_for_scheduled_work: side === 0, peer_writes: 'required', epoch };
    region.appConfig.deploy(JSON.stringify({ ...document, changed_at: '', changed_by: 'start', reason: '' }), 0);
  }
};

const checkBetween = (checks: Checks): void => {
  const defect = unexplainedDifference(checks) ?? missingInSurvivor(checks);
  if (defect !== undefined) {
    checks.world.violate(defect.invariant, defect.what);
  }
};

const heal = async (stage: Stage, seed: number): Promise<void> => {
  const { world } = stage;
  stage.calmDown();
  const random = world.random('heal');
  world.note(() => '--- everything heals');
  world.network.heal(MINUTE, () => random.between(0, MINUTE));
  for (const region of world.regions) {
    region.darkUntilMs = 0;
    region.appConfig.staleUntilMs = 0;
  }
  await world.kernel.runUntil(world.kernel.nowMs + 2 * MINUTE);
  // Where the gates agree on one active Region, half of the seeds go on as they are: a new epoch would mend too much.
  if (!isSettledGate(world) || seed % 8 < 4) {
    const flip = { active: proposeActive(world, random), deferred: false, style: 'proper', lagMs: [0, 0] } as const;
    startFlip(world, { name: 'flip/last', flip });
    await world.kernel.runUntil(world.kernel.nowMs + MINUTE);
  }
};

const round = async (stage: Stage, name: string, repairs: boolean): Promise<void> => {
  const { world } = stage;
  for (const region of world.regions) {
    stage.tick(region, `tick/${name}/${region.name}`, `tick-${name}`);
    // A drain with nothing to do asks 48 times for nothing: it is left out where the simulation knows that.
    if (owesSomething(region)) {
      startDrain(world, { name: `drain/${region.name}/${name}`, region: region.name });
    }
    if (repairs) {
      startRepair(world, { name: `repair/${region.name}/${name}`, region: region.name });
    }
  }
  await world.kernel.runUntil(world.kernel.nowMs + ROUND_MS);
};

const isIdle = (stage: Stage): boolean =>
  stage.world.isQuiet && [...stage.queues.values()].every((queue) => queue.isEmpty);

/** Lets schedules run until nothing is left to do, then asks whether all is as it has to be. */
const settle = async (stage: Stage, checks: Checks): Promise<void> => {
  const { world } = stage;
  // Most seeds heal by cycles and drains alone: a repair would mend what those have to mend themselves.
  const repairs = world.random('repairs').chance(0.3);
  let defect = finalDefect(checks);
  for (let at = 0; at < ROUNDS_MAX && !world.kernel.isStopped; at += 1) {
    await round(stage, `end-${at}`, repairs);
    defect = finalDefect(checks);
    if (at + 1 >= ROUNDS_MIN && defect === undefined && isIdle(stage)) {
      return;
    }
  }
  // What a superseded run wrote late is seen by the daily comparison only.
  if (checks.ledger.hasLateStray()) {
    await world.kernel.runUntil(world.kernel.nowMs + 24 * HOUR);
    for (let at = 0; at < DAY_ROUNDS && !world.kernel.isStopped; at += 1) {
      await round(stage, `day-${at}`, repairs);
    }
    defect = finalDefect(checks);
  }
  if (defect !== undefined) {
    world.violate(defect.invariant, defect.what);
  } else if (!isIdle(stage)) {
    world.violate('liveness', 'something still runs, or waits in a queue');
  }
};

export const runSeed = async (options: SeedOptions): Promise<SeedResult> => {
  const { seed } = options;
  const profile = options.profile ?? profileOf(seed);
  const setting = settingOf(seed, profile);
  const actions = options.actions ?? planOf(seed, profile);
  const world = new World({
    seed: `${profile}/${seed}`,
    sources: Array.from({ length: setting.sources }, (_, at) => `source-${at}`),
    skewMaxMs: setting.skewMaxMs,
    pageItemsMax: setting.pageItemsMax,
    isHistoryKept: options.isHistoryKept ?? false,
  });
  const checks = watch(world);
  begin(world);
  const stage = new Stage(world);
  stage.play(actions);
  const lastMs = START_MS + (actions.at(-1)?.atMs ?? 0);
  for (const part of [0.25, 0.5, 0.75, 1]) {
    await world.kernel.runUntil(START_MS + (lastMs - START_MS) * part);
    checkBetween(checks);
  }
  if (!world.kernel.isStopped) {
    await heal(stage, seed);
    await settle(stage, checks);
  }
  return {
    seed,
    profile,
    violation: world.violation,
    acknowledgedCycles: checks.cycles.acknowledged,
    deferredCycles: checks.cycles.deferred,
    acknowledgedWrites: checks.writes.answered.length + checks.cycles.acknowledgedRecords,
    events: world.kernel.events,
    fingerprint: world.kernel.fingerprint,
    actions,
    history: world.history,
  };
};
