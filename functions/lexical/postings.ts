/**
 * One bucket of one unit as text: for each term its fingerprint, how many chunks have it, and for each chunk its handle, how
 * often (a class) and how long the chunk is (a class). Three bytes are four characters of base64, so a posting is four
 * characters and a term's head eight, whatever the numbers are.
 */

export interface Posting {
  /** The first four hexadecimal digits of the chunk's id. */
  readonly handle: number;
  /** Weighted occurrences. */
  readonly frequency: number;
  /** In words. */
  readonly length: number;
}

/** What a frequency's class stands for; what lies between belongs to the class below. */
const FREQUENCIES: readonly number[] = [1, 2, 3, 4, 6, 9, 14, 24];
const LENGTH_BITS = 5;
const LENGTH_CLASSES = 2 ** LENGTH_BITS;
const LENGTH_MIN = 8;
/** A quarter of an octave each: 8 to about 1700 words. */
const CLASSES_PER_OCTAVE = 4;
const LENGTHS: readonly number[] = Array.from(
  { length: LENGTH_CLASSES },
  (_, at) => LENGTH_MIN * 2 ** (at / CLASSES_PER_OCTAVE),
);

const HEAD_BYTES = 6;
const POSTING_BYTES = 3;
const COUNT_MAX = 0xffff;

const classOf = (values: readonly number[], value: number): number => {
  let found = 0;
  while (found + 1 < values.length && (values[found + 1] ?? 0) <= value) {
    found += 1;
  }
  return found;
};

/** Rounded in the logarithm, so that classes are not all read as shorter than they are. */
export const lengthClass = (words: number): number =>
  Math.max(
    0,
    Math.min(LENGTH_CLASSES - 1, Math.round(CLASSES_PER_OCTAVE * Math.log2(Math.max(1, words) / LENGTH_MIN))),
  );

export const SLOTS = 0x1_00_00 * LENGTH_CLASSES;

/**
 * A chunk has one length in all of its postings: together with the handle it tells apart nearly all chunks whose handles are the
 * same. Their postings must not add up to a chunk that has the words of both.
 */
export const slotOf = (handle: number, lengthClassOf: number): number => handle * LENGTH_CLASSES + lengthClassOf;
export const handleOfSlot = (slot: number): number => Math.floor(slot / LENGTH_CLASSES);
export const lengthClassIn = (code: number): number => code & (LENGTH_CLASSES - 1);

export const frequencyOf = (code: number): number => FREQUENCIES[code >> LENGTH_BITS] ?? 1;
export const lengthOf = (code: number): number => LENGTHS[lengthClassIn(code)] ?? LENGTH_MIN;

export type TermPostings = readonly (readonly [fingerprint: number, postings: readonly Posting[]])[];

/** In the order of fingerprints and handles, so that equal contents are equal bytes. */
export const encodePostings = (terms: TermPostings): string => {
  const sorted = terms.toSorted(([left], [right]) => left - right);
  const sizes = sorted.map(([, postings]) => HEAD_BYTES + POSTING_BYTES * Math.min(COUNT_MAX, postings.length));
  const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const [fingerprint, postings] of sorted) {
    const listed = postings
      .toSorted((left, right) => left.handle - right.handle || left.length - right.length)
      .slice(0, COUNT_MAX);
    bytes.writeUInt32BE(fingerprint, at);
    bytes.writeUInt16BE(listed.length, at + 4);
    at += HEAD_BYTES;
    for (const { handle, frequency, length } of listed) {
      bytes.writeUInt16BE(handle, at);
      bytes.writeUInt8((classOf(FREQUENCIES, Math.round(frequency)) << LENGTH_BITS) | lengthClass(length), at + 2);
      at += POSTING_BYTES;
    }
  }
  return bytes.toString('base64');
};

/** The postings of one term, still packed. */
export interface PackedPostings {
  readonly bytes: Buffer;
  readonly start: number;
  readonly count: number;
}

/** Undefined where the bucket does not have the term, or is damaged before it. */
export const findPostings = (bytes: Buffer, fingerprint: number): PackedPostings | undefined => {
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const count = bytes.readUInt16BE(at + 4);
    const start = at + HEAD_BYTES;
    if (bytes.readUInt32BE(at) === fingerprint) {
      return start + count * POSTING_BYTES <= bytes.length ? { bytes, start, count } : undefined;
    }
    at = start + count * POSTING_BYTES;
  }
  return undefined;
};

/** Handle and code of each posting. */
export const eachPosting = (
  { bytes, start, count }: PackedPostings,
  see: (handle: number, code: number) => void,
): void => {
  for (let at = start, end = start + count * POSTING_BYTES; at < end; at += POSTING_BYTES) {
    see(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0), bytes[at + 2] ?? 0);
  }
};

export const decodePostings = (packed: PackedPostings): readonly Posting[] => {
  const postings: Posting[] = [];
  eachPosting(packed, (handle, code) => {
    postings.push({ handle, frequency: frequencyOf(code), length: lengthOf(code) });
  });
  return postings;
};
