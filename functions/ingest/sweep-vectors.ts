/**
 * The sweep of orphan vectors (DESIGN §3.7): keys that no document record of either Region lists. It runs in the source's FIFO
 * group behind an acknowledged cycle, marks what it finds, and deletes it a day later where strong reads of both Regions'
 * records still don't list it. It takes no claim: only the run that put a vector, or a copy of that run's record, can ever list
 * it, and no run is resumed for so long (`runAgeMaxMs`). That both Regions still show this Region's own finished cycle, read
 * again before each delete, keeps it out of the way of whoever took the source over.
 */
import { documentKey, parseDocumentPayload, sourceKey } from '../domain/corpus.ts';
import { DONE, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { Side } from '../domain/region.ts';
import { fenceOfVersion, parseFence } from '../domain/version.ts';
import type { RegionPair, RegionStores } from '../dual-write/regions.ts';
import type { SourceState } from '../stores/record-store.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import type { SyncQueue } from '../stores/sync-queue.ts';
import { documentOf, orphansIn } from './find-orphans.ts';
import { isLive, judgeByAll } from './held.ts';
import { type KnownDocument, listDocuments } from './listing.ts';
import { deleteMarks, type OrphanMark, putMarks, readMarks } from './orphan-marks.ts';
import { sweepMessage } from './sync-message.ts';

export interface SweepDependencies {
  readonly sourceId: string;
  readonly regions: RegionPair;
  /** The epoch in force. */
  readonly epoch: number;
  readonly queue: SyncQueue;
  /** A new ULID. */
  readonly newOp: () => string;
  readonly now: () => number;
  /** Time left in this invocation, in ms. */
  readonly remainingMs: () => number;
}

export type SweepStep = 'source' | 'marks' | 'documents' | 'vectors' | 'delete' | 'handover';

export interface SweepCounts {
  readonly marked: number;
  readonly deleted: number;
  /** Marks of vectors that a record lists after all. */
  readonly cleared: number;
}

export type SweepOutcome =
  | ({ readonly kind: 'swept' } & SweepCounts)
  /** Time was nearly up: the rest of the listing is on the queue. */
  | ({ readonly kind: 'paused'; readonly segment: number } & SweepCounts)
  /** A cycle is unfinished, or another Region or epoch has the source: nothing is swept. */
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'failed'; readonly step: SweepStep; readonly side: Side; readonly failure: Failure };

type SweepFailure = Extract<SweepOutcome, { kind: 'failed' | 'not-ours' }>;

const failedAt = (step: SweepStep, side: Side, failure: Failure): SweepFailure => ({
  kind: 'failed',
  step,
  side,
  failure,
});

const sidesOf = ({ home, peer }: RegionPair): readonly (readonly [Side, RegionStores])[] =>
  // The peer first, as everywhere.
  peer === undefined || isMutant('one-sided-sweep')
    ? [['home', home]]
    : [
        ['peer', peer],
        ['home', home],
      ];

const judgedRegions = (regions: RegionPair): RegionPair =>
  isMutant('one-sided-sweep') ? { home: regions.home } : regions;

/** Reads from every declared Region at once; half an answer is none. */
const readAll = async <T>(
  { regions }: SweepDependencies,
  step: SweepStep,
  read: (stores: RegionStores) => Promise<Result<T>>,
): Promise<{ readonly kind: 'read'; readonly values: readonly T[] } | SweepFailure> => {
  const sides = sidesOf(regions);
  const results = await Promise.all(sides.map(async ([, stores]) => read(stores)));
  const values: T[] = [];
  for (const [at, result] of results.entries()) {
    if (result.kind === 'failed') {
      return failedAt(step, sides[at]?.[0] ?? 'home', result.failure);
    }
    values.push(result.value);
  }
  return { kind: 'read', values };
};

const isFinished = ({ f, record }: SourceState, { epoch, regions }: SweepDependencies): boolean => {
  const fence = parseFence(f ?? '');
  return (
    record !== undefined &&
    fenceOfVersion(record.v) === f &&
    fence?.epoch === epoch &&
    fence.region === regions.home.region
  );
};

/** Every Region shows the same finished cycle of this Region under this epoch. */
const refusalOf = async (dependencies: SweepDependencies): Promise<SweepFailure | undefined> => {
  const key = sourceKey(dependencies.sourceId);
  const states = await readAll(dependencies, 'source', async ({ tables }) => tables.graph.readSource(key));
  if (states.kind !== 'read') {
    return states;
  }
  const versions = new Set(states.values.map(({ record }) => record?.v));
  return versions.size === 1 && states.values.every((state) => isFinished(state, dependencies))
    ? undefined
    : { kind: 'not-ours' };
};

/** What the records of these vectors' documents say now, in every Region: listed, or in doubt because one can't be read. */
const readListed = async (
  dependencies: SweepDependencies,
  marks: readonly OrphanMark[],
): Promise<{ readonly kind: 'read'; readonly keeps: (vector: string) => boolean } | SweepFailure> => {
  const ids = [...new Set(marks.map(({ vector }) => documentOf(vector)))];
  const keys = ids.map((id) => documentKey(dependencies.sourceId, id));
  const read = await readAll(dependencies, 'documents', async ({ tables }) => tables.graph.getMany(keys));
  if (read.kind !== 'read') {
    return read;
  }
  const listed = new Set<string>();
  const doubtful = new Set<string>();
  for (const record of read.values.flat().filter((one) => isLive(one))) {
    const payload = parseDocumentPayload(record.data);
    for (const { k } of payload?.chunks ?? []) {
      listed.add(k);
    }
    if (payload === undefined) {
      doubtful.add(record.sk);
    }
  }
  const isDoubtful = (vector: string): boolean =>
    doubtful.has(documentKey(dependencies.sourceId, documentOf(vector)).sk);
  return { kind: 'read', keeps: (vector) => listed.has(vector) || isDoubtful(vector) };
};

