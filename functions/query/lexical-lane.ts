/**
 * The words' lane: which stored buckets a question needs, read in a bounded number of calls, and the chunks that they name.
 * Where the sources are few, every bucket is read by its key and every term counts; where they are many, a term's bucket is one
 * partition across all of them, and the most telling terms are read. What the caller may not read is left out before
 * anything is counted.
 */
import { done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordKey } from '../domain/record.ts';
import { findHandles } from '../lexical/directory.ts';
import {
  bucketKey,
  bucketPartition,
  directoryKey,
  parseBucketSk,
  parseDirectorySk,
  type UnitName,
} from '../lexical/keys.ts';
import { type LexicalHit, type QueryTerm, type ReadBucket, scoreBuckets } from '../lexical/score.ts';
import { bucketOf, fingerprintOf } from '../lexical/term-hash.ts';
import { queryTerms } from '../lexical/terms.ts';
import { parseBucket } from '../lexical/unit.ts';
import { documentId } from '../domain/corpus.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import type { CallBudget } from './call-budget.ts';
import { tellingFirst } from './telling-terms.ts';

export interface LexicalQuestion {
  readonly records: Pick<RecordStore, 'getMany' | 'query'>;
  readonly query: string;
  /** Every source that may be read, where they are known. */
  readonly sources: readonly string[] | undefined;
  readonly isAllowed: (source: string) => boolean;
  /** For the buckets; the directories take one more. */
  readonly calls: CallBudget;
  readonly hitsMax: number;
}

export interface LexicalCandidate {
  readonly document: string;
  /** The first four hexadecimal digits of its chunk's id. */
  readonly handle: string;
  readonly score: number;
  /** Another chunk has the same handle: only its text tells whether it is meant. */
  readonly isAmbiguous: boolean;
}

export interface LexicalFinding {
  readonly candidates: readonly LexicalCandidate[];
  /** Terms that were not read: there were too many for the calls. */
  readonly unread: readonly string[];
  /** Something that was asked for could not be read in these calls. */
  readonly isPartial: boolean;
}

interface Reading {
  readonly buckets: readonly ReadBucket[];
  readonly terms: readonly QueryTerm[];
  readonly isPartial: boolean;
}

const NOTHING: LexicalFinding = { candidates: [], unread: [], isPartial: false };

const HANDLE_DIGITS = 4;
const HEX = 16;

const termsIn = (query: string): readonly QueryTerm[] =>
  [...queryTerms(query)].slice(0, LIMITS.searchTermsMax).map(([term, weight]) => ({
    term,
    weight,
    bucket: bucketOf(term),
    fingerprint: fingerprintOf(term),
  }));

const bucketsOf = (terms: readonly QueryTerm[]): readonly number[] => [...new Set(terms.map(({ bucket }) => bucket))];

const readBucket = ({ pk, sk, del, data }: StoredRecord): ReadBucket | undefined => {
  const unit = del === true ? undefined : parseBucketSk(sk);
  return unit === undefined ? undefined : { unit, bucket: Number.parseInt(pk.slice(pk.indexOf('#') + 1), HEX), data };
};

const readKeys = async (
  { records, isAllowed }: LexicalQuestion,
  keys: readonly RecordKey[],
): Promise<Result<readonly ReadBucket[]>> => {
  const reads = await Promise.all(
    batchesOf(keys, LIMITS.searchGetItemsMax).map(async (batch) =>
      records.getMany(batch, { batchItemsMax: LIMITS.searchGetItemsMax }),
    ),
  );
  const found: ReadBucket[] = [];
  for (const read of reads) {
    if (read.kind === 'failed') {
      return read;
    }
    found.push(
      ...read.value.flatMap((record) => {
        const bucket = readBucket(record);
        return bucket !== undefined && isAllowed(bucket.unit.source) ? [bucket] : [];
      }),
    );
  }
  return done(found);
};

const callsFor = (keys: number): number => Math.ceil(keys / LIMITS.searchGetItemsMax);

const unitsBeyondFirst = (buckets: readonly ReadBucket[]): readonly UnitName[] => {
  const parts = new Map<string, number>();
  for (const { unit, data } of buckets) {
    parts.set(unit.source, Math.max(parts.get(unit.source) ?? 1, parseBucket(data)?.parts ?? 1));
  }
  return [...parts].flatMap(([source, count]) =>
    Array.from({ length: count - 1 }, (_, at): UnitName => ({ source, part: at + 1 })),
  );
};

/** Every bucket by its key; undefined where that takes more calls than there are. */
const readByKeys = async (
  question: LexicalQuestion,
  terms: readonly QueryTerm[],
): Promise<Result<Reading> | undefined> => {
  const numbers = bucketsOf(terms);
  const sources = question.sources?.filter((source) => question.isAllowed(source));
  if (sources === undefined || !question.calls.take(callsFor(sources.length * numbers.length))) {
    return undefined;
  }
  const keysOf = (units: readonly UnitName[]): readonly RecordKey[] =>
    units.flatMap((unit) => numbers.map((bucket) => bucketKey(unit, bucket)));
  const first = await readKeys(question, keysOf(sources.map((source) => ({ source, part: 0 }))));
  if (first.kind === 'failed') {
    return first;
  }
  const more = keysOf(unitsBeyondFirst(first.value));
  if (!question.calls.take(callsFor(more.length))) {
    return undefined;
  }
  const rest = await readKeys(question, more);
  return rest.kind === 'failed' ? rest : done({ buckets: [...first.value, ...rest.value], terms, isPartial: false });
};

