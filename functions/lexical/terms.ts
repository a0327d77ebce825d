/**
 * What a text is found by. Prose becomes stems, without the words that every text has; an identifier becomes its words and
 * itself, so that `getUserById` is found by "users", by "user id" and, best of all, by its own name.
 */
import { compoundsOf } from '../embed/tokenise.ts';
import { stemOf } from './stem.ts';
import { STOP_WORDS } from './stop-words.ts';

export interface Terms {
  /** Stems, in the order of the text; they are what a text's length is counted in. */
  readonly words: readonly string[];
  /** Identifiers as they stand, in lower case: `getuserbyid`. */
  readonly names: readonly string[];
  /** Names of several parts: `orders-api.refunds`, `dead_letter_queue`. They weigh less, since their parts count too. */
  readonly compounds: readonly string[];
}

/** Words recur: a memo of a pure function, bounded, spares most of the work. Nothing depends on it. */
const STEMS_KEPT_MAX = 50_000;
const stems = new Map<string, string>();

const stemmed = (word: string): string => {
  const known = stems.get(word);
  if (known !== undefined) {
    return known;
  }
  if (stems.size >= STEMS_KEPT_MAX) {
    stems.clear();
  }
  const stem = stemOf(word);
  stems.set(word, stem);
  return stem;
};

const TELLING_CHARACTER = /[^a-z]/u;

/** Single letters are what splitting leaves over; a digit or a character of another script may be all that is asked for. */
const isTelling = (word: string): boolean => !STOP_WORDS.has(word) && (word.length > 1 || TELLING_CHARACTER.test(word));

export const readTerms = (text: string): Terms => {
  const words: string[] = [];
  const names: string[] = [];
  const compounds: string[] = [];
  for (const { whole, segments } of compoundsOf(text)) {
    for (const { whole: name, parts } of segments) {
      for (const part of parts.length === 0 ? [name] : parts) {
        if (isTelling(part)) {
          words.push(stemmed(part));
        }
      }
      if (parts.length > 0) {
        names.push(name);
      }
    }
    if (segments.length > 1) {
      compounds.push(whole);
    }
  }
  return { words, names, compounds };
};

const COMPOUND_WEIGHT = 0.5;

/** Each term of a question once, with what it counts. */
export const queryTerms = (query: string): ReadonlyMap<string, number> => {
  const { words, names, compounds } = readTerms(query);
  const weights = new Map<string, number>();
  for (const term of [...words, ...names]) {
    weights.set(term, 1);
  }
  for (const term of compounds) {
    weights.set(term, weights.get(term) ?? COMPOUND_WEIGHT);
  }
  return weights;
};

/** Adds each occurrence. */
export const countInto = (counts: Map<string, number>, terms: Iterable<string>, by: number): void => {
  for (const term of terms) {
    counts.set(term, (counts.get(term) ?? 0) + by);
  }
};
