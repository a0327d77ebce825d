/**
 * Where a term's postings lie: its bucket, and the number by which a bucket knows it. Two hashes of the letters, the same on
 * every machine. Two terms of one bucket share a number once in four thousand million, and then count as one.
 */

/** Every source has at most this many records for each of its units; a search reads one partition for each term. */
export const BUCKETS = 128;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const SECOND_SEED = 0x9e3779b9;

const mixed = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const fnv = (text: string, seed: number): number => {
  let hash = FNV_OFFSET ^ seed;
  for (let at = 0; at < text.length; at += 1) {
    // oxlint-disable-next-line unicorn/prefer-code-point -- code units are what is hashed, halves of a pair included
    hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  }
  return mixed(hash);
};

export const bucketOf = (term: string): number => fnv(term, 0) % BUCKETS;

/** 32 bits, independent of the bucket. */
export const fingerprintOf = (term: string): number => fnv(term, SECOND_SEED);
