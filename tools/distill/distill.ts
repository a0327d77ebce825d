/**
 * Distils USE-lite into functions/embed/model/static-256.bin: word vectors, centred, on their 256 principal axes, weighted by
 * rarity, int8. Takes about two minutes and gives the same bytes each time. `npm ci && npm run distil` in this folder.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addHashedWord } from '../../functions/embed/hashed-word.ts';
import { modelFilePath } from '../../functions/embed/model-file.ts';
import { packTable } from './pack-table.ts';
import type { WeightedRow } from './pack-table.ts';
import { principalAxes } from './principal-axes.ts';
import type { Axis } from './principal-axes.ts';
import { embedAll, pieceScores, sourceName } from './teacher.ts';
import { dot, meanLengthOf } from './vector-math.ts';
import type { Vector } from './vector-math.ts';
import { chooseWords, readGlossary } from './vocabulary.ts';
import type { Word } from './vocabulary.ts';
import { wordProbability } from './word-probability.ts';
import type { PieceScores } from './word-probability.ts';
import { textsToEmbed, wordVectors } from './word-vectors.ts';

const WORDS_MAX = 20_000;
const DIMENSIONS = 256;
/** Smooth inverse frequency: a word of this probability counts half. */
const HALF_WEIGHT_PROBABILITY = 2e-4;
/** Share of a row that is its spelling: keeps words apart that share a gloss. */
const SPELLING_SHARE = 0.4;
/** Length of an unknown word against a known rare one. */
const UNKNOWN_SHARE = 0.3;

const here = import.meta.dirname;
const modules = join(here, 'node_modules');
const target = modelFilePath(join(here, '..', '..', 'functions', 'embed', 'model'));

const weightOf = (probability: number): number => HALF_WEIGHT_PROBABILITY / (HALF_WEIGHT_PROBABILITY + probability);

/** The fourth root of the variance is divided out: the few strongest axes hold topics, and would drown the details. */
const project = (row: Vector, axes: readonly Axis[]): Vector =>
  Float64Array.from(axes, ({ direction, variance }) => dot(direction, row) / Math.sqrt(Math.sqrt(variance)));

const sourceVectors = async (words: readonly Word[], pieces: PieceScores): Promise<readonly Vector[]> => {
  const texts = textsToEmbed(words);
  const embedded = await embedAll(texts);
  const vectorByText = new Map(texts.map((text, index) => [text, embedded[index]]));
  return wordVectors(words, {
    vectorOf: (text) => vectorByText.get(text) ?? new Float64Array(),
    weightOf: (word) => weightOf(wordProbability(pieces, word)),
  });
};

const pieces = pieceScores();
const words = chooseWords(modules, readGlossary(readFileSync(join(here, 'glossary.txt'), 'utf8')), pieces, WORDS_MAX);
const sources = await sourceVectors(words, pieces);
const axes = principalAxes(sources, DIMENSIONS);
const vectors = sources.map((row) => project(row, axes));
const meanLength = meanLengthOf(vectors);
const rows = words.map(({ word, probability }, index): WeightedRow => {
  const vector = vectors[index] ?? new Float64Array(DIMENSIONS);
  addHashedWord(vector, word, SPELLING_SHARE * meanLength);
  return { word, vector, weight: weightOf(probability) };
});
const table = packTable(rows, DIMENSIONS, {
  model: 'use-lite-static-256',
  licence: 'Apache-2.0',
  source: sourceName(),
  unknownWeight: UNKNOWN_SHARE * meanLength,
});
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, table);
const sha256 = createHash('sha256').update(table).digest('hex');
console.log(JSON.stringify({ file: target, bytes: table.length, words: rows.length, dimensions: DIMENSIONS, sha256 }));
