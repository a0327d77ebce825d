/**
 * One centred vector per word of the table. A word that the source model knows is what the model says. A glossed one is half
 * what the model says of the gloss as a sentence and half the sum of the gloss's words: the sentence has the meaning, the
 * words tie it to the texts that use them (a sentence vector alone lies apart from all single words).
 */
import { singularOf, tokenise } from '../../functions/embed/tokenise.ts';
import { add, meanLengthOf, meanOf, minus, scaled, unit } from './vector-math.ts';
import type { Vector } from './vector-math.ts';
import type { Word } from './vocabulary.ts';

/** In the first round a gloss's own jargon counts as letters, in the second one as what it was explained to be. */
const GLOSS_ROUNDS = 2;

export interface WordSources {
  /** The source model's vector of any prompt, and of any word of a gloss. */
  readonly vectorOf: (text: string) => Vector;
  /** What a word counts in a sum. */
  readonly weightOf: (word: string) => number;
}

const isGloss = ({ word, prompt }: Word): boolean => prompt !== word;

/** Everything that `WordSources.vectorOf` will be asked for. */
export const textsToEmbed = (words: readonly Word[]): readonly string[] => {
  const prompts = words.map(({ prompt }) => prompt);
  const inGlosses = words.filter((word) => isGloss(word)).flatMap(({ prompt }) => tokenise(prompt));
  return [...new Set([...prompts, ...inGlosses])];
};

export const wordVectors = (words: readonly Word[], { vectorOf, weightOf }: WordSources): readonly Vector[] => {
  const plain = words.filter((word) => !isGloss(word));
  const glosses = [...new Set(words.filter((word) => isGloss(word)).map(({ prompt }) => prompt))];
  const wordMean = meanOf(plain.map(({ word }) => vectorOf(word)));
  const glossMean = meanOf(glosses.map((gloss) => vectorOf(gloss)));
  const letters = (word: string): Vector => minus(vectorOf(word), wordMean);
  const explained = new Map(plain.map(({ word }) => [word, letters(word)]));
  const typicalLength = meanLengthOf([...explained.values()]);

  const glossVector = (gloss: string, known: ReadonlyMap<string, Vector>): Vector => {
    const sum = new Float64Array(wordMean.length);
    for (const word of tokenise(gloss)) {
      add(sum, known.get(word) ?? known.get(singularOf(word)) ?? letters(word), weightOf(word));
    }
    const mixed = unit(minus(vectorOf(gloss), glossMean));
    add(mixed, unit(sum));
    return scaled(unit(mixed), typicalLength);
  };

  for (let round = 0; round < GLOSS_ROUNDS; round += 1) {
    const known = new Map(explained);
    const vectors = new Map(glosses.map((gloss) => [gloss, glossVector(gloss, known)]));
    for (const { word, prompt } of words.filter((entry) => isGloss(entry))) {
      explained.set(word, vectors.get(prompt) ?? new Float64Array(wordMean.length));
    }
  }
  return words.map(({ word }) => explained.get(word) ?? letters(word));
};
