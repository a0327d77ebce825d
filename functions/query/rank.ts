/**
 * Orders candidates by lanes that fail in different ways: nearness of meaning (the order of the vector index), the words
 * themselves (BM25 over the candidates, identifiers split and whole) and, for a query that names something, what declares
 * that name. Fused by rank, since their scores have no common measure. Pure: the same candidates in the same order always give the same answer, in either Region.
 */
import { chunkContent } from '../domain/corpus.ts';
import { compoundsOf, singularOf, tokenise } from '../embed/tokenise.ts';
import type { Candidate } from './candidates.ts';

export interface Ranked {
  readonly candidate: Candidate;
  /** 1 = first in every lane. */
  readonly score: number;
}

/** The usual constant of reciprocal rank fusion: a first place in one lane must not drown the other lane. */
const FUSION_K = 60;
const BM25_K1 = 1.2;
const BM25_B = 0.75;
/** A heading or the name of a declaration says what a chunk is about: more than any repetition earns by itself. */
const HEADING_WEIGHT = 1.5;
/** What no longer holds is shown, after what holds. */
const OUTDATED_FACTOR = 0.8;
const OUTDATED: ReadonlySet<string> = new Set(['Superseded', 'Deprecated', 'Rejected']);
const PASSAGES_PER_DOCUMENT_MAX = 2;

const wordsOf = (text: string): readonly string[] => tokenise(text).map((word) => singularOf(word));

const countWords = (words: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const word of words) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
};

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) {
    total += value;
  }
  return total;
};

/** BM25 of the query against each candidate, with the candidates as the corpus, and more for words of its heading. */
export const lexicalScores = (query: string, candidates: readonly Candidate[]): readonly number[] => {
  const words = [...new Set(wordsOf(query))];
  const counts = candidates.map(({ chunk }) => countWords(wordsOf(chunkContent(chunk))));
  const headings = candidates.map(({ chunk }) => new Set(wordsOf(chunk.heading ?? '')));
  const lengths = counts.map((count) => sum(count.values()));
  const meanLength = sum(lengths) / Math.max(1, lengths.length);
  const weights = words.map((word) => {
    const holding = counts.filter((count) => count.has(word)).length;
    return Math.log(1 + (counts.length - holding + 0.5) / (holding + 0.5));
  });
  return counts.map((count, at) => {
    const norm = BM25_K1 * (1 - BM25_B + (BM25_B * (lengths[at] ?? 0)) / Math.max(1, meanLength));
    return sum(
      words.map((word, index) => {
        const frequency = count.get(word) ?? 0;
        const inHeading = headings[at]?.has(word) === true ? HEADING_WEIGHT : 0;
        return (weights[index] ?? 0) * ((frequency * (BM25_K1 + 1)) / (frequency + norm) + inHeading);
      }),
    );
  });
};

/** The names that a query asks for: identifiers, or its only word. Plain words among others are prose. */
const namesIn = (query: string): readonly string[] => {
  const compounds = compoundsOf(query);
  return compounds
    .filter(
      ({ segments }) => compounds.length === 1 || segments.length > 1 || segments.some(({ parts }) => parts.length > 0),
    )
    .map(({ whole }) => whole);
};

const declaresOne = ({ chunk }: Candidate, names: readonly string[]): boolean => {
  const declared = new Set(tokenise(chunk.heading ?? ''));
  return names.some((name) => declared.has(name));
};

/** Each lane is a list of candidates by their place in the vector order, the best first. */
const lanesOf = (query: string, candidates: readonly Candidate[]): readonly (readonly number[])[] => {
  const lexical = lexicalScores(query, candidates);
  const near = candidates.map((_candidate, at) => at);
  const words = near
    .filter((at) => (lexical[at] ?? 0) > 0)
    .toSorted((left, right) => (lexical[right] ?? 0) - (lexical[left] ?? 0) || left - right);
  const names = namesIn(query);
  const declared = words.filter((at) => {
    const candidate = candidates[at];
    return candidate !== undefined && declaresOne(candidate, names);
  });
  return declared.length === 0 ? [near, words] : [near, words, declared];
};

/** `candidates` in the order of the vector index, the nearest first. */
export const rankCandidates = (query: string, candidates: readonly Candidate[]): readonly Ranked[] => {
  const lanes = lanesOf(query, candidates);
  const scores = new Float64Array(candidates.length);
  for (const lane of lanes) {
    for (const [place, at] of lane.entries()) {
      scores[at] = (scores[at] ?? 0) + (FUSION_K + 1) / (FUSION_K + 1 + place) / lanes.length;
    }
  }
  return candidates
    .map((candidate, at) => ({
      candidate,
      score: (scores[at] ?? 0) * (OUTDATED.has(candidate.document.status ?? '') ? OUTDATED_FACTOR : 1),
      at,
    }))
    .toSorted((left, right) => right.score - left.score || left.at - right.at)
    .map(({ candidate, score }) => ({ candidate, score }));
};

/** The best few, at most two of one document: a long file must not be the whole answer. */
export const selectRanked = (ranked: readonly Ranked[], limit: number): readonly Ranked[] => {
  const taken = new Map<string, number>();
  const selected: Ranked[] = [];
  for (const one of ranked) {
    const { id } = one.candidate.document;
    const count = taken.get(id) ?? 0;
    if (selected.length < limit && count < PASSAGES_PER_DOCUMENT_MAX) {
      taken.set(id, count + 1);
      selected.push(one);
    }
  }
  return selected;
};
