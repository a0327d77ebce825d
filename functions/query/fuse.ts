/**
 * One order from lanes that fail in different ways: words (BM25), nearness of meaning, and the graph around what the question
 * names. Fused by rank, since their scores have no common measure. Pure: the same lanes give the same order in either Region.
 */

export const LANES = ['lexical', 'vectors', 'graph'] as const;

export type Lane = (typeof LANES)[number];

/** A chunk as the lanes name it: `<document>#<first four digits of the chunk's id>`. */
export type CandidateId = string;

/** At which place each lane had it, from 1; absent where it did not. */
export type Places = Readonly<Partial<Record<Lane, number>>>;

export interface Fused {
  readonly id: CandidateId;
  /** 0 to 1: 1 is the first in every lane that answered. */
  readonly score: number;
  readonly lanes: Places;
}

export interface LaneTerms {
  readonly weight: number;
  /** How slowly a lane's places lose worth: the usual 60 says that the second is nearly as good as the first. */
  readonly k: number;
}

export type FusionTerms = Readonly<Record<Lane, LaneTerms>>;

/**
 * Measured: `docs/retrieval.md`. The words' first places are worth more than their next ones, while the built-in table of words
 * knows meaning only roughly: it moves what the words leave open, and finds what they miss.
 */
export const FUSION: FusionTerms = {
  lexical: { weight: 1, k: 10 },
  vectors: { weight: 0.25, k: 60 },
  graph: { weight: 0.6, k: 60 },
};

export type LaneLists = Readonly<Partial<Record<Lane, readonly CandidateId[]>>>;

const worthOf = ({ weight, k }: LaneTerms, place: number): number => weight / (k + place);

export const fuse = (lists: LaneLists, terms: FusionTerms = FUSION): readonly Fused[] => {
  const places = new Map<CandidateId, Partial<Record<Lane, number>>>();
  let best = 0;
  for (const lane of LANES) {
    const list = lists[lane] ?? [];
    best += list.length === 0 ? 0 : worthOf(terms[lane], 1);
    for (const [at, id] of list.entries()) {
      const known = places.get(id) ?? {};
      known[lane] ??= at + 1;
      places.set(id, known);
    }
  }
  const scoreOf = (lanes: Places): number =>
    LANES.reduce((sum, lane) => {
      const place = lanes[lane];
      return place === undefined ? sum : sum + worthOf(terms[lane], place);
    }, 0) / Math.max(best, Number.EPSILON);
  return [...places]
    .map(([id, lanes]) => ({ id, lanes, score: scoreOf(lanes) }))
    .toSorted((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
};
