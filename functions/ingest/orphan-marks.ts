/** Marks of orphan vectors, local to the Region that sweeps: which key, and when it was first seen in no record. */
import { DONE, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { LOCAL_PREFIX, type RecordKey } from '../domain/record.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';

export interface OrphanMark {
  readonly vector: string;
  /** In ms since 1970. */
  readonly firstSeenAt: number;
}

const markKey = (sourceId: string, vector: string): RecordKey => ({
  pk: `${LOCAL_PREFIX}orphans#${sourceId}`,
  sk: vector,
});

export const readMarks = async (records: RecordStore, sourceId: string): Promise<Result<readonly OrphanMark[]>> => {
  const items = await readAllPages((after) => records.queryLocal(markKey(sourceId, '').pk, pageAfter(after)));
  return items.kind === 'failed'
    ? items
    : { kind: 'done', value: items.value.map(({ sk, order }) => ({ vector: sk, firstSeenAt: -order })) };
};

const each = async <T>(items: readonly T[], act: (item: T) => Promise<Result<unknown>>): Promise<Result<void>> => {
  for (const batch of batchesOf(items, LIMITS.recordWritesInFlightMax)) {
    const outcomes = await Promise.all(batch.map(async (item) => act(item)));
    const failed = outcomes.find((outcome) => outcome.kind === 'failed');
    if (failed !== undefined) {
      return failed;
    }
  }
  return DONE;
};

/** The earlier a sight, the higher its order: a later one never replaces the first. */
export const putMarks = async (
  records: RecordStore,
  sourceId: string,
  vectors: readonly string[],
  nowMs: number,
): Promise<Result<void>> =>
  each(vectors, async (vector) => records.putLocal({ ...markKey(sourceId, vector), order: -nowMs, data: '' }));

export const deleteMarks = async (
  records: RecordStore,
  sourceId: string,
  marks: readonly OrphanMark[],
): Promise<Result<void>> =>
  each(marks, async ({ vector, firstSeenAt }) => records.deleteLocal(markKey(sourceId, vector), -firstSeenAt));
