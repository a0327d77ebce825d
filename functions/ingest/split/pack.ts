/**
 * Packs ranked lines into pieces. A piece over the target is cut at its best rank, the parts are packed in the same way
 * by the next rank, and small neighbours are merged on the way back. Every non-blank line is in exactly one piece; a line
 * that no chunk can hold is cut by length. Work is linear: each rank looks at each line once.
 */
import type { Lines } from './lines.ts';
import { type Marks, RANK_ATOMIC, RANK_BLANK, RANK_HARD } from './marks.ts';
import { SIZES } from './sizes.ts';

/** What is never cut again: a line, or a part of a line that is too long. */
interface Atoms {
  readonly count: number;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly ranks: Uint8Array;
  readonly lines: Uint32Array;
}

/** Atoms from first to last, neither of them blank. */
interface Piece {
  readonly first: number;
  readonly last: number;
}

export interface PackedText {
  readonly text: string;
  /** Line numbers from 0. */
  readonly firstLine: number;
  readonly lastLine: number;
}

/** Looks this far back for a space, so that a cut falls between words. */
const WORD_CHARS_MAX = 200;
const SPACE = /\s/u;
const HIGH_SURROGATE = /[\uD800-\uDBFF]/u;

const cutBefore = (text: string, start: number, limit: number): number => {
  for (let at = limit; at > limit - WORD_CHARS_MAX && at > start + 1; at -= 1) {
    if (SPACE.test(text.charAt(at - 1))) {
      return at;
    }
  }
  // Half a character is no character: JSON, hashes and models would each make something else of it.
  return HIGH_SURROGATE.test(text.charAt(limit - 1)) ? limit - 1 : limit;
};

const partsOf = (text: string, start: number, end: number): readonly number[] => {
  const parts: number[] = [start];
  for (let at = start; end - at > SIZES.textMax;) {
    at = cutBefore(text, at, at + SIZES.textMax);
    parts.push(at);
  }
  return parts;
};

const countAtoms = (lines: Lines): number => {
  let count = lines.count;
  for (let line = 0; line < lines.count; line += 1) {
    const chars = (lines.ends[line] ?? 0) - (lines.starts[line] ?? 0);
    // A cut moves back by at most a word, so no part but the last is shorter than this.
    count += Math.floor(chars / (SIZES.textMax - WORD_CHARS_MAX));
  }
  return count;
};

const atomsOf = (lines: Lines, marks: Marks): Atoms => {
  const sizeMax = countAtoms(lines);
  const starts = new Uint32Array(sizeMax);
  const ends = new Uint32Array(sizeMax);
  const ranks = new Uint8Array(sizeMax);
  const numbers = new Uint32Array(sizeMax);
  let count = 0;
  for (let line = 0; line < lines.count; line += 1) {
    const end = lines.ends[line] ?? 0;
    const rank = marks.ranks[line] ?? RANK_BLANK;
    const parts = partsOf(lines.text, lines.starts[line] ?? 0, end);
    for (const [part, start] of parts.entries()) {
      starts[count] = start;
      ends[count] = parts[part + 1] ?? end;
      numbers[count] = line;
      ranks[count] = part === 0 || rank === RANK_BLANK ? rank : RANK_HARD;
      count += 1;
    }
  }
  return { count, starts, ends, ranks, lines: numbers };
};

const spanOf = (atoms: Atoms, first: number, last: number): number =>
  (atoms.ends[last] ?? 0) - (atoms.starts[first] ?? 0);

/** The parts of a range that begin at lines of this rank, without the blank lines around them. */
const cutAt = (atoms: Atoms, { first, last }: Piece, rank: number): readonly Piece[] => {
  const parts: Piece[] = [];
  let from = -1;
  let to = -1;
  for (let atom = first; atom <= last; atom += 1) {
    if (atoms.ranks[atom] === RANK_BLANK) {
      continue;
    }
    if (atoms.ranks[atom] === rank && from !== -1) {
      parts.push({ first: from, last: to });
      from = atom;
    }
    from = from === -1 ? atom : from;
    to = atom;
  }
  return from === -1 ? parts : [...parts, { first: from, last: to }];
};

const joinStub = (atoms: Atoms, pieces: readonly Piece[]): readonly Piece[] => {
  const last = pieces.at(-1);
  const before = pieces.at(-2);
  if (
    last === undefined ||
    before === undefined ||
    spanOf(atoms, last.first, last.last) >= SIZES.stub ||
    spanOf(atoms, before.first, last.last) > SIZES.stubbed
  ) {
    return pieces;
  }
  return [...pieces.slice(0, -2), { first: before.first, last: last.last }];
};

/**
 * Merges neighbours that fit together under the target: all of them where `fill` is set, else only onto small ones.
 * Either way a small piece that stays alone is followed by one that it could not join, which bounds how many there are.
 */
const mergeSmall = (atoms: Atoms, pieces: readonly Piece[], fill: boolean): readonly Piece[] => {
  const merged: Piece[] = [];
  let open: Piece | undefined;
  for (const piece of pieces) {
    if (
      open !== undefined &&
      (fill || spanOf(atoms, open.first, open.last) < SIZES.small) &&
      spanOf(atoms, open.first, piece.last) <= SIZES.target
    ) {
      open = { first: open.first, last: piece.last };
    } else {
      if (open !== undefined) {
        merged.push(open);
      }
      open = piece;
    }
  }
  return joinStub(atoms, open === undefined ? merged : [...merged, open]);
};

const packFrom = (atoms: Atoms, marks: Marks, piece: Piece, rank: number): readonly Piece[] => {
  const span = spanOf(atoms, piece.first, piece.last);
  if (span <= SIZES.target || (rank >= RANK_ATOMIC && span <= SIZES.textMax) || rank > RANK_HARD) {
    return [piece];
  }
  const parts = cutAt(atoms, piece, rank);
  const packed = parts.flatMap((part) => packFrom(atoms, marks, part, rank + 1));
  return parts.length < 2 ? packed : mergeSmall(atoms, packed, marks.filled.has(rank));
};

const wholeOf = (atoms: Atoms): Piece => ({ first: 0, last: atoms.count - 1 });

const VISIBLE = /\S/u;

/** The texts of a document's chunks, in order. */
export const pack = (lines: Lines, marks: Marks): readonly PackedText[] => {
  const atoms = atomsOf(lines, marks);
  // A rank that no line has: trims the blank lines at both ends of the document.
  return cutAt(atoms, wholeOf(atoms), RANK_HARD + 1)
    .flatMap((piece) => packFrom(atoms, marks, piece, 0))
    .map(({ first, last }) => ({
      text: lines.text.slice(atoms.starts[first] ?? 0, atoms.ends[last] ?? 0),
      firstLine: atoms.lines[first] ?? 0,
      lastLine: atoms.lines[last] ?? 0,
    }))
    .filter(({ text }) => VISIBLE.test(text));
};
