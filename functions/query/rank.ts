/**
 * What the lanes do not know: a heading that declares the very name that was asked for, a decision that no longer holds, a
 * source that was read long ago; and that one long file, or one kind of document, must not be the whole answer. Pure.
 */
import { compoundsOf } from '../embed/tokenise.ts';
import { readTerms } from '../lexical/terms.ts';
import type { Candidate } from './candidates.ts';
import type { Places } from './fuse.ts';

export interface Ranked {
  readonly candidate: Candidate;
  /** 0 to 1. */
  readonly score: number;
  readonly lanes: Places;
}

/** What no longer holds is shown, after what holds. */
const OUTDATED_FACTOR = 0.8;
const OUTDATED: ReadonlySet<string> = new Set(['Superseded', 'Deprecated', 'Rejected']);
/** Declares the name that was asked for: stands before whatever only uses it. */
const NAMED_FACTOR = 1.5;
/** Its title or heading has every word of the question. */
const TITLED_FACTOR = 1.15;
const STALE_FACTOR = 0.97;
const PASSAGES_PER_DOCUMENT_MAX = 2;
const TITLE_WORDS_MIN = 2;

interface Asked {
  /** Identifiers, or the only word. Plain words among others are prose. */
  readonly names: readonly string[];
  readonly words: readonly string[];
}

const askedOf = (query: string): Asked => {
  const compounds = compoundsOf(query);
  return {
    names: compounds
      .filter(
        ({ segments }) =>
          compounds.length === 1 || segments.length > 1 || segments.some(({ parts }) => parts.length > 0),
      )
      .map(({ whole }) => whole),
    words: [...new Set(readTerms(query).words)],
  };
};

const namesOf = (text: string): ReadonlySet<string> =>
  new Set(compoundsOf(text).flatMap(({ whole, segments }) => [whole].concat(segments.map((segment) => segment.whole))));

const boostOf = ({ names, words }: Asked, { document, chunk }: Candidate): number => {
  const heading = chunk.heading ?? '';
  const declared = namesOf(heading);
  if (names.some((name) => declared.has(name))) {
    return NAMED_FACTOR;
  }
  const said = new Set(readTerms(`${document.title} ${heading}`).words);
  return words.length >= TITLE_WORDS_MIN && words.every((word) => said.has(word)) ? TITLED_FACTOR : 1;
};

/** In their order, best first. `isStale`: whether a source was read long ago. */
export const boostRanked = (
  query: string,
  ranked: readonly Ranked[],
  isStale: (source: string) => boolean = () => false,
): readonly Ranked[] => {
  const asked = askedOf(query);
  return ranked
    .map((one, at) => {
      const { document } = one.candidate;
      const factor =
        boostOf(asked, one.candidate) *
        (OUTDATED.has(document.status ?? '') ? OUTDATED_FACTOR : 1) *
        (isStale(document.src) ? STALE_FACTOR : 1);
      return { one: { ...one, score: Math.min(1, one.score * factor) }, order: one.score * factor, at };
    })
    .toSorted((left, right) => right.order - left.order || left.at - right.at)
    .map(({ one }) => one);
};

const isCode = ({ candidate }: Ranked): boolean => candidate.document.kind === 'code';

/** Of code and of prose, where both have something to say: the weaker kind keeps this share of the places. */
const SHARE_MIN = 0.25;
/** What is worth less than this beside the best of all gets no place for being of another kind. */
const WORTH_MIN = 0.5;

const placesKept = (ranked: readonly Ranked[], limit: number): { readonly code: number; readonly prose: number } => {
  const floor = (ranked[0]?.score ?? 0) * WORTH_MIN;
  const share = Math.floor(limit * SHARE_MIN);
  const worthy = ranked.filter(({ score }) => score >= floor);
  const code = Math.min(share, worthy.filter((one) => isCode(one)).length);
  return { code: limit - Math.min(share, worthy.filter((one) => !isCode(one)).length), prose: limit - code };
};

/** The best few: at most two of one document, and a quarter of the places for the weaker of code and prose. */
export const selectRanked = (
  ranked: readonly Ranked[],
  limit: number,
  perDocumentMax = PASSAGES_PER_DOCUMENT_MAX,
): readonly Ranked[] => {
  const taken = new Map<string, number>();
  const candidates = ranked.filter(({ candidate }) => {
    const count = taken.get(candidate.document.id) ?? 0;
    taken.set(candidate.document.id, count + 1);
    return count < perDocumentMax;
  });
  const left = { ...placesKept(candidates, limit) };
  const selected: Ranked[] = [];
  const later: Ranked[] = [];
  for (const one of candidates) {
    const kind = isCode(one) ? 'code' : 'prose';
    if (selected.length < limit && left[kind] > 0) {
      left[kind] -= 1;
      selected.push(one);
    } else {
      later.push(one);
    }
  }
  const filled = [...selected, ...later.slice(0, Math.max(0, limit - selected.length))];
  return filled.toSorted((a, b) => ranked.indexOf(a) - ranked.indexOf(b));
};
