/**
 * Sends one record from the Region that holds it to the other one, by merge-max: what drain, settling, catch-up and repair
 * are made of. A document goes after its vectors, byte for byte and never embedded again; one whose vectors are not all
 * there is not sent. A source record is merged into the other Region's without touching its fence.
 */
import { documentPrefix, parseDocumentPayload, SOURCES_PARTITION } from '../domain/corpus.ts';
import { DONE, done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { RecordKey, ReplicatedRecord, TableName } from '../domain/record.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import type { PutOutcome, StoredRecord } from '../stores/record-store.ts';

export interface Direction {
  readonly from: RegionStores;
  readonly to: RegionStores;
}

export type TransferOutcome =
  /** The other Region holds this very version. */
  | { readonly kind: 'sent'; readonly v: string }
  /** It holds a newer one. */
  | { readonly kind: 'superseded'; readonly v: string }
  /** There is nothing under the key any more. */
  | { readonly kind: 'absent' }
  /** The document lists a vector that its own Region lacks: sending it would give a reader a list of nothing. */
  | { readonly kind: 'incomplete'; readonly v: string; readonly vector: string }
  | { readonly kind: 'failed'; readonly at: 'from' | 'to'; readonly failure: Failure };

export const isSourceKey = ({ pk }: RecordKey): boolean => pk === SOURCES_PARTITION;

/** Without what is local to the Region that it was read from. */
const replicated = (record: StoredRecord): ReplicatedRecord => {
  const { owed: _owed, f: _f, receivedAt: _receivedAt, ...rest } = record;
  return rest;
};

const listedBy = (record: StoredRecord | undefined): readonly string[] =>
  record === undefined || record.del === true || !record.sk.startsWith(documentPrefix)
    ? []
    : (parseDocumentPayload(record.data)?.chunks.map(({ k }) => k) ?? []);

type VectorCopy =
  | { readonly kind: 'copied' }
  | { readonly kind: 'missing'; readonly vector: string }
  | Extract<TransferOutcome, { kind: 'failed' }>;

const failedAt = (at: 'from' | 'to', failure: Failure): Extract<TransferOutcome, { kind: 'failed' }> => ({
  kind: 'failed',
  at,
  failure,
});

/** Copies what the other Region's own record does not list: only its own record says what it surely holds. */
const copyVectors = async ({ from, to }: Direction, record: StoredRecord): Promise<VectorCopy> => {
  const listed = listedBy(record);
  if (listed.length === 0) {
    return { kind: 'copied' };
  }
  const held = await to.tables.graph.get(record);
  if (held.kind === 'failed') {
    return failedAt('to', held.failure);
  }
  const known = new Set(listedBy(held.value));
  const wanted = [...new Set(listed)].filter((key) => !known.has(key));
  if (wanted.length === 0) {
    return { kind: 'copied' };
  }
  const vectors = await from.vectors.get(wanted);
  if (vectors.kind === 'failed') {
    return failedAt('from', vectors.failure);
  }
  const found = new Set(vectors.value.map(({ key }) => key));
  const missing = wanted.find((key) => !found.has(key));
  if (missing !== undefined) {
    return { kind: 'missing', vector: missing };
  }
  const put = await to.vectors.put(vectors.value);
  return put.kind === 'failed' ? failedAt('to', put.failure) : { kind: 'copied' };
};

const outcomeOf = (outcome: PutOutcome, v: string): TransferOutcome => {
  switch (outcome.kind) {
    case 'written': {
      return { kind: 'sent', v };
    }
    case 'superseded': {
      return { kind: 'superseded', v };
    }
    case 'failed': {
      return failedAt('to', outcome.failure);
    }
  }
};

/** Sends a record as it was read. For a source record the caller has proven that nothing else of the source is owed. */
export const sendRecord = async (
  direction: Direction,
  table: TableName,
  record: StoredRecord,
): Promise<TransferOutcome> => {
  const target = direction.to.tables[table];
  if (isSourceKey(record)) {
    const merged = isMutant('source-by-put')
      ? await target.put(replicated(record))
      : await target.mergeSource(replicated(record));
    return outcomeOf(merged, record.v);
  }
  const copied: VectorCopy = isMutant('drain-without-vectors')
    ? { kind: 'copied' }
    : await copyVectors(direction, record);
  switch (copied.kind) {
    case 'copied': {
      return outcomeOf(await target.put(replicated(record)), record.v);
    }
    case 'missing': {
      return { kind: 'incomplete', v: record.v, vector: copied.vector };
    }
    case 'failed': {
      return copied;
    }
  }
};

const readAt = async (
  { from }: Direction,
  table: TableName,
  key: RecordKey,
): Promise<Result<StoredRecord | undefined>> => from.tables[table].get(key);

/**
 * Reads a record strongly and sends it. Where a listed vector is gone, the document was replaced in the meantime: it is
 * read again, and given up as incomplete only when the same version still lists what is not there.
 */
export const transferRecord = async (
  direction: Direction,
  table: TableName,
  key: RecordKey,
): Promise<TransferOutcome> => {
  let incomplete: Extract<TransferOutcome, { kind: 'incomplete' }> | undefined;
  for (let attempt = 0; attempt < LIMITS.transferAttemptsMax; attempt += 1) {
    const read = await readAt(direction, table, key);
    if (read.kind === 'failed') {
      return failedAt('from', read.failure);
    }
    if (read.value === undefined) {
      return { kind: 'absent' };
    }
    if (incomplete?.v === read.value.v) {
      return incomplete;
    }
    const outcome = await sendRecord(direction, table, read.value);
    if (outcome.kind !== 'incomplete') {
      return outcome;
    }
    incomplete = outcome;
  }
  return incomplete ?? { kind: 'absent' };
};

/** Ends the debt of a version that the other Region holds, or holds something newer than. */
export const settleDebt = async (
  { from }: Direction,
  table: TableName,
  key: RecordKey,
  outcome: TransferOutcome,
): Promise<Result<void>> => {
  if (outcome.kind !== 'sent' && outcome.kind !== 'superseded') {
    return DONE;
  }
  const cleared = await from.tables[table].clearOwed(key, outcome.v);
  return cleared.kind === 'failed' ? cleared : done(undefined);
};
