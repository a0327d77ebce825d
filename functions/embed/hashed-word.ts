/**
 * A direction for any word, from its letters alone: character trigrams hashed to signed positions.
 * It lets words that the table does not hold (service names, ids, other scripts) match themselves and their spellings,
 * and keeps the synonyms inside the table apart. Integer hashing and plain sums: the same on every platform.
 */

const GRAM_CHARS = 3;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Two positions for each trigram: a collision of one is then half a collision. */
const POSITIONS_PER_GRAM = 2;

const mixed = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const hashOf = (text: string, start: number, end: number): number => {
  let hash = FNV_OFFSET;
  for (let index = start; index < end; index += 1) {
    hash = Math.imul(hash ^ (text.codePointAt(index) ?? 0), FNV_PRIME);
  }
  return mixed(hash);
};

/** Adds the word's direction to `sum`, about `weight` long. `sum` has at most 256 values, a power of two. */
export const addHashedWord = (sum: Float64Array, word: string, weight: number): void => {
  const text = `<${word}>`;
  const grams = text.length - GRAM_CHARS + 2;
  const mask = sum.length - 1;
  const step = weight / Math.sqrt(POSITIONS_PER_GRAM * Math.max(1, grams));
  const add = (hash: number): void => {
    const first = hash & mask;
    const second = (hash >>> 8) & mask;
    sum[first] = (sum[first] ?? 0) + ((hash & 0x10000) === 0 ? step : -step);
    sum[second] = (sum[second] ?? 0) + ((hash & 0x20000) === 0 ? step : -step);
  };
  add(hashOf(text, 0, text.length));
  for (let start = 0; start + GRAM_CHARS <= text.length; start += 1) {
    add(hashOf(text, start, start + GRAM_CHARS));
  }
};
