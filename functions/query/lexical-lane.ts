/**
 * The words' lane: which stored buckets a question needs, read in a bounded number of calls, and the chunks that they name.
 * Where the sources are few, every bucket is read by its key and every term counts; where they are many, a term's bucket is one
 * partition across all of them, and the most telling terms are read. What the caller may not read is left out before
 * anything is counted.
 */
import { done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordKey } from '../domain/record.ts';
import { bucketKey, bucketPartition, parseBucketSk, type UnitName } from '../lexical/keys.ts';
import { type QueryTerm, type ReadBucket, scoreBuckets } from '../lexical/score.ts';
import { bucketOf, fingerprintOf } from '../lexical/term-hash.ts';
import { queryTerms } from '../lexical/terms.ts';
import { parseBucket } from '../lexical/unit.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import type { CallBudget } from './call-budget.ts';
import { type LexicalCandidate, resolveHits } from './lexical-candidates.ts';
import { isTelling, rarestFirst, tellingFirst } from './telling-terms.ts';

export interface LexicalQuestion {
  readonly records: Pick<RecordStore, 'getMany' | 'query'>;
  readonly query: string;
  /** Every source that may be read, where they are known. */
  readonly sources: readonly string[] | undefined;
  readonly isAllowed: (source: string) => boolean;
  /** One of them is for the directories, the others are for the buckets. */
  readonly calls: CallBudget;
  readonly hitsMax: number;
}

export interface LexicalFinding {
  readonly candidates: readonly LexicalCandidate[];
  /** Telling terms were not looked up: there were too many for the calls. */
  readonly isShortened: boolean;
  /** Something that was asked for could not be read in these calls. */
  readonly isPartial: boolean;
}

interface Reading {
  readonly buckets: readonly ReadBucket[];
  readonly terms: readonly QueryTerm[];
  readonly isPartial: boolean;
}

const NOTHING: LexicalFinding = { candidates: [], isShortened: false, isPartial: false };

const HEX = 16;

const termsIn = (query: string): readonly QueryTerm[] =>
  [...queryTerms(query)].map(([term, weight]) => ({
    term,
    weight,
    bucket: bucketOf(term),
    fingerprint: fingerprintOf(term),
  }));

/** In the order of the question where all of them are looked up. */
const mostTelling = (terms: readonly QueryTerm[]): readonly QueryTerm[] =>
  terms.length <= LIMITS.searchTermsMax ? terms : tellingFirst(terms).slice(0, LIMITS.searchTermsMax);

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

/** Of the buckets that hold a question's terms, those that calls and bytes allow to read of all units; the rarest terms first. */
const affordable = (first: readonly ReadBucket[], terms: readonly QueryTerm[], countMax: number): readonly number[] => {
  const bytes = new Map<number, number>();
  for (const { bucket, data } of first) {
    bytes.set(bucket, (bytes.get(bucket) ?? 0) + data.length * (parseBucket(data)?.parts ?? 1));
  }
  let left: number = LIMITS.searchLexicalBytesMax;
  const chosen: number[] = [];
  for (const bucket of bucketsOf(rarestFirst(first, terms))) {
    left -= bytes.get(bucket) ?? 0;
    if (chosen.length < countMax && (left >= 0 || chosen.length === 0)) {
      chosen.push(bucket);
    }
  }
  return chosen;
};

const keysOf = (units: readonly UnitName[], buckets: readonly number[]): readonly RecordKey[] =>
  units.flatMap((unit) => buckets.map((bucket) => bucketKey(unit, bucket)));

/**
 * Every bucket by its key; undefined where the sources are too many for that. Where they are few but large, their first units
 * tell which of the terms are rare, and those are read of the others.
 */
const readByKeys = async (
  question: LexicalQuestion,
  terms: readonly QueryTerm[],
): Promise<Result<Reading> | undefined> => {
  const sources = question.sources?.filter((source) => question.isAllowed(source)) ?? [];
  // The other half of the calls is for the further units, or for the partitions where those are too many.
  const firstCallsMax = Math.ceil(question.calls.left / 2);
  const countMax = Math.floor((firstCallsMax * LIMITS.searchGetItemsMax) / Math.max(1, sources.length));
  const asked = bucketsOf(terms);
  if (question.sources === undefined || countMax < Math.min(asked.length, question.calls.left)) {
    return undefined;
  }
  const numbers = asked.length <= countMax ? asked : bucketsOf(tellingFirst(terms)).slice(0, countMax);
  question.calls.take(callsFor(sources.length * numbers.length));
  const first = await readKeys(
    question,
    keysOf(
      sources.map((source) => ({ source, part: 0 })),
      numbers,
    ),
  );
  if (first.kind === 'failed') {
    return first;
  }
  const further = unitsBeyondFirst(first.value);
  const furtherMax = Math.floor((question.calls.left * LIMITS.searchGetItemsMax) / Math.max(1, further.length));
  if (furtherMax < Math.min(numbers.length, question.calls.left)) {
    return undefined;
  }
  const isRead = new Set(numbers);
  const read = terms.filter(({ bucket }) => isRead.has(bucket));
  const chosen = further.length === 0 ? numbers : affordable(first.value, read, furtherMax);
  const isChosen = new Set(chosen);
  const keys = keysOf(further, chosen);
  question.calls.take(callsFor(keys.length));
  const rest = await readKeys(question, keys);
  return rest.kind === 'failed'
    ? rest
    : done({
        buckets: [...first.value, ...rest.value].filter(({ bucket }) => isChosen.has(bucket)),
        terms: read.filter(({ bucket }) => isChosen.has(bucket)),
        isPartial: false,
      });
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

export const findByWords = async (question: LexicalQuestion): Promise<Result<LexicalFinding>> => {
  const terms = termsIn(question.query);
  if (terms.length === 0 || question.sources?.length === 0) {
    return done(NOTHING);
  }
  const forBuckets = { ...question, calls: question.calls.setAside(question.calls.left - 1) };
  const looked = mostTelling(terms);
  const read = (await readByKeys(forBuckets, looked)) ?? (await readByPartitions(forBuckets, looked));
  question.calls.giveBack(forBuckets.calls);
  if (read.kind === 'failed') {
    return read;
  }
  const { hits } = scoreBuckets(read.value.buckets, read.value.terms, question.hitsMax);
  const resolved =
    hits.length > 0 && question.calls.take()
      ? await resolveHits(question.records, hits)
      : done({ candidates: [], isPartial: false });
  if (resolved.kind === 'failed') {
    return resolved;
  }
  const readTerms = new Set(read.value.terms.map(({ term }) => term));
  return done({
    candidates: resolved.value.candidates,
    isShortened: terms.some((one) => !readTerms.has(one.term) && isTelling(one)),
    isPartial: read.value.isPartial || resolved.value.isPartial,
  });
};
