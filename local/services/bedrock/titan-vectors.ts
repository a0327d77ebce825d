/**
 * Numbers in place of a model: each word has a direction of its own, made from its hash, and a text is the sum of its words. The
 * same text gives the same numbers, texts that share words are near each other, and nothing is meant by it.
 */
import { createHash } from 'node:crypto';

const HASH_NUMBERS = 8;
const DIGITS = 9;

const directionOf = (word: string, dimensions: number): Float64Array => {
  const direction = new Float64Array(dimensions);
  for (let at = 0; at < dimensions; at += HASH_NUMBERS) {
    const hash = createHash('sha256').update(`${at} ${word}`).digest();
    for (let index = 0; index < HASH_NUMBERS && at + index < dimensions; index += 1) {
      direction[at + index] = hash.readInt32BE(index * 4) / 2 ** 31;
    }
  }
  return direction;
};

/** Unit length, as decimals: what `normalize` asks of the model. */
export const titanVector = (text: string, dimensions: number): readonly number[] => {
  const words = text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
  const counts = Map.groupBy(words.length === 0 ? ['(nothing)'] : words, (word) => word);
  const sum = new Float64Array(dimensions);
  for (const [word, found] of counts) {
    for (const [at, value] of directionOf(word, dimensions).entries()) {
      sum[at] = (sum[at] ?? 0) + value * Math.sqrt(found.length);
    }
  }
  const length = Math.hypot(...sum);
  return [...sum].map((value) => Number((value / length).toFixed(DIGITS)));
};

/** About what a tokeniser counts: four letters of plain text, or one character of any other. */
export const titanTokens = (text: string): number => {
  const others = text.match(/[^\0-\u007F]/gu)?.length ?? 0;
  return Math.ceil((text.length - others) / 4) + others;
};
