/** The sizes that splitting keeps, in UTF-16 code units, derived from the product's limits. */
import { LIMITS } from '../../domain/limits.ts';

/** Between breadcrumb and text, where the two are embedded together. */
const SEPARATOR_CHARS = 2;

/** A breadcrumb over this is shortened: a deep path must not take the room of the text that it introduces. */
export const BREADCRUMB_CHARS_MAX = 400;

export const SIZES = {
  /** Pieces are cut down to this where the structure offers a place to cut. */
  target: LIMITS.chunkCharsTarget,
  /** A neighbour smaller than this is merged; what the bound on the number of chunks rests on. */
  small: LIMITS.chunkCharsTarget / 2,
  /** A last piece smaller than this joins the one before, rather than stand alone as a stub. */
  stub: (LIMITS.chunkCharsTarget * 3) / 8,
  stubbed: LIMITS.chunkCharsTarget * 1.25,
  /** What must not be cut (a fence, a table, a function) stays whole up to this; longer lines are cut here. */
  textMax: LIMITS.chunkCharsMax - BREADCRUMB_CHARS_MAX - SEPARATOR_CHARS,
} as const;
