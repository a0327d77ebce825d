/**
 * Which terms of a long question to look up first, before anything is known of the corpus: names and numbers, then long words,
 * and last the words that every software organisation writes on every page.
 */
import type { QueryTerm } from '../lexical/score.ts';
import { stemOf } from '../lexical/stem.ts';

const COMMON: ReadonlySet<string> = new Set(
  (
    'use used user get set data file value return function code name type error new make work run system time list add change ' +
    'need want find show call create delete update read write test build start stop service server client request response ' +
    'way like one two first last many much good help page line number text string object class method key id example config ' +
    'configuration option default result information document version application project process support state'
  )
    .split(' ')
    .map((word) => stemOf(word)),
);

const LETTERS_COUNTED_MAX = 12;

const tellingOf = ({ term, weight }: QueryTerm): number => {
  const isName = /[^a-z]/u.test(term) || term.length > LETTERS_COUNTED_MAX;
  const common = COMMON.has(term) ? LETTERS_COUNTED_MAX : 0;
  return weight * ((isName ? LETTERS_COUNTED_MAX : 0) + Math.min(LETTERS_COUNTED_MAX, term.length)) - common;
};

export const tellingFirst = (terms: readonly QueryTerm[]): readonly QueryTerm[] =>
  terms.toSorted((left, right) => tellingOf(right) - tellingOf(left));
