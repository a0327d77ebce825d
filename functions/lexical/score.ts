/**
 * BM25 over what a search has read: postings of its terms from some units. Number of chunks, mean length and how many chunks
 * have a term come from exactly these units, which are those that the caller may read: nothing of any other source moves a
 * score. Pure.
 */
import type { UnitName } from './keys.ts';
import {
  eachPosting,
  findPostings,
  frequencyOf,
  handleOfSlot,
  lengthClassIn,
  lengthOf,
  type PackedPostings,
  slotOf,
} from './postings.ts';
import { parseBucket } from './unit.ts';

const K1 = 1.2;
const B = 0.75;
const CODES = 256;
const HANDLES = 0x1_00_00;

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
  /** Handle and length: what its directory lists it by. */
  readonly slot: number;
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

/** How rare a term is among what was read. */
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

  add(unit: UnitName, slot: number, score: number): void {
    // What equals the last one that was kept may come before it: what goes must not depend on what came first.
    if (score <= 0 || score < this.#least) {
      return;
    }
    this.#hits.push({ unit, slot, handle: handleOfSlot(slot), score });
    if (this.#hits.length >= this.#countMax * 4) {
      this.#hits = [...this.sorted()];
      this.#least = this.#hits.length < this.#countMax ? 0 : (this.#hits.at(-1)?.score ?? 0);
    }
  }

  /** Equal scores in the order of units and slots: the same in either Region. */
  sorted(): readonly LexicalHit[] {
    const order = ({ unit, slot }: LexicalHit): string => `${nameOf(unit)}#${slot.toString().padStart(7, '0')}`;
    return this.#hits
      .toSorted((left, right) => right.score - left.score || (order(left) < order(right) ? -1 : 1))
      .slice(0, this.#countMax);
  }
}

const holdingOf = (units: readonly ReadUnit[], term: number): number =>
  units.reduce((sum, { postings }) => sum + (postings.get(term)?.count ?? 0), 0);

/** Sums of fractions depend on their order, and so does what is said of a unit while its buckets are being written. */
const inOrder = (buckets: readonly ReadBucket[]): readonly ReadBucket[] =>
  buckets.toSorted(
    ({ unit: left, bucket: first }, { unit: right, bucket: second }) =>
      (left.source < right.source ? -1 : Number(left.source > right.source)) ||
      left.part - right.part ||
      first - second,
  );

/** How rare each term is among these. */
export const idfsIn = (buckets: readonly ReadBucket[], terms: readonly QueryTerm[]): readonly number[] => {
  const units = readUnits(inOrder(buckets), terms);
  const chunks = units.reduce((sum, unit) => sum + unit.chunks, 0);
  return terms.map((_term, at) => idfOf(chunks, holdingOf(units, at)));
};

/**
 * Sums by chunk of one unit. A handle's first length is kept in a small table that stays in the processor's cache; only chunks that
 * share their handle with another go through a map.
 */
class Sums {
  readonly #scores = new Float64Array(HANDLES);
  readonly #lengths = new Uint8Array(HANDLES);
  #touched: number[] = [];
  readonly #others = new Map<number, number>();

  add(handle: number, code: number, worth: number): void {
    const length = lengthClassIn(code);
    const score = this.#scores[handle] ?? 0;
    if (score === 0) {
      this.#touched.push(handle);
      this.#lengths[handle] = length;
    } else if (this.#lengths[handle] !== length) {
      const slot = slotOf(handle, length);
      this.#others.set(slot, (this.#others.get(slot) ?? 0) + worth);
      return;
    }
    this.#scores[handle] = score + worth;
  }

  /** Each sum once; all are then zero again. */
  drain(see: (slot: number, score: number) => void): void {
    for (const handle of this.#touched) {
      see(slotOf(handle, this.#lengths[handle] ?? 0), this.#scores[handle] ?? 0);
      this.#scores[handle] = 0;
    }
    for (const [slot, score] of this.#others) {
      see(slot, score);
    }
    this.#touched = [];
    this.#others.clear();
  }
}

export interface LexicalScores {
  readonly hits: readonly LexicalHit[];
}

export const scoreBuckets = (
  buckets: readonly ReadBucket[],
  terms: readonly QueryTerm[],
  hitsMax: number,
): LexicalScores => {
  const units = readUnits(inOrder(buckets), terms);
  const chunks = units.reduce((sum, unit) => sum + unit.chunks, 0);
  const words = units.reduce((sum, unit) => sum + unit.chunks * unit.meanLength, 0);
  const impacts = impactsOf(words / Math.max(1, chunks));
  const idfs = terms.map((_term, at) => idfOf(chunks, holdingOf(units, at)));
  const best = new Best(hitsMax);
  const sums = new Sums();
  for (const { unit, postings } of units) {
    for (const [at, packed] of postings) {
      const weight = (idfs[at] ?? 0) * (terms[at]?.weight ?? 1);
      eachPosting(packed, (handle, code) => {
        sums.add(handle, code, weight * (impacts[code] ?? 0));
      });
    }
    sums.drain((slot, score) => {
      best.add(unit, slot, score);
    });
  }
  return { hits: best.sorted() };
};
