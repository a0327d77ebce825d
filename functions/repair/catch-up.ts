/**
 * One step of bringing two Regions together again (DESIGN §4): what is owed is drained first; then they compare; then what
 * differs is repaired in both directions. Every step is bounded by the time of its run, may be paused between two batches, and
 * goes on where it was, because whatever was sent is no difference any more.
 */
import { done, type Failure, type Result } from '../domain/failure.ts';
import { readSide, type SideView, type SlotVerdict } from './comparison-items.ts';
import { drainOwed } from './drain.ts';
import { type OwedDebt, readOwedDebt } from './owed-debt.ts';
import type { PaceTime } from './paced-vectors.ts';
import type { ComparedRegions } from './peer-compare.ts';
import type { PeerState } from './peer-state.ts';
import { repairDifferences, type RepairReport } from './repair-differences.ts';
import { isRepairPaused, type Kept, keepProgress, type CatchUpProgress, readProgress } from './repair-items.ts';
import { type Reporting, reportDebt, reportRepair, reportVerdict } from './repair-report.ts';
import { type ComparisonOutcome, runComparison } from './run-comparison.ts';

export interface CatchUpInput extends PaceTime {
  readonly regions: ComparedRegions;
  readonly reporting: Reporting;
  readonly deadlineMs: number;
  readonly state: PeerState;
}

/** What one step has seen: everything that the peer's state is decided from. */
export interface CatchUpStep {
  readonly reachable: boolean;
  /** Why the peer could not be read. */
  readonly failure?: Failure;
  readonly owed: OwedDebt | undefined;
  readonly paused: boolean;
  readonly verdict: SlotVerdict | undefined;
  readonly comparison: ComparisonOutcome['kind'] | 'failed' | 'none';
  readonly repair?: RepairReport;
}

const readDebt = async ({ regions, reporting, now }: CatchUpInput): Promise<OwedDebt | undefined> => {
  const debt = await readOwedDebt(regions.home, regions.peer.region, now());
  if (debt.kind === 'failed') {
    return undefined;
  }
  reportDebt(reporting, debt.value);
  return debt.value;
};

/** Sends what this Region owes; answers with how much. */
const drain = async (input: CatchUpInput, owed: OwedDebt | undefined): Promise<number> => {
  if (owed?.count === 0) {
    return 0;
  }
  const { regions, now, sleep, deadlineMs, reporting } = input;
  const direction = { from: regions.home, to: regions.peer };
  const report = await drainOwed({ direction, telemetry: reporting.telemetry, now, sleep, deadlineMs });
  return report.sent + report.superseded;
};

const compare = async (
  input: CatchUpInput,
  peer: SideView,
  isUrgent: boolean,
): Promise<ComparisonOutcome | undefined> => {
  const { regions, reporting, now } = input;
  const compared = await runComparison({ regions, now, peer, isUrgent });
  if (compared.kind === 'failed') {
    const { reason, code, message } = compared.failure;
    reporting.telemetry.log('warn', 'proof.not-compared', { reason, code, message });
    return undefined;
  }
  const outcome = compared.value;
  if (outcome.kind === 'settled' && outcome.isOwn) {
    await reportVerdict(reporting, outcome.verdict, outcome.comparison?.differences ?? []);
  }
  return outcome;
};

const repair = async (
  input: CatchUpInput,
  outcome: ComparisonOutcome | undefined,
): Promise<RepairReport | undefined> => {
  const differences = outcome?.kind === 'settled' ? (outcome.comparison?.differences ?? []) : [];
  if (differences.every(({ standing }) => standing === 'owed')) {
    return undefined;
  }
  const { regions, reporting, now, sleep, deadlineMs } = input;
  const isPaused = async (): Promise<boolean> => {
    const paused = await isRepairPaused(regions.home);
    return paused.kind === 'done' && paused.value;
  };
  const report = await repairDifferences({ regions, now, sleep, deadlineMs, isPaused }, differences);
  await reportRepair(reporting, report);
  return report;
};

/** The newest verdict of this Region, from this run or an earlier one. */
const newestVerdict = async (
  { regions }: CatchUpInput,
  outcome: ComparisonOutcome | undefined,
): Promise<SlotVerdict | undefined> => {
  if (outcome?.kind === 'settled') {
    return outcome.verdict;
  }
  const side = await readSide(regions.home);
  return side.kind === 'done' ? side.value.verdict : undefined;
};

const NOTHING: Omit<CatchUpProgress, 'since'> = { drained: 0, sent: 0, mended: 0, waiting: 0, runs: 0 };

/** Adds to what this catch-up has done; a new one begins at nothing. */
const addProgress = async (
  { regions, state }: CatchUpInput,
  drained: number,
  report: RepairReport | undefined,
): Promise<Result<unknown>> => {
  if (state.name === 'in-sync' && drained === 0 && report === undefined) {
    return done(undefined);
  }
  const read = await readProgress(regions.home);
  if (read.kind === 'failed') {
    return read;
  }
  const before: Kept<CatchUpProgress> | undefined = read.value;
  const so = before?.value.since === state.since ? before.value : NOTHING;
  return keepProgress(
    regions.home,
    {
      since: state.since,
      drained: so.drained + drained,
      sent: so.sent + (report?.sent ?? 0),
      mended: so.mended + (report?.mended ?? 0),
      waiting: report?.waiting ?? 0,
      runs: so.runs + 1,
    },
    before,
  );
};

/** Drains, compares and repairs as far as the time of this run goes. */
export const catchUpStep = async (input: CatchUpInput): Promise<CatchUpStep> => {
  const { regions, reporting, state } = input;
  const peer = await readSide(regions.peer);
  const before = await readDebt(input);
  const pause = await isRepairPaused(regions.home);
  const paused = pause.kind === 'done' && pause.value;
  if (peer.kind === 'failed') {
    const { failure } = peer;
    reporting.telemetry.log('warn', 'peer.not-read', { peer: regions.peer.region, reason: failure.reason });
    return { reachable: false, failure, owed: before, paused, verdict: undefined, comparison: 'none' };
  }
  const drained = paused ? 0 : await drain(input, before);
  const owed = drained === 0 ? before : await readDebt(input);
  // What is owed is drained first: until then a comparison would only name it.
  const isUrgent = state.name !== 'in-sync' && owed?.count === 0;
  const outcome = await compare(input, peer.value, isUrgent);
  const report = paused ? undefined : await repair(input, outcome);
  const progress = await addProgress(input, drained, report);
  if (progress.kind === 'failed') {
    reporting.telemetry.log('warn', 'repair.progress-not-kept', { reason: progress.failure.reason });
  }
  return {
    reachable: true,
    owed,
    paused,
    verdict: await newestVerdict(input, outcome),
    comparison: outcome?.kind ?? 'failed',
    ...(report === undefined ? {} : { repair: report }),
  };
};
