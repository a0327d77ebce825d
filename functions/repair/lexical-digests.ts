/**
 * What a Region holds of a source's lexical index, without payloads. Buckets lie in partitions that all sources share, so they are
 * not listed but read by their keys, which the source's own directories name; a directory outlives its buckets as a tombstone.
 */
import { done, type Result } from '../domain/failure.ts';
import type { RecordDigest } from '../domain/record.ts';
import { bucketKeysOfUnit, directoryPartition, parseDirectorySk } from '../lexical/keys.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { batchesOf } from '../stores/vector-batches.ts';

/** A large source has hundreds of units; people's own reads get their turn between these. */
const UNITS_AT_ONCE = 8;

/** The buckets of these units, whatever their directories say. Strongly consistent. */
export const readBucketDigests = async (
  records: Pick<RecordStore, 'getDigests'>,
  source: string,
  parts: readonly number[],
): Promise<Result<readonly RecordDigest[]>> => {
  const digests: RecordDigest[] = [];
  for (const batch of batchesOf(parts, UNITS_AT_ONCE)) {
    const reads = await Promise.all(batch.map(async (part) => records.getDigests(bucketKeysOfUnit({ source, part }))));
    for (const read of reads) {
      if (read.kind === 'failed') {
        return read;
      }
      digests.push(...read.value);
    }
  }
  return done(digests);
};

/** Directories included. Strongly consistent. */
export const readLexicalDigests = async (
  records: Pick<RecordStore, 'queryDigests' | 'getDigests'>,
  source: string,
): Promise<Result<readonly RecordDigest[]>> => {
  const directories = await readAllPages((after) => records.queryDigests(directoryPartition(source), pageAfter(after)));
  if (directories.kind === 'failed') {
    return directories;
  }
  const parts = directories.value.flatMap(({ sk }) => parseDirectorySk(sk) ?? []);
  const buckets = await readBucketDigests(records, source, parts);
  return buckets.kind === 'failed' ? buckets : done([...directories.value, ...buckets.value]);
};
