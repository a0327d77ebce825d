/** What `docs/graph.md` says that answers cost: the bench's own table, which meets its bars; and bars that can be missed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { memoryReader } from '../../functions/graph/answers/memory-reader.ts';
import { blastRadius } from '../../functions/graph/answers/questions.ts';
import { CONSTANT_COMPONENT, factsOf, planOf } from '../../scripts/bench/graph/generate.ts';
import { BARS, judge, PAGE, type Report, reportLines, type Row, withTable } from '../../scripts/bench/graph/report.ts';
import { radiusOf } from '../../scripts/bench/graph/truth.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../..', PAGE), 'utf8');

const cells = page
  .split('\n')
  .filter((line) => /^\| \d+ /u.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

const QUIET = { down: 4, unknown: 1, answerKib: 10, calls: 6, records: 30, kib: 25, headCalls: 2, p50Ms: 9, maxMs: 9 };

const row = (more: Partial<Row>): Row => ({
  ...QUIET,
  kind: 'incident',
  asked: 'us-east-1',
  repositories: 25,
  ...more,
});

const reportOf = (...rows: readonly Row[]): Report => ({ nodes: 1, edges: 1, records: 1, coldMs: 1, rows });

describe('the table of costs', () => {
  it('is of the largest organisation, and bytes read follow those of the answer', () => {
    const largest = cells.filter(([, repositories]) => repositories === '200');
    expect(largest.length).toBeGreaterThan(5);
    for (const [, , asked, , , , , , , each] of largest) {
      const smallest = cells.find(([, repositories, same]) => repositories === '25' && same === asked);
      expect(Number(each) / Number(smallest?.[9])).toBeLessThanOrEqual(BARS.readPerAnswerGrowthMax);
    }
  });

  it('has one answer that is read with the same at every size', () => {
    const constant = cells.filter(([, , asked]) => asked === CONSTANT_COMPONENT);
    expect(constant.length).toBeGreaterThan(2);
    expect(new Set(constant.map((one) => one.slice(3, 10).join(' '))).size).toBe(1);
  });

  it('takes the place of the one before', () => {
    const lines = reportLines(reportOf(row({ asked: 'xx' })));
    const written = withTable(page, lines);
    expect(written).toContain(lines.join('\n'));
    expect(withTable(written, lines)).toBe(written);
    expect(written.split('\n').filter((line) => /^\| \d+ /u.test(line))).toHaveLength(1);
  });
});

describe('the bars of the bench', () => {
  it('are missed by an answer that is slow, by more bytes for the same answer, and by more bytes for each byte', () => {
    const first = row({});
    const constant = row({ kind: 'blast-radius', asked: 'a' });
    const at200 = { repositories: 200 };
    expect(judge(reportOf(first, row({ ...at200, answerKib: 40, kib: 100 })))).toEqual([]);
    expect(judge(reportOf(first, row({ ...at200, p50Ms: BARS.p50MsMax + 1 })))).toHaveLength(1);
    expect(judge(reportOf(first, row({ ...at200, kib: 50 })))).toHaveLength(1);
    expect(judge(reportOf(constant, { ...constant, ...at200 }))).toEqual([]);
    expect(judge(reportOf(constant, { ...constant, ...at200, records: 31 }))).toHaveLength(1);
  });

  it('rest on an answer that stays as it is while the organisation grows', async () => {
    const plan = planOf(7, 20);
    const answers = await Promise.all(
      [10, 20].map(async (size) =>
        blastRadius(memoryReader(plan.slice(0, size).flatMap((one) => factsOf(one))), CONSTANT_COMPONENT, () => true),
      ),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]?.rows.map(({ name }) => name).toSorted()).toEqual(
      [...radiusOf(plan, CONSTANT_COMPONENT)].toSorted(),
    );
    expect(answers[0]?.rows.length).toBeGreaterThan(3);
  });
});
