/**
 * A unit of the index: all postings of a few hundred chunks of one source. Pure and deterministic: the same documents give the
 * same bytes, whatever was there before, so that a change and a fresh build end alike. A source is split into units by the
 * hashes of its documents, so that an edit touches one unit, however large the source is.
 */
import { LIMITS } from '../domain/limits.ts';
import { directoryPayload, type DirectoryDocument } from './directory.ts';
import { parseJsonFields } from './json-payload.ts';
import { encodePostings, lengthClass, type Posting, slotOf } from './postings.ts';
import { bucketOf, BUCKETS, fingerprintOf } from './term-hash.ts';
import { countInto, readTerms } from './terms.ts';

/** Raised whenever the same documents give other records: terms, weights, encoding. */
export const LEXICAL_FORMAT = 2;

export interface IndexedChunk {
  readonly id: string;
  readonly breadcrumb: string;
  readonly text: string;
}

export interface IndexedDocument {
  /** The last twenty hexadecimal digits of its id. */
  readonly hash: string;
  readonly title: string;
  readonly chunks: readonly IndexedChunk[];
}

/** What a title, a path or a heading says a chunk is about counts as so many further occurrences. */
const HEAD_WEIGHT = 3;
const HEX = 16;
const HANDLE_DIGITS = 4;
const HASH_BITS = 16;

export const handleOf = (chunkId: string): number => Number.parseInt(chunkId.slice(0, HANDLE_DIGITS), HEX);

/**
 * Chunks of one unit, at best and at most. A source of many chunks has a few large units: a search reads a term of all of them in one
 * batch or less, and so it can ask for thirty terms of a long question.
 */
const sizesOf = (parts: number): { readonly target: number; readonly max: number } =>
  parts < LIMITS.lexicalSmallUnitsMax
    ? { target: LIMITS.lexicalUnitChunksTarget, max: LIMITS.lexicalUnitChunksMax }
    : { target: LIMITS.lexicalLargeUnitChunksTarget, max: LIMITS.lexicalLargeUnitChunksMax };

/** A power of two, kept as long as it fits, so that a source at a boundary is not derived anew with every edit. */
export const partsFor = (chunks: number, current: number | undefined): number => {
  if (
    current !== undefined &&
    chunks <= current * sizesOf(current).max &&
    (current === 1 || chunks >= (current / 2) * sizesOf(current / 2).target * 0.5)
  ) {
    return current;
  }
  let parts = 1;
  while (parts < LIMITS.lexicalUnitsMax && parts * sizesOf(parts).target < chunks) {
    parts *= 2;
  }
  return parts;
};

/** Documents are spread by the first bits of their hashes. */
export const partOf = (documentHash: string, parts: number): number =>
  (Number.parseInt(documentHash.slice(0, HANDLE_DIGITS), HEX) * parts) >> HASH_BITS;

/** Near enough for a statistic, and the same after most edits, so that these leave the other buckets alone. */
const rounded = (value: number): number => {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, value))) - 3);
  return Math.round(value / step) * step;
};

interface Accumulated {
  readonly byBucket: Map<number, Map<number, Map<number, Posting>>>;
  chunks: number;
  words: number;
}

const add = ({ byBucket }: Accumulated, counts: ReadonlyMap<string, number>, handle: number, length: number): void => {
  for (const [term, frequency] of counts) {
    const bucket = bucketOf(term);
    const terms = byBucket.get(bucket) ?? new Map<number, Map<number, Posting>>();
    byBucket.set(bucket, terms);
    const fingerprint = fingerprintOf(term);
    const postings = terms.get(fingerprint) ?? new Map<number, Posting>();
    terms.set(fingerprint, postings);
    // Two chunks of one handle and one length are told apart by whoever reads their texts.
    const slot = slotOf(handle, lengthClass(length));
    const known = postings.get(slot);
    if (known === undefined || known.frequency < frequency) {
      postings.set(slot, { handle, frequency, length });
    }
  }
};

