/** The parts of tools/distill that need no source model: glossary, probabilities, axes, and how glosses become vectors. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelFilePath } from '../../../functions/embed/model-file.ts';
import { loadStaticTable } from '../../../functions/embed/static-table.ts';
import { principalAxes } from '../../../tools/distill/principal-axes.ts';
import { dot, lengthOf, unit } from '../../../tools/distill/vector-math.ts';
import { readGlossary } from '../../../tools/distill/vocabulary.ts';
import { piecesFrom, wordProbability } from '../../../tools/distill/word-probability.ts';
import { textsToEmbed, wordVectors } from '../../../tools/distill/word-vectors.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('the glossary', () => {
  const glossary = readGlossary(readFileSync(join(root, 'tools', 'distill', 'glossary.txt'), 'utf8'));

  it('explains single tokens, each once, and all of them are in the committed table', () => {
    const table = loadStaticTable(readFileSync(modelFilePath(join(root, 'functions', 'embed', 'model'))));
    expect(glossary.length).toBeGreaterThan(1000);
    expect(glossary.filter(({ word }) => !table.rowOf.has(word))).toEqual([]);
  });

  it('shares one gloss among the terms of a line', () => {
    expect(readGlossary('# note\n\ndlq, dlqs: set aside: later\n')).toEqual([
      { word: 'dlq', prompt: 'set aside: later', probability: 0 },
      { word: 'dlqs', prompt: 'set aside: later', probability: 0 },
    ]);
  });

  it.for([
    ['dlq', 'line 1'],
    ['dlq: ', 'line 1'],
    ['a1: one\nb2: two\na1: three', '"a1" twice'],
    ['dead letter: put aside', 'not one token'],
    ['DLQ: put aside', 'not one token'],
  ] as const)('refuses %j', ([text, reason]) => {
    expect(() => readGlossary(text)).toThrow(reason);
  });
});

describe('the probability of a word', () => {
  const pieces = piecesFrom([
    ['\u2581out', -2],
    ['age', -3],
    ['\u2581', -4],
    ['outage', -9],
  ]);

  it('is that of its best split into pieces', () => {
    expect(Math.log(wordProbability(pieces, 'outage'))).toBeCloseTo(-5, 10);
  });

  it('is tiny, not zero, for letters that no piece holds', () => {
    const probability = wordProbability(pieces, 'zz');
    expect(probability).toBeGreaterThan(0);
    expect(probability).toBeLessThan(1e-15);
  });

  it('needs a vocabulary that is a list', () => {
    expect(() => piecesFrom({})).toThrow('vocab.json');
  });
});

describe('principal axes', () => {
  const rows = Array.from({ length: 400 }, (_, index) => {
    const along = Math.sin(index) * 5;
    const across = Math.sin(index * 7.3);
    return Float64Array.from([along * 0.6 + across * 0.8, along * 0.8 - across * 0.6, Math.sin(index * 3.1) * 0.1]);
  });

  it('come by falling variance, and point where the rows spread', () => {
    const [first, second] = principalAxes(rows, 2);
    expect(first?.variance).toBeGreaterThan(10);
    expect(second?.variance).toBeLessThan(1);
    expect(first?.direction[0]).toBeCloseTo(0.6, 1);
    expect(first?.direction[1]).toBeCloseTo(0.8, 1);
  });

  it('are orthogonal unit vectors with a fixed sign', () => {
    const axes = principalAxes(rows, 3);
    for (const [index, { direction }] of axes.entries()) {
      expect(lengthOf(direction)).toBeCloseTo(1, 10);
      expect(Math.max(...direction)).toBeGreaterThanOrEqual(Math.abs(Math.min(...direction)));
      for (const other of axes.slice(index + 1)) {
        expect(dot(direction, other.direction)).toBeCloseTo(0, 10);
      }
    }
  });
});

describe('word vectors', () => {
  const vectors = new Map([
    ['cat', [4, 0, 0]],
    ['dog', [0, 4, 0]],
    ['the', [0, 0, 4]],
    ['kafka', [9, 9, 9]],
    ['the dog', [1, 6, 2]],
    ['the cat', [6, 1, 2]],
  ]);
  const words = [
    { word: 'cat', prompt: 'cat', probability: 0 },
    { word: 'dog', prompt: 'dog', probability: 0 },
    { word: 'the', prompt: 'the', probability: 0 },
    { word: 'kafka', prompt: 'the dog', probability: 0 },
    { word: 'felis', prompt: 'the cat', probability: 0 },
  ];
  const sources = {
    vectorOf: (text: string): Float64Array => Float64Array.from(vectors.get(text) ?? []),
    weightOf: (word: string): number => (word === 'the' ? 0.1 : 1),
  };

  it('put a glossed term near the words of its gloss', () => {
    const [cat, dog, , kafka] = wordVectors(words, sources).map((vector) => unit(vector));
    if (cat === undefined || dog === undefined || kafka === undefined) {
      throw new Error('a word has no vector');
    }
    expect(dot(kafka, dog)).toBeGreaterThan(0.8);
    expect(dot(kafka, cat)).toBeLessThan(0);
  });

  it('ask for every prompt and every word of a gloss, once', () => {
    expect(textsToEmbed(words)).toEqual(['cat', 'dog', 'the', 'the dog', 'the cat']);
  });
});
