/**
 * BM25 over what a search has read: postings of its terms from some units. Number of chunks, mean length and how many chunks
 * have a term come from exactly these units, which are those that the caller may read: nothing of any other source moves a
 * score. Pure.
 */
import type { UnitName } from './keys.ts';
import { eachPosting, findPostings, frequencyOf, lengthOf, type PackedPostings } from './postings.ts';
import { parseBucket } from './unit.ts';

const K1 = 1.5;
const B = 0.8;
const HANDLES = 0x1_00_00;
const CODES = 256;

/** One stored bucket of one unit. */
export interface ReadBucket {
  readonly unit: UnitName;
  readonly bucket: number;
  readonly data: string;
}

export interface QueryTerm {
  readonly term: string;
  readonly bucket: number;
  readonly fingerprint: number;
  readonly weight: number;
}

export interface LexicalHit {
  readonly unit: UnitName;
  readonly handle: number;
  readonly score: number;
}

interface ReadUnit {
  readonly unit: UnitName;
  readonly chunks: number;
  readonly meanLength: number;
  /** By the number of the term. */
  readonly postings: Map<number, PackedPostings>;
}

const nameOf = ({ source, part }: UnitName): string => `${source}#${part}`;

const readUnits = (buckets: readonly ReadBucket[], terms: readonly QueryTerm[]): readonly ReadUnit[] => {
  const units = new Map<string, ReadUnit>();
  const wanted = Map.groupBy(
    terms.map((term, at) => ({ term, at })),
    ({ term }) => term.bucket,
  );
  for (const { unit, bucket, data } of buckets) {
    const payload = parseBucket(data);
    if (payload === undefined) {
      continue;
    }
    const name = nameOf(unit);
    const known = units.get(name) ?? {
      unit,
      chunks: payload.chunks,
      meanLength: payload.meanLength,
      postings: new Map<number, PackedPostings>(),
    };
    units.set(name, known);
    const bytes = Buffer.from(payload.postings, 'base64');
    for (const { term, at } of wanted.get(bucket) ?? []) {
      const found = findPostings(bytes, term.fingerprint);
      if (found !== undefined) {
        known.postings.set(at, found);
      }
    }
  }
  return [...units.values()];
};

const idfOf = (chunks: number, holding: number): number =>
  Math.log(1 + (Math.max(chunks, holding) - holding + 0.5) / (holding + 0.5));

/** What a posting of each code is worth, idf apart. */
const impactsOf = (meanLength: number): Float64Array =>
  Float64Array.from({ length: CODES }, (_, code) => {
    const frequency = frequencyOf(code);
    const norm = K1 * (1 - B + (B * lengthOf(code)) / Math.max(1, meanLength));
    return (frequency * (K1 + 1)) / (frequency + norm);
  });

/** Keeps the best few without sorting all. */
class Best {
  readonly #countMax: number;
  #hits: LexicalHit[] = [];
  #least = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  add(unit: UnitName, handle: number, score: number): void {
    if (score <= this.#least) {
      return;
    }
    this.#hits.push({ unit, handle, score });
    if (this.#hits.length >= this.#countMax * 4) {
      this.#hits = [...this.sorted()];
      this.#least = this.#hits.length < this.#countMax ? 0 : (this.#hits.at(-1)?.score ?? 0);
    }
  }

  /** Equal scores in the order of units and handles: the same in either Region. */
  sorted(): readonly LexicalHit[] {
    const order = ({ unit, handle }: LexicalHit): string => `${nameOf(unit)}#${handle.toString().padStart(5, '0')}`;
    return this.#hits
      .toSorted((left, right) => right.score - left.score || (order(left) < order(right) ? -1 : 1))
      .slice(0, this.#countMax);
  }
}

const holdingOf = (units: readonly ReadUnit[], term: number): number =>
  units.reduce((sum, { postings }) => sum + (postings.get(term)?.count ?? 0), 0);

/** How rare each term is among what was read; a term that nothing has is worth nothing. */
export interface LexicalScores {
  readonly hits: readonly LexicalHit[];
  readonly idfs: ReadonlyMap<string, number>;
}

export const scoreBuckets = (
  buckets: readonly ReadBucket[],
  terms: readonly QueryTerm[],
  hitsMax: number,
): LexicalScores => {
  const units = readUnits(buckets, terms);
  const chunks = units.reduce((sum, unit) => sum + unit.chunks, 0);
  const words = units.reduce((sum, unit) => sum + unit.chunks * unit.meanLength, 0);
  const impacts = impactsOf(words / Math.max(1, chunks));
  const idfs = terms.map((_term, at) => idfOf(chunks, holdingOf(units, at)));
  const best = new Best(hitsMax);
  const scores = new Float64Array(HANDLES);
  for (const { unit, postings } of units) {
    const touched: number[] = [];
    for (const [at, packed] of postings) {
      const weight = (idfs[at] ?? 0) * (terms[at]?.weight ?? 1);
      eachPosting(packed, (handle, code) => {
        const score = scores[handle] ?? 0;
        if (score === 0) {
          touched.push(handle);
        }
        scores[handle] = score + weight * (impacts[code] ?? 0);
      });
    }
    for (const handle of touched) {
      best.add(unit, handle, scores[handle] ?? 0);
      scores[handle] = 0;
    }
  }
  return { hits: best.sorted(), idfs: new Map(terms.map(({ term }, at) => [term, idfs[at] ?? 0])) };
};
