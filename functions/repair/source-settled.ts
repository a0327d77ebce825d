/**
 * Sends a source record that differs and is not owed. It says "all of this is committed", so it goes last, and only after
 * strong reads of both Regions have proven that everything else of the source is there, and nothing of it is owed. It is sent
 * exactly as it was read before: what is written later belongs to a later commit.
 */
import { sourcePartitions } from '../domain/derived-keys.ts';
import { done, type Failure, type Result } from '../domain/failure.ts';
import type { RecordDigest, RecordKey } from '../domain/record.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import { readLexicalDigests } from './lexical-digests.ts';
import { isOutsideDigests } from './prove.ts';
import { type Direction, sendRecord, type TransferOutcome } from './transfer.ts';

type ReadDigests = (stores: RegionStores) => Promise<Result<readonly RecordDigest[]>>;

const nameOf = ({ pk, sk }: RecordKey): string => `${pk}\n${sk}`;

const readNamed = async (
  stores: RegionStores,
  read: ReadDigests,
): Promise<Result<ReadonlyMap<string, RecordDigest>>> => {
  const digests = await read(stores);
  return digests.kind === 'failed' ? digests : done(new Map(digests.value.map((digest) => [nameOf(digest), digest])));
};

/** Everything of a source but its own record, in readings that each end. */
const readingsOf = (sourceId: string): readonly ReadDigests[] => [
  ...sourcePartitions(sourceId).map(
    (pk): ReadDigests =>
      async ({ tables }) =>
        readAllPages((after) => tables.graph.queryDigests(pk, pageAfter(after))),
  ),
  async ({ tables }) => readLexicalDigests(tables.graph, sourceId),
];

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
  for (const read of readingsOf(sourceId)) {
    // The sender first: what it holds after its reading is no part of what the record says.
    const sent = await readNamed(from, read);
    if (sent.kind === 'failed') {
      return { kind: 'failed', at: 'from', failure: sent.failure };
    }
    const held = await readNamed(to, read);
    if (held.kind === 'failed') {
      return { kind: 'failed', at: 'to', failure: held.failure };
    }
    const isMissing = (digest: RecordDigest): boolean =>
      digest.owed !== undefined || (!isOutsideDigests(digest, at) && !isHeld(digest, held.value.get(nameOf(digest))));
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
