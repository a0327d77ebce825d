/** Marks the words of a question in a passage. Both are data: what is marked is cut from the text, and escaped like the rest of it. */
import { html } from 'hono/html';

import type { Fragment } from './page.ts';

const WORD = /[\p{L}\p{N}]{2,}/gu;
const WORDS_MAX = 20;

const wordsOf = (query: string): readonly string[] =>
  [...new Set(query.toLowerCase().match(WORD) ?? [])].slice(0, WORDS_MAX).toSorted((a, b) => b.length - a.length);

/** Letters and digits only, so nothing of a question is read as a pattern. */
const patternOf = (words: readonly string[]): RegExp | undefined =>
  words.length === 0 ? undefined : new RegExp(`(?:${words.join('|')})[\\p{L}\\p{N}]*`, 'giu');

export const highlighted = (text: string, query: string): readonly (Fragment | string)[] => {
  const pattern = patternOf(wordsOf(query));
  if (pattern === undefined) {
    return [text];
  }
  const parts: (Fragment | string)[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    parts.push(text.slice(at, match.index), html`<mark>${match[0]}</mark>`);
    at = match.index + match[0].length;
  }
  return [...parts, text.slice(at)];
};