interface PartitionReading {
  readonly buckets: readonly ReadBucket[];
  readonly isWhole: boolean;
  readonly failure: Failure | undefined;
}

const readPartition = async (
  question: LexicalQuestion,
  bucket: number,
  isWanted: (source: string) => boolean,
): Promise<PartitionReading> => {
  const buckets: ReadBucket[] = [];
  let after: string | undefined;
  do {
    const page = await question.records.query(bucketPartition(bucket), {
      isEventual: true,
      ...(after === undefined ? {} : { after }),
    });
    if (page.kind === 'failed') {
      return { buckets, isWhole: false, failure: page.failure };
    }
    for (const record of page.value.items) {
      const read = readBucket(record);
      if (read !== undefined && isWanted(read.unit.source)) {
        buckets.push(read);
      }
    }
    after = page.value.next;
  } while (after !== undefined && question.calls.take());
  return { buckets, isWhole: after === undefined, failure: undefined };
};

/** A question meets each source a few times. */
const remembered = (judge: (source: string) => boolean): ((source: string) => boolean) => {
  const known = new Map<string, boolean>();
  return (source) => {
    const answer = known.get(source) ?? judge(source);
    known.set(source, answer);
    return answer;
  };
};

/** The most telling terms, a partition each. */
const readByPartitions = async (question: LexicalQuestion, terms: readonly QueryTerm[]): Promise<Result<Reading>> => {
  const wanted = bucketsOf(tellingFirst(terms)).slice(0, question.calls.left);
  question.calls.take(wanted.length);
  const known = question.sources === undefined ? undefined : new Set(question.sources);
  const isAllowed = remembered((source) => question.isAllowed(source) && (known === undefined || known.has(source)));
  const reads = await Promise.all(wanted.map(async (bucket) => readPartition(question, bucket, isAllowed)));
  const failure = reads.find((read) => read.failure !== undefined)?.failure;
  if (failure !== undefined && reads.every((read) => read.failure !== undefined)) {
    return { kind: 'failed', failure };
  }
  const isWanted = new Set(wanted);
  return done({
    buckets: reads.flatMap(({ buckets }) => buckets),
    terms: terms.filter(({ bucket }) => isWanted.has(bucket)),
    isPartial: reads.some(({ isWhole }) => !isWhole),
  });
};

const handleText = (handle: number): string => handle.toString(HEX).padStart(HANDLE_DIGITS, '0');

const unitText = ({ source, part }: UnitName): string => `${source}#${part}`;

/** Whose chunks these are. A handle that no directory lists is of a chunk that is gone, or of a unit that is being written. */
const resolve = async (
  { records }: LexicalQuestion,
  hits: readonly LexicalHit[],
): Promise<Result<readonly LexicalCandidate[]>> => {
  const units = new Map(hits.map(({ unit }) => [unitText(unit), unit]));
  const keys = [...units.values()].map((unit) => directoryKey(unit));
  const read = await records.getMany(keys, { batchItemsMax: LIMITS.searchGetItemsMax });
  if (read.kind === 'failed') {
    return read;
  }
  const handlesOf = Map.groupBy(hits, ({ unit }) => unitText(unit));
  const documents = new Map<string, readonly string[]>();
  for (const { pk, sk, del, data } of read.value) {
    const unit = { source: pk.slice(pk.indexOf('#') + 1), part: parseDirectorySk(sk) ?? -1 };
    const wanted = new Set((handlesOf.get(unitText(unit)) ?? []).map(({ handle }) => handle));
    for (const { handle, hash } of del === true ? [] : findHandles(data, wanted)) {
      const name = `${unitText(unit)}#${handle}`;
      documents.set(name, [...(documents.get(name) ?? []), documentId(unit.source, hash)]);
    }
  }
  return done(
    hits.flatMap(({ unit, handle, score }) => {
      const found = documents.get(`${unitText(unit)}#${handle}`) ?? [];
      return found.map((document) => ({
        document,
        handle: handleText(handle),
        score,
        isAmbiguous: found.length > 1,
      }));
    }),
  );
};

export const findByWords = async (question: LexicalQuestion): Promise<Result<LexicalFinding>> => {
  const terms = termsIn(question.query);
  if (terms.length === 0 || question.sources?.length === 0) {
    return done(NOTHING);
  }
  const read = (await readByKeys(question, terms)) ?? (await readByPartitions(question, terms));
  if (read.kind === 'failed') {
    return read;
  }
  const { hits } = scoreBuckets(read.value.buckets, read.value.terms, question.hitsMax);
  const candidates = hits.length === 0 ? done([]) : await resolve(question, hits);
  if (candidates.kind === 'failed') {
    return candidates;
  }
  const readTerms = new Set(read.value.terms.map(({ term }) => term));
  return done({
    candidates: candidates.value,
    unread: terms.filter(({ term }) => !readTerms.has(term)).map(({ term }) => term),
    isPartial: read.value.isPartial,
  });
};
