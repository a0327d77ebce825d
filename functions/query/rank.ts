/**
 * Orders candidates by two lanes that fail in different ways: nearness of meaning (the order of the vector index) and the
 * words themselves (BM25 over the candidates, identifiers split and whole). Fused by rank, since their scores have no
 * common measure. Pure: the same candidates in the same order always give the same answer, in either Region.
 */
import { chunkContent } from '../domain/corpus.ts';
import { singularOf, tokenise } from '../embed/tokenise.ts';
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
/** A heading or the name of a declaration says what a chunk is about; a mention further down does not. */
const HEADING_WEIGHT = 3;
/** What no longer holds is shown, after what holds. */
const OUTDATED_FACTOR = 0.8;
const OUTDATED: ReadonlySet<string> = new Set(['Superseded', 'Deprecated', 'Rejected']);
const PASSAGES_PER_DOCUMENT_MAX = 2;

const wordsOf = (text: string): readonly string[] => tokenise(text).map((word) => singularOf(word));

const countWords = ({ chunk }: Candidate): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const word of wordsOf(chunkContent(chunk))) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  for (const word of wordsOf(chunk.heading ?? '')) {
    counts.set(word, (counts.get(word) ?? 0) + HEADING_WEIGHT);
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

/** BM25 of the query against each candidate, with the candidates as the corpus. */
export const lexicalScores = (query: string, candidates: readonly Candidate[]): readonly number[] => {
  const words = [...new Set(wordsOf(query))];
  const counts = candidates.map((candidate) => countWords(candidate));
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
        return ((weights[index] ?? 0) * frequency * (BM25_K1 + 1)) / (frequency + norm);
      }),
    );
  });
};

const placeValue = (place: number): number => (FUSION_K + 1) / (2 * (FUSION_K + 1 + place));

/** `candidates` in the order of the vector index, the nearest first. */
export const rankCandidates = (query: string, candidates: readonly Candidate[]): readonly Ranked[] => {
  const lexical = lexicalScores(query, candidates);
  const byWords = candidates
    .map((_candidate, at) => at)
    .filter((at) => (lexical[at] ?? 0) > 0)
    .toSorted((left, right) => (lexical[right] ?? 0) - (lexical[left] ?? 0) || left - right);
  const scores = candidates.map((_candidate, at) => placeValue(at));
  for (const [place, at] of byWords.entries()) {
    scores[at] = (scores[at] ?? 0) + placeValue(place);
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
