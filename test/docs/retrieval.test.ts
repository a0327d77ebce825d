/** The page about retrieval quotes figures of the bench's own shape that meet the bars, and the shipped questions are whole. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { measure } from '../../scripts/bench/retrieval/measures.ts';
import { Bm25 } from '../../scripts/bench/retrieval/plain-bm25.ts';
import { readShippedSet } from '../../scripts/bench/retrieval/shipped-set.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(ROOT, 'docs/retrieval.md'), 'utf8');

const rowsBetween = (name: string): readonly (readonly string[])[] => {
  const text = page.slice(page.indexOf(`<!-- ${name}: `), page.indexOf(`<!-- /${name} -->`));
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| -'))
    .slice(1)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
};

describe('the quoted figures', () => {
  it.each(['tuned', 'held-out', 'all'])('of the half %s meet the bars', (half) => {
    const rows = rowsBetween('quality').filter(([name]) => name === half);
    const ndcg = new Map(rows.map(([, lane, value]) => [lane, Number(value)]));
    expect([...ndcg.keys()]).toEqual(['plain BM25', 'lexical', 'vectors', 'fused']);
    expect(ndcg.get('lexical')).toBeGreaterThanOrEqual((ndcg.get('plain BM25') ?? 1) + 0.04);
    expect(ndcg.get('fused')).toBeGreaterThanOrEqual((ndcg.get('lexical') ?? 1) - 0.005);
  });

  it('of the cost meet the bars', () => {
    const rows = rowsBetween('latency');
    expect(rows.length).toBeGreaterThan(1);
    for (const [, p50, , calls] of rows) {
      expect(Number(p50)).toBeLessThanOrEqual(15);
      expect(Number(calls)).toBeLessThanOrEqual(12);
    }
  });
});

describe('the shipped questions', () => {
  it('are at least a hundred, in two halves, and every judged file is there', async () => {
    const { questions, grades } = await readShippedSet();
    expect(questions.length).toBeGreaterThanOrEqual(100);
    expect(new Set(questions.map(({ text }) => text)).size).toBe(questions.length);
    expect(questions.filter(({ half }) => half === 'held-out').length).toBeGreaterThanOrEqual(50);
    const files = [...grades.values()].flatMap((own) => Array.from(own.keys()));
    expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
    expect(questions.filter(({ id }) => ![...(grades.get(id)?.values() ?? [])].includes(2))).toEqual([]);
  });
});

describe('a measure', () => {
  it('is 1 for the ideal order and falls with every swap', () => {
    const grades = new Map([
      ['a', 2],
      ['b', 1],
    ]);
    expect(measure(['a', 'b', 'c'], grades)).toEqual({ ndcg10: 1, mrr10: 1, recall10: 1, recall20: 1 });
    const swapped = measure(['b', 'a', 'c'], grades);
    expect(swapped.ndcg10).toBeCloseTo((1 + 2 / Math.log2(3)) / (2 + 1 / Math.log2(3)), 10);
    expect(measure(['c', 'd', 'a'], grades).mrr10).toBeCloseTo(1 / 3, 10);
    expect(measure([], grades).ndcg10).toBe(0);
  });

  it('has a bar that is BM25 as everybody has it', () => {
    const plain = new Bm25();
    plain.add('1', 'The queue of orders');
    plain.add('2', 'queue queue and nothing else that is said');
    plain.add('3', 'lighthouse');
    expect(plain.find('Queue', 10)).toHaveLength(2);
    expect(plain.find('lighthouse orders', 10)[0]).toBe('3');
    expect(plain.find('nobody', 10)).toEqual([]);
  });
});
