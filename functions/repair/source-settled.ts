/**
 * Sends a source record that differs and is not owed. It says "all of this is committed", so it goes last, and only after
 * strong reads of both Regions have proven that everything else of the source is there, and nothing of it is owed. It is sent
 * exactly as it was read before: what is written later belongs to a later commit.
 */
import { chunkPartitions, sourceDocumentsPartition } from '../domain/corpus.ts';
import { done, type Failure, type Result } from '../domain/failure.ts';
import type { RecordDigest, RecordKey } from '../domain/record.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import { isOutsideDigests } from './prove.ts';
import { type Direction, sendRecord, type TransferOutcome } from './transfer.ts';

const readPartition = async (stores: RegionStores, pk: string): Promise<Result<ReadonlyMap<string, RecordDigest>>> => {
  const read = await readAllPages((after) => stores.tables.graph.queryDigests(pk, pageAfter(after)));
  return read.kind === 'failed' ? read : done(new Map(read.value.map((digest) => [digest.sk, digest])));
};

const isHeld = (digest: RecordDigest, other: RecordDigest | undefined): boolean =>
  other !== undefined &&
  (other.v > digest.v || (other.v === digest.v && other.h === digest.h && other.del === digest.del));

export type SettledOutcome =
  | { readonly kind: 'settled' }
  | { readonly kind: 'waits' }
  | { readonly kind: 'failed'; readonly at: 'from' | 'to'; readonly failure: Failure };

/** Whether the other Region holds everything of a source but its record, in these versions or newer ones. */
export const isSourceSettled = async (
  { from, to }: Direction,
  sourceId: string,
  at: number,
): Promise<SettledOutcome> => {
  for (const pk of [...chunkPartitions(sourceId), sourceDocumentsPartition(sourceId)]) {
    // The sender first: what it holds after its reading is no part of what the record says.
    const sent = await readPartition(from, pk);
    if (sent.kind === 'failed') {
      return { kind: 'failed', at: 'from', failure: sent.failure };
    }
    const held = await readPartition(to, pk);
    if (held.kind === 'failed') {
      return { kind: 'failed', at: 'to', failure: held.failure };
    }
    const isMissing = (digest: RecordDigest): boolean =>
      digest.owed !== undefined || (!isOutsideDigests(digest, at) && !isHeld(digest, held.value.get(digest.sk)));
    if ([...sent.value.values()].some((digest) => isMissing(digest))) {
      return { kind: 'waits' };
    }
  }
  return { kind: 'settled' };
};

export type SourceRepair = TransferOutcome | { readonly kind: 'waits' };

export const repairSource = async (direction: Direction, key: RecordKey, at: number): Promise<SourceRepair> => {
  const read = await direction.from.tables.graph.get(key);
  if (read.kind === 'failed') {
    return { kind: 'failed', at: 'from', failure: read.failure };
  }
  if (read.value === undefined) {
    return { kind: 'absent' };
  }
  if (read.value.owed !== undefined) {
    // The drain's work, and its own proof.
    return { kind: 'waits' };
  }
  const settled = await isSourceSettled(direction, key.sk, at);
  return settled.kind === 'settled' ? sendRecord(direction, 'graph', read.value) : settled;
};
