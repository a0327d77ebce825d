/** Reads query parameters strictly: an unknown or repeated one is refused by name, since ignoring it would answer another question. */
import { LIMITS } from '../domain/limits.ts';
import { type Answer, problem } from './answer.ts';

export type Parameters<T> =
  { readonly kind: 'read'; readonly value: T } | { readonly kind: 'refused'; readonly answer: Answer };

export interface SearchParameters {
  readonly query: string;
  readonly limit: number;
  /** Empty means all. */
  readonly sources: readonly string[];
}

const NAMES_SHOWN_MAX = 5;
const NAME_CHARS_MAX = 40;
const SOURCES_MAX = 50;

/** Control and direction characters: they change what a person sees, and mean nothing in a question. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** What came from outside and is shown again. */
export const shownText = (text: string): string => {
  const plain = text.replaceAll(UNSEEN, ' ').trim();
  return plain.length > NAME_CHARS_MAX ? `${plain.slice(0, NAME_CHARS_MAX).toWellFormed()}…` : plain;
};

const refuse = (what: string, why: string, next: string): { readonly kind: 'refused'; readonly answer: Answer } => ({
  kind: 'refused',
  answer: problem(400, 'bad-parameter', { what, why, next }),
});

/** Refuses every parameter that the route does not know. */
export const onlyKnown = (parameters: URLSearchParams, known: readonly string[]): Answer | undefined => {
  const unknown = [...new Set(parameters.keys())].filter((name) => !known.includes(name));
  if (unknown.length === 0) {
    return undefined;
  }
  const names = unknown.slice(0, NAMES_SHOWN_MAX).map((name) => `"${shownText(name)}"`);
  return refuse(
    `unknown query parameter ${names.join(', ')}${unknown.length > NAMES_SHOWN_MAX ? ', …' : ''}`,
    'A parameter that is not known may be a misspelt one, and leaving it out would answer another question.',
    known.length === 0 ? 'This address takes no parameters.' : `Known parameters are ${known.join(', ')}.`,
  ).answer;
};

const readQuery = (parameters: URLSearchParams): Parameters<string> => {
  const given = parameters.getAll('q');
  if (given.length > 1) {
    return refuse('the parameter "q" is given more than once', 'One answer answers one question.', 'Send it once.');
  }
  const query = (given[0] ?? '').replaceAll(UNSEEN, ' ').trim();
  if (query === '') {
    return refuse(
      'the parameter "q" is missing or empty',
      'There is nothing to look for.',
      'Send q=<a question or a name>.',
    );
  }
  return query.length > LIMITS.queryCharsMax
    ? refuse(
        `the parameter "q" has ${query.length} characters`,
        `A question has at most ${LIMITS.queryCharsMax}.`,
        'Send a shorter question.',
      )
    : { kind: 'read', value: query };
};

const readLimit = (parameters: URLSearchParams): Parameters<number> => {
  const given = parameters.getAll('limit');
  const [text = LIMITS.searchResultsDefault.toString()] = given;
  const limit = /^\d{1,4}$/u.test(text) ? Number(text) : 0;
  return given.length > 1 || limit < 1 || limit > LIMITS.searchResultsMax
    ? refuse(
        `the parameter "limit" is "${shownText(given.join(', '))}"`,
        `It is one whole number from 1 to ${LIMITS.searchResultsMax}.`,
        `Send limit=${LIMITS.searchResultsDefault}, or leave it out.`,
      )
    : { kind: 'read', value: limit };
};

const readSources = (parameters: URLSearchParams): Parameters<readonly string[]> => {
  const names = [...new Set(parameters.getAll('source').flatMap((one) => one.split(',')))].map((name) => name.trim());
  return names.includes('') || names.length > SOURCES_MAX
    ? refuse(
        'the parameter "source" can\'t be read',
        `It is the id of a source; at most ${SOURCES_MAX} of them, repeated or separated by commas.`,
        'See /v1/sources for the ids.',
      )
    : { kind: 'read', value: names };
};

export const SEARCH_PARAMETERS: readonly string[] = ['q', 'limit', 'source'];

export const readSearchParameters = (parameters: URLSearchParams): Parameters<SearchParameters> => {
  const query = readQuery(parameters);
  if (query.kind === 'refused') {
    return query;
  }
  const limit = readLimit(parameters);
  if (limit.kind === 'refused') {
    return limit;
  }
  const sources = readSources(parameters);
  return sources.kind === 'refused'
    ? sources
    : { kind: 'read', value: { query: query.value, limit: limit.value, sources: sources.value } };
};