/** In both Regions' indexes, one after the other: a failure leaves the mark, and the next sweep deletes again. */
const deleteVectors = async (
  dependencies: SweepDependencies,
  vectors: readonly string[],
): Promise<SweepFailure | undefined> => {
  const refused = await refusalOf(dependencies);
  if (refused !== undefined) {
    return refused;
  }
  for (const [side, stores] of sidesOf(dependencies.regions)) {
    const deleted = await stores.vectors.delete(vectors);
    if (deleted.kind === 'failed') {
      return failedAt('delete', side, deleted.failure);
    }
  }
  return undefined;
};

interface Tally {
  marked: number;
  deleted: number;
  cleared: number;
}

/** Ends the marks that are old enough: of what is listed after all the mark goes, of the rest the vector too. */
const sweepDue = async (
  dependencies: SweepDependencies,
  due: readonly OrphanMark[],
  tally: Tally,
): Promise<SweepFailure | undefined> => {
  const { sourceId, regions, remainingMs } = dependencies;
  for (const batch of batchesOf(due, LIMITS.orphanBatchItemsMax)) {
    if (remainingMs() < LIMITS.handoverMarginMs) {
      return undefined;
    }
    const listed = await readListed(dependencies, batch);
    if (listed.kind !== 'read') {
      return listed;
    }
    const orphans = batch.filter(({ vector }) => !listed.keeps(vector));
    const refused =
      orphans.length === 0
        ? undefined
        : await deleteVectors(
            dependencies,
            orphans.map(({ vector }) => vector),
          );
    if (refused !== undefined) {
      return refused;
    }
    const ended = await deleteMarks(regions.home.tables.graph, sourceId, batch);
    if (ended.kind === 'failed') {
      return failedAt('marks', 'home', ended.failure);
    }
    tally.deleted += orphans.length;
    tally.cleared += batch.length - orphans.length;
  }
  return undefined;
};

/** Marks the orphans of one segment of both indexes. */
const markSegment = async (
  dependencies: SweepDependencies,
  segment: number,
  documents: ReadonlyMap<string, KnownDocument>,
  marked: Set<string>,
): Promise<SweepFailure | undefined> => {
  const { sourceId, regions, now } = dependencies;
  const found = await readAll(dependencies, 'vectors', async (stores) =>
    orphansIn(stores.vectors, sourceId, segment, documents),
  );
  if (found.kind !== 'read') {
    return found;
  }
  const fresh = [...new Set(found.values.flat())]
    .filter((vector) => !marked.has(vector))
    .slice(0, Math.max(0, LIMITS.orphanMarksMax - marked.size));
  const put = fresh.length === 0 ? DONE : await putMarks(regions.home.tables.graph, sourceId, fresh, now());
  if (put.kind === 'failed') {
    return failedAt('marks', 'home', put.failure);
  }
  for (const vector of fresh) {
    marked.add(vector);
  }
  return undefined;
};

const pause = async (
  { sourceId, queue, newOp }: SweepDependencies,
  segment: number,
  counts: SweepCounts,
): Promise<SweepOutcome> => {
  const sent = await queue.send({
    group: sourceId,
    dedupe: `sweep/${sourceId}/${newOp()}`,
    body: sweepMessage(sourceId, segment),
  });
  return sent.kind === 'failed' ? failedAt('handover', 'home', sent.failure) : { kind: 'paused', segment, ...counts };
};

const markAll = async (
  dependencies: SweepDependencies,
  fromSegment: number,
  marks: readonly OrphanMark[],
  tally: Tally,
): Promise<SweepOutcome> => {
  const listed = await listDocuments(judgeByAll(judgedRegions(dependencies.regions)), dependencies.sourceId);
  if (listed.kind === 'failed') {
    return failedAt('documents', listed.side, listed.failure);
  }
  const marked = new Set(marks.map(({ vector }) => vector));
  for (let segment = fromSegment; segment < LIMITS.sweepSegmentsMax; segment += 1) {
    if (dependencies.remainingMs() < LIMITS.handoverMarginMs) {
      return pause(dependencies, segment, { ...tally, marked: marked.size - marks.length });
    }
    const failed = await markSegment(dependencies, segment, listed.documents, marked);
    if (failed !== undefined) {
      return failed;
    }
  }
  return { kind: 'swept', ...tally, marked: marked.size - marks.length };
};

/** One sweep of one source, from one segment of the listing on. Every step may be repeated. */
export const sweepVectors = async (dependencies: SweepDependencies, fromSegment: number): Promise<SweepOutcome> => {
  const { sourceId, regions, now } = dependencies;
  const refused = await refusalOf(dependencies);
  if (refused !== undefined) {
    return refused;
  }
  const marks = await readMarks(regions.home.tables.graph, sourceId);
  if (marks.kind === 'failed') {
    return failedAt('marks', 'home', marks.failure);
  }
  const tally: Tally = { marked: 0, deleted: 0, cleared: 0 };
  const due = marks.value.filter(
    ({ firstSeenAt }) => isMutant('sweep-at-once') || now() - firstSeenAt >= LIMITS.orphanAgeMs,
  );
  return (await sweepDue(dependencies, due, tally)) ?? markAll(dependencies, fromSegment, marks.value, tally);
};
