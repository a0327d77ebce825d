/** The costs as a table, what they are judged by, and where they stand in `docs/graph.md`. */
import type { Cost, Question } from './measure.ts';

export const PAGE = 'docs/graph.md';

export const BARS = {
  /** Of an incident over the largest graph. */
  p50MsMax: 300,
  /** Bytes read for each byte of an incident's answer, over the largest graph as a multiple of that over the smallest. */
  readPerAnswerGrowthMax: 1.25,
};

export interface Row extends Question, Cost {
  readonly repositories: number;
}

export interface Report {
  readonly nodes: number;
  readonly edges: number;
  readonly records: number;
  readonly coldMs: number;
  readonly rows: readonly Row[];
}

const perAnswer = ({ kib, answerKib }: Row): number => kib / answerKib;

const sizesOf = (rows: readonly Row[]): readonly [number, number] => {
  const sizes = rows.map(({ repositories }) => repositories);
  return [Math.min(...sizes), Math.max(...sizes)];
};

interface Pair {
  readonly first: Row;
  readonly last: Row;
}

/** Each question over the smallest graph and over the largest. */
const pairsOf = (rows: readonly Row[]): readonly Pair[] => {
  const [smallest, largest] = sizesOf(rows);
  return rows
    .filter(({ repositories }) => repositories === smallest)
    .flatMap((first) => {
      const last = rows.find((row) => row.repositories === largest && row.asked === first.asked);
      return last === undefined ? [] : [{ first, last }];
    });
};

/** Calls to list sources and compare heads are beside it: they are for each hundred sources, whatever is asked. */
const readOf = ({ calls, records, kib }: Row): string => `${calls} calls, ${records} records, ${kib.toFixed(1)} KiB`;

export const judge = ({ rows }: Report): readonly string[] => {
  const [, largest] = sizesOf(rows);
  const slow = rows.filter(
    ({ kind, repositories, p50Ms }) => kind === 'incident' && repositories === largest && p50Ms > BARS.p50MsMax,
  );
  return [
    ...slow.map(({ asked, p50Ms }) => `${asked}: ${p50Ms} ms p50 is over ${BARS.p50MsMax} ms`),
    ...pairsOf(rows).flatMap(({ first, last }): readonly string[] => {
      if (first.kind === 'blast-radius') {
        return readOf(first) === readOf(last)
          ? []
          : [`${first.asked}: the same answer is read with ${readOf(last)} in place of ${readOf(first)}`];
      }
      const growth = perAnswer(last) / perAnswer(first);
      // What an answer without rows costs is divided by nothing.
      return first.down === 0 || growth <= BARS.readPerAnswerGrowthMax
        ? []
        : [
            `${first.asked}: bytes read for each byte of the answer grew by ${growth.toFixed(2)}, ` +
              `over ${BARS.readPerAnswerGrowthMax}`,
          ];
    }),
  ];
};

const HEAD = [
  'repositories',
  'asked',
  'DOWN',
  'UNKNOWN',
  'answer KiB',
  'calls',
  'records',
  'KiB read',
  'per KiB of answer',
  'calls before',
  'p50 ms',
  'max ms',
];

const cellsOf = (row: Row): readonly string[] => [
  String(row.repositories),
  row.asked,
  String(row.down),
  String(row.unknown),
  row.answerKib.toFixed(0),
  String(row.calls),
  String(row.records),
  row.kib.toFixed(0),
  perAnswer(row).toFixed(1),
  String(row.headCalls),
  String(row.p50Ms),
  String(row.maxMs),
];

const tableOf = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = HEAD.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(HEAD), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map((row) => line(row))];
};

export const reportLines = ({ nodes, edges, records, coldMs, rows }: Report): readonly string[] => [
  `${sizesOf(rows)[1]} repositories: ${nodes} nodes, ${edges} edges, ${records} records. The first answer of a new function, indexes read: ${coldMs} ms.`,
  '',
  ...tableOf(rows.map((row) => cellsOf(row))),
];

const OPEN = '<!-- cost: written by bench:graph -->';
const CLOSE = '<!-- /cost -->';

/** Replaces what stands between the marks. */
export const withTable = (page: string, lines: readonly string[]): string => {
  const [start, end] = [page.indexOf(OPEN), page.indexOf(CLOSE)];
  return start === -1 || end === -1
    ? page
    : `${page.slice(0, start + OPEN.length)}\n\n${lines.join('\n')}\n\n${page.slice(end)}`;
};
