/**
 * What the readers of prose and of code say about a document, one rank and one outline node per line. The rank tells how
 * good a place the line is to begin a chunk: 0 is best. One packer (`pack.ts`) then serves every kind of document.
 */
import type { Outline } from './outline.ts';

/** From this rank on a cut falls inside something that belongs together: only what is over the hard limit is cut there. */
export const RANK_ATOMIC = 9;
/** A line that only goes on with the one before. */
export const RANK_LINE = 13;
/** A closing bracket, an `else`: the last place to cut that still is a line. */
export const RANK_CLOSER = 14;
/** Inside a line that is too long for any chunk. */
export const RANK_HARD = 15;
/** No chunk begins or ends with a blank line. */
export const RANK_BLANK = 255;

export interface Marks {
  readonly ranks: Uint8Array;
  readonly nodes: Uint32Array;
  readonly outline: Outline;
  /**
   * Cuts of these ranks separate parts of one thing (paragraphs, statements): pieces between them are filled up to the
   * target. Pieces between other cuts (sections, declarations) are merged only while they are small.
   */
  readonly filled: ReadonlySet<number>;
}