/** The terms of one chunk with their weighted counts, and its length in words. */
export const chunkTerms = (
  title: string,
  { breadcrumb, text }: Pick<IndexedChunk, 'breadcrumb' | 'text'>,
): { readonly counts: ReadonlyMap<string, number>; readonly length: number } => {
  const body = readTerms(text);
  const head = readTerms(`${breadcrumb}\n${title}`);
  const counts = new Map<string, number>();
  countInto(counts, body.words, 1);
  countInto(counts, body.names, 1);
  countInto(counts, body.compounds, 1);
  countInto(counts, new Set([...head.words, ...head.names, ...head.compounds]), HEAD_WEIGHT);
  return { counts, length: body.words.length };
};

export interface UnitRecords {
  /** Buckets that have anything, with their payloads. */
  readonly buckets: ReadonlyMap<number, Readonly<Record<string, unknown>>>;
  readonly directory: Readonly<Record<string, unknown>>;
}

/** Terms that do not fit are left out, the last fingerprints first: nobody may stop a cycle by a text made for it. */
const boundedPostings = (terms: ReadonlyMap<number, ReadonlyMap<number, Posting>>): string => {
  const listed = [...terms].map(([fingerprint, postings]) => [fingerprint, [...postings.values()]] as const);
  for (let kept = listed.toSorted(([left], [right]) => left - right); ;) {
    const encoded = encodePostings(kept);
    if (encoded.length <= LIMITS.lexicalBucketBytesMax || kept.length === 0) {
      return encoded;
    }
    kept = kept.slice(0, Math.floor((kept.length * LIMITS.lexicalBucketBytesMax) / encoded.length / 2));
  }
};

export const buildUnit = (documents: readonly IndexedDocument[], parts: number, part: number): UnitRecords => {
  const all: Accumulated = { byBucket: new Map(), chunks: 0, words: 0 };
  const listed: DirectoryDocument[] = [];
  for (const { hash, title, chunks } of documents) {
    const slots = new Set<number>();
    for (const chunk of chunks) {
      const { counts, length } = chunkTerms(title, chunk);
      const handle = handleOf(chunk.id);
      add(all, counts, handle, length);
      slots.add(slotOf(handle, lengthClass(length)));
      all.chunks += 1;
      all.words += length;
    }
    if (slots.size > 0) {
      listed.push({ hash, slots: [...slots] });
    }
  }
  const stats = { a: rounded(all.words / Math.max(1, all.chunks)), m: parts, n: rounded(all.chunks) };
  // Whoever asks for the first unit of a source learns from any of its buckets how many there are.
  const numbers = parts > 1 && part === 0 ? Array.from({ length: BUCKETS }, (_, at) => at) : [...all.byBucket.keys()];
  const buckets = new Map(
    numbers.map((bucket) => [bucket, { ...stats, p: boundedPostings(all.byBucket.get(bucket) ?? new Map()) }]),
  );
  return {
    buckets,
    directory: directoryPayload({ parts, buckets: new Set(numbers), chunks: all.chunks, documents: listed }, BUCKETS),
  };
};

export interface BucketPayload {
  /** Words of a chunk on average. */
  readonly meanLength: number;
  readonly chunks: number;
  readonly parts: number;
  /** Base64. */
  readonly postings: string;
}

const CANONICAL = /^\{"a":(?<a>\d+),"m":(?<m>\d+),"n":(?<n>\d+),"p":"/u;

/** Reads the canonical text without parsing the postings in it: a search meets thousands of these. */
export const parseBucket = (data: string): BucketPayload | undefined => {
  const match = CANONICAL.exec(data.slice(0, 64));
  if (match?.groups !== undefined && data.endsWith('"}')) {
    const { a, m, n } = match.groups;
    const postings = data.slice(match[0].length, -2);
    return { meanLength: Number(a), parts: Number(m), chunks: Number(n), postings };
  }
  const { a, m, n, p } = parseJsonFields(data) ?? {};
  return typeof a === 'number' && typeof m === 'number' && typeof n === 'number' && typeof p === 'string'
    ? { meanLength: a, parts: m, chunks: n, postings: p }
    : undefined;
};
