/**
 * The end of a cycle: prove that nothing is owed, then commit the source record, peer first. In a declared outage of the peer it
 * commits at home, owed, and reads how much is owed by then: that is the RPO, and nothing else is.
 */
import type { Cursor } from '../connectors/connector.ts';
import { type HeldDeletions, sourceKey, type SourcePayload } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RegionName } from '../domain/region.ts';
import { displayUrl } from '../domain/source-definition.ts';
import { failureOf } from '../dual-write/outcome.ts';
import { readOwedDebt } from '../repair/owed-debt.ts';
import { makeRecord } from '../stores/envelope.ts';
import type { FullReason, ModeName } from './cycle-mode.ts';
import { type CycleDependencies, type CycleOutcome, type CycleReport, stopAt } from './cycle-types.ts';
import { definitionName } from './definition-name.ts';
import { derivedName } from './derive/derivation.ts';
import { indexName } from './index-name.ts';
import type { RunningCycle } from './running-cycle.ts';
import { proveSettled } from './settle.ts';

const isFull = (mode: ModeName): mode is FullReason => mode !== 'unchanged' && mode !== 'incremental';

/** Modes in which an invocation of an earlier run may still be writing under its lower fence. */
const OVERLAPPED: ReadonlySet<FullReason> = new Set([
  'new-epoch-or-region',
  'unfinished-run',
  'commits-differ',
  'owed-records',
]);

/**
 * When this comparison counts from. Record puts are not fenced, so a run that was fenced may still put what this one has
 * judged; no invocation outlives its time-out, so another full cycle is due as soon as that has passed.
 */
const fullAt = (mode: FullReason, nowMs: number, uncompared: string | undefined): number => {
  if (uncompared !== undefined) {
    return nowMs - LIMITS.fullCycleIntervalMs + LIMITS.uncomparedRetryMs;
  }
  return OVERLAPPED.has(mode) ? nowMs - LIMITS.fullCycleIntervalMs + LIMITS.overlapMs : nowMs;
};

/** How far the origin was read, and what of it waits for a person. */
export interface ReadOrigin {
  readonly snapshot: string;
  readonly cursor: Cursor | null;
  readonly held: HeldDeletions | undefined;
  /** Why a comparison was left out. */
  readonly uncompared: string | undefined;
}

const sourcePayload = (
  { dependencies, begun, since, tally }: RunningCycle,
  mode: ModeName,
  { snapshot, cursor, held, uncompared }: ReadOrigin,
): SourcePayload => {
  const { source, writer, epoch, now } = dependencies;
  const finishedAt = now();
  const derived = derivedName(dependencies.derivations);
  const failures = tally.failures.payload();
  return {
    id: source.id,
    kind: source.kind,
    name: source.name,
    url: displayUrl(source),
    snapshot,
    cursor,
    counts: tally.counts,
    lastFullAt: isFull(mode) ? fullAt(mode, finishedAt, uncompared) : (begun.committed?.lastFullAt ?? 0),
    index: indexName(dependencies),
    ...(derived === undefined ? {} : { derived }),
    definition: definitionName(source),
    ...(failures === undefined ? {} : { failures }),
    ...(uncompared === undefined ? {} : { uncompared }),
    ...(since === undefined ? {} : { deferred: { since } }),
    ...(held === undefined ? {} : { held }),
    cycle: {
      op: begun.op,
      epoch,
      region: writer.regions.home.region,
      finishedAt,
      changed: tally.changed,
      deleted: tally.deleted,
    },
  };
};

const deferredOutcome = async (
  { writer, now }: CycleDependencies,
  owed: RegionName,
  mode: ModeName,
  report: CycleReport,
): Promise<CycleOutcome> => {
  const debt = await readOwedDebt(writer.regions.home, owed, now());
  return { kind: 'deferred', mode, report, ...(debt.kind === 'done' ? { rpo: debt.value } : {}) };
};

export const commitCycle = async (running: RunningCycle, mode: ModeName, origin: ReadOrigin): Promise<CycleOutcome> => {
  const { dependencies, begun, versions, tally } = running;
  const { source, writer } = dependencies;
  // An incremental cycle has just found nothing owed; a comparison, or an earlier invocation, was a while ago.
  const owed = isFull(mode) || begun.resumed !== undefined ? await proveSettled(dependencies) : undefined;
  if (owed !== undefined) {
    return owed;
  }
  const payload = sourcePayload(running, mode, origin);
  const record = makeRecord(sourceKey(source.id), { v: versions.next(), op: begun.op }, payload);
  const refused = failureOf(await writer.commit(record, begun.fence));
  if (refused !== undefined) {
    return stopAt('commit', refused.side, refused.failure);
  }
  const report: CycleReport = {
    snapshot: origin.snapshot,
    changed: tally.changed,
    deleted: tally.deleted,
    counts: tally.counts,
    ...(origin.held === undefined ? {} : { held: origin.held }),
    ...(payload.failures === undefined ? {} : { failures: payload.failures.count }),
    ...(origin.uncompared === undefined ? {} : { uncompared: origin.uncompared }),
  };
  return writer.owed === undefined
    ? { kind: 'acknowledged', mode, report }
    : deferredOutcome(dependencies, writer.owed, mode, report);
};
