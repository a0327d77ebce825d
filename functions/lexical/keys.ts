/**
 * The keys of the lexical index. A bucket is one partition across all sources, so that a search reads a term of two hundred
 * sources in one call; the sort key names the source and its unit. What a unit consists of is in its directory, whose
 * partition is the source's own.
 */
import type { RecordKey } from '../domain/record.ts';
import { BUCKETS } from './term-hash.ts';

const BUCKET_PREFIX = 'lex#';
const DIRECTORY_PREFIX = 'lexdir#';
const HEX = 16;
const PART_DIGITS = 4;

export const bucketPartition = (bucket: number): string => `${BUCKET_PREFIX}${bucket.toString(HEX).padStart(2, '0')}`;

const partText = (part: number): string => part.toString(HEX).padStart(PART_DIGITS, '0');

/** Of a unit, in its directory's partition and in every bucket's. */
export interface UnitName {
  readonly source: string;
  readonly part: number;
}

export const bucketKey = ({ source, part }: UnitName, bucket: number): RecordKey => ({
  pk: bucketPartition(bucket),
  sk: `${source}#${partText(part)}`,
});

export const directoryPartition = (source: string): string => `${DIRECTORY_PREFIX}${source}`;

export const directoryKey = ({ source, part }: UnitName): RecordKey => ({
  pk: directoryPartition(source),
  sk: partText(part),
});

const BUCKET_SK = /^[^#]+#[0-9a-f]{4}$/u;
const PART = /^[0-9a-f]{4}$/u;

export const parseBucketSk = (sk: string): UnitName | undefined =>
  BUCKET_SK.test(sk)
    ? { source: sk.slice(0, sk.length - PART_DIGITS - 1), part: Number.parseInt(sk.slice(-PART_DIGITS), HEX) }
    : undefined;

export const parseDirectorySk = (sk: string): number | undefined =>
  PART.test(sk) ? Number.parseInt(sk, HEX) : undefined;

/** The source that a key of the lexical index belongs to; undefined for every other key. */
export const sourceOfLexicalKey = ({ pk, sk }: RecordKey): string | undefined => {
  if (pk.startsWith(DIRECTORY_PREFIX)) {
    return pk.slice(DIRECTORY_PREFIX.length);
  }
  return pk.startsWith(BUCKET_PREFIX) ? parseBucketSk(sk)?.source : undefined;
};

/** Every bucket that a unit may have a record in: for whoever looks for what a source holds or owes. */
export const bucketKeysOfUnit = (unit: UnitName): readonly RecordKey[] =>
  Array.from({ length: BUCKETS }, (_, bucket) => bucketKey(unit, bucket));
