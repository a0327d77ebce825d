/**
 * The only source of chance in a simulation: xoshiro128** seeded from text. Each process and each plan draws from its own
 * stream, named by what it is, so that taking one action out of a plan does not change what the others meet.
 */

/** FNV-1a, then an avalanche: near texts give far seeds. */
export const hashText = (text: string, seed = 0x81_1c_9d_c5): number => {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) {
    // oxlint-disable-next-line unicorn/prefer-code-point -- code units are what the hash is over
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01_00_01_93);
  }
  return mix(hash);
};

const mix = (value: number): number => {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85_eb_ca_6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2_b2_ae_35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

const RANGE = 0x1_00_00_00_00;

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(name: string) {
    this.#a = hashText(name, 1);
    this.#b = hashText(name, 2);
    this.#c = hashText(name, 3);
    // All zero would stay zero for ever.
    this.#d = hashText(name, 4) | 1;
  }

  next(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor((this.next() / RANGE) * limit);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability * RANGE;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  /** One of the values, as often as its weight says. */
  weighted<T>(choices: readonly [readonly [T, number], ...(readonly [T, number])[]]): T {
    let rest = this.below(choices.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [value, weight] of choices) {
      rest -= weight;
      if (rest < 0) {
        return value;
      }
    }
    return choices[0][0];
  }
}
