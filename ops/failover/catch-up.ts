/**
 * Brings two Regions together: what either owes is sent, what differs is repaired both ways, and both are proven again, until their
 * roots are equal. Each Region's own drain does the sending where its function answers; a laptop is slower, and the way on if not.
 */
import { randomUUID } from 'node:crypto';

import { done, type Result } from '../../functions/domain/failure.ts';
import { drainOwed } from '../../functions/repair/drain.ts';
import { readOwedDebt } from '../../functions/repair/owed-debt.ts';
import { repairDifferences } from '../../functions/repair/repair-differences.ts';
import { debtLeft } from './debt-left.ts';
import { type PairProof, provePair } from './prove.ts';
import { QUIET } from './quiet.ts';
import type { RegionAccess } from './region-access.ts';

export interface CatchUpOptions {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly deadlineMs: number;
  readonly say: (line: string) => void;
  /** False proves only. */
  readonly repair: boolean;
}

export interface CaughtUp {
  readonly proof: PairProof;
  readonly rounds: number;
  readonly sent: number;
  readonly repaired: number;
  readonly owed: number;
}

const ROUNDS_MAX = 6;
const REST_MS = 500;

/** In process, where the Region's own function does not do it. */
const drainHere = async (
  from: RegionAccess,
  to: RegionAccess,
  { now, sleep, deadlineMs }: CatchUpOptions,
): Promise<Result<number>> => {
  const direction = { from: from.stores, to: to.stores };
  const report = await drainOwed({ direction, telemetry: QUIET, now, sleep, deadlineMs });
  return report.failure === undefined ? done(report.sent) : { kind: 'failed', failure: report.failure.failure };
};

const drainOne = async (from: RegionAccess, to: RegionAccess, options: CatchUpOptions): Promise<Result<number>> => {
  const debt = await readOwedDebt(from.stores, to.region, options.now());
  if (debt.kind === 'failed' || debt.value.count === 0) {
    return debt.kind === 'failed' ? debt : done(0);
  }
  const invoked = await from.functions.invoke('drain', {});
  if (invoked.kind === 'failed') {
    return drainHere(from, to, options);
  }
  const left = await readOwedDebt(from.stores, to.region, options.now());
  if (left.kind === 'failed') {
    return left;
  }
  // Whatever the function left, for instance because its time was over.
  const rest = left.value.count === 0 ? done(0) : await drainHere(from, to, options);
  return rest.kind === 'failed' ? rest : done(Math.max(debt.value.count - left.value.count, 0) + rest.value);
};

const drainBoth = async (left: RegionAccess, right: RegionAccess, options: CatchUpOptions): Promise<Result<number>> => {
  let sent = 0;
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    const drained = await drainOne(from, to, options);
    if (drained.kind === 'failed') {
      return drained;
    }
    sent += drained.value;
  }
  return done(sent);
};

/** What either owes to the other, beside what is under way. */
const owedBetween = async (
  left: RegionAccess,
  right: RegionAccess,
  sleep: CatchUpOptions['sleep'],
): Promise<Result<number>> => {
  const [one, other] = await Promise.all([debtLeft(left, right, sleep), debtLeft(right, left, sleep)]);
  if (one.kind === 'failed') {
    return one;
  }
  return other.kind === 'failed' ? other : done(one.value + other.value);
};

export const catchUp = async (
  left: RegionAccess,
  right: RegionAccess,
  options: CatchUpOptions,
): Promise<Result<CaughtUp>> => {
  const { now, sleep, deadlineMs, say } = options;
  const total = { sent: 0, repaired: 0 };
  for (let round = 1; ; round += 1) {
    const drained: Result<number> = options.repair ? await drainBoth(left, right, options) : done(0);
    if (drained.kind === 'failed') {
      return drained;
    }
    total.sent += drained.value;
    const proven = await provePair(left, right, { proof: randomUUID(), at: now() });
    if (proven.kind === 'failed') {
      return proven;
    }
    const owed = await owedBetween(left, right, sleep);
    if (owed.kind === 'failed') {
      return owed;
    }
    const { equal, differences } = proven.value;
    const isOver = !options.repair || round >= ROUNDS_MAX || now() >= deadlineMs;
    if (equal || isOver) {
      return done({ proof: proven.value, rounds: round, owed: owed.value, ...total });
    }
    say(`    round ${round}: ${drained.value} records sent, ${differences.length} keys differ`);
    const report = await repairDifferences(
      { regions: { home: left.stores, peer: right.stores }, now, sleep, deadlineMs, isPaused: async () => false },
      differences,
    );
    if (report.failure !== undefined) {
      return { kind: 'failed', failure: report.failure.failure };
    }
    total.repaired += report.sent + report.mended;
    await sleep(REST_MS);
  }
};
