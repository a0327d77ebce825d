/**
 * BM25 as search servers have it for English: words in the manner of Unicode, Lucene's 33 stop words, Porter's stems, and its
 * usual parameters. For comparison only; the stems are the product's, which its tests hold against Porter's own examples.
 */
import { stemOf } from '../../../functions/lexical/stem.ts';
import { Bm25, type Bm25Terms } from './plain-bm25.ts';

const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was ' +
    'will with'
  ).split(' '),
);

const WORD = /[\p{L}\p{N}_]+(?:[.'’][\p{L}\p{N}_]+)*/gu;

const tokensOf = (text: string): readonly string[] =>
  (text.toLowerCase().match(WORD) ?? [])
    .map((word) => word.replace(/['’]s$/u, ''))
    .filter((word) => !STOP_WORDS.has(word))
    .map((word) => stemOf(word));

const TERMS: readonly Bm25Terms[] = [
  { k1: 0.9, b: 0.4, tokensOf },
  { k1: 1.2, b: 0.75, tokensOf },
];

export const STEMMED: readonly (readonly [name: string, make: () => Bm25])[] = TERMS.map((terms) => [
  `stemmed BM25 ${terms.k1}/${terms.b}`,
  () => new Bm25(terms),
]);
