/** The figures as tables, what they are judged by, and where they stand in `docs/retrieval.md`. */
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { LatencyReport } from './latency.ts';
import type { Measured } from './measures.ts';
import { PLAIN, type Row, type SetReport } from './run-set.ts';

export const PAGE = 'docs/retrieval.md';

const ABOVE_PLAIN_MIN = 0.04;
const BELOW_LEXICAL_MAX = 0.005;
const DIGITS = 3;

const ndcgOf = (rows: readonly Row[], name: string): number =>
  rows.find((row) => row.name === name)?.measured.ndcg10 ?? 0;

/** Each half has to meet the bars by itself. */
export const judge = ({ halves, callsMax }: SetReport, withPlain: boolean): readonly string[] => {
  const missed: string[] = [];
  if (callsMax > LIMITS.searchStoreCallsMax) {
    missed.push(`${callsMax} store calls of one question are over ${LIMITS.searchStoreCallsMax}`);
  }
  for (const [half, rows] of halves) {
    const [plain, lexical, fused] = [ndcgOf(rows, PLAIN), ndcgOf(rows, 'lexical'), ndcgOf(rows, 'fused')];
    const shown = `${half}: lexical ${lexical.toFixed(DIGITS)}`;
    if (withPlain && lexical < plain + ABOVE_PLAIN_MIN) {
      missed.push(`${shown} is not ${ABOVE_PLAIN_MIN} over plain BM25 ${plain.toFixed(DIGITS)}`);
    }
    if (fused < lexical - BELOW_LEXICAL_MAX) {
      missed.push(`${shown} is over ${BELOW_LEXICAL_MAX} above fused ${fused.toFixed(DIGITS)}`);
    }
  }
  return missed;
};

const HEAD = ['questions', 'lane', 'nDCG@10', 'MRR@10', 'recall@10', 'recall@20'];

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map((row) => line(row))];
};

const oddLines = ({ odd, shortened, questions }: SetReport): readonly string[] => [
  ...(shortened === 0 ? [] : ['', `Of ${shortened} of ${questions} questions not every word could be looked up.`]),
  ...(odd.documentsTwice === 0
    ? []
    : ['', `Documents that came twice, the first of which was taken: ${odd.documentsTwice}.`]),
  ...(odd.judgedButAbsent === 0 ? [] : ['', `Judged documents that the corpus does not have: ${odd.judgedButAbsent}.`]),
];

export const setLines = (report: SetReport): readonly string[] => [
  `Set \`${report.name}\`: ${report.documents} documents, ${report.chunks} chunks, ${report.questions} questions, at most ${report.callsMax} store calls each.`,
  ...oddLines(report),
  '',
  ...tableOf(
    HEAD,
    [...report.halves].flatMap(([half, rows]) =>
      rows.map(({ name, measured }) => [
        half,
        name,
        ...[measured.ndcg10, measured.mrr10, measured.recall10, measured.recall20].map((value) =>
          value.toFixed(DIGITS),
        ),
      ]),
    ),
  ),
];

export const latencyLines = (report: LatencyReport): readonly string[] => [
  `${report.chunks} chunks of ${report.documents} documents in ${report.sources} sources, ${report.questions} questions of 3 to 12 words.`,
  '',
  ...tableOf(
    ['caller may read', 'own time p50 (ms)', 'own time p95 (ms)', 'store calls', 'bytes read'],
    report.rows.map(({ name, p50, p95, callsMax, bytes }) => [
      name,
      p50.toFixed(1),
      p95.toFixed(1),
      callsMax.toString(),
      `${(bytes / 1024).toFixed(0)} KiB`,
    ]),
  ),
  '',
  `The lexical index: ${report.indexRecords} records, ${(report.indexBytes / report.chunks).toFixed(0)} bytes a chunk. An edit of one document rewrites at most ${report.editRecords} records.`,
];

const lanesOf = (rows: readonly Row[]): Readonly<Record<string, Measured>> =>
  Object.fromEntries(rows.map(({ name, measured }) => [name, measured]));

/** As one object: every half with its lanes, and those of all questions again by themselves. */
export const plainReport = ({ halves, ...report }: SetReport): Readonly<Record<string, unknown>> => ({
  ...report,
  lanes: lanesOf(halves.get('all') ?? []),
  halves: Object.fromEntries([...halves].map(([half, rows]) => [half, lanesOf(rows)])),
});

const marks = (name: string): readonly [string, string] => [
  `<!-- ${name}: written by bench:retrieval -->`,
  `<!-- /${name} -->`,
];

/** Replaces what stands between the marks of a table. */
export const withTables = (page: string, name: string, lines: readonly string[]): string => {
  const [open, close] = marks(name);
  const [start, end] = [page.indexOf(open), page.indexOf(close)];
  return start === -1 || end === -1
    ? page
    : `${page.slice(0, start + open.length)}\n\n${lines.join('\n')}\n\n${page.slice(end)}`;
};
