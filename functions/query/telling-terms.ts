/**
 * Which terms of a long question to look up first. Before anything is known of the corpus: names and numbers, then long words,
 * and last the words that every software organisation writes on every page. Where a part of it was read: the rare ones.
 */
import { idfsIn, type QueryTerm, type ReadBucket } from '../lexical/score.ts';
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

/** Whether an answer may lack something where this one was not looked up. */
export const isTelling = ({ term }: QueryTerm): boolean => !COMMON.has(term);

export const tellingFirst = (terms: readonly QueryTerm[]): readonly QueryTerm[] =>
  terms.toSorted((left, right) => tellingOf(right) - tellingOf(left));

/** By what was read of a corpus. Documents are spread over units by hash, so one unit tells of them all. */
export const rarestFirst = (buckets: readonly ReadBucket[], terms: readonly QueryTerm[]): readonly QueryTerm[] => {
  const idfs = idfsIn(buckets, terms);
  const worth = new Map(terms.map((term, at) => [term, (idfs[at] ?? 0) * term.weight]));
  return terms.toSorted((left, right) => (worth.get(right) ?? 0) - (worth.get(left) ?? 0));
};
