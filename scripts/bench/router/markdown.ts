/** The tables of docs/router.md, as Markdown, from one run: what is quoted there is pasted, never typed. */
import type { Bar } from './bars.ts';
import { isMet } from './bars.ts';
import type { Cost } from './cost.ts';
import type { FaultRows, Seen } from './faults.ts';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const costTable = (rows: Readonly<Record<string, Cost>>): string =>
  table(
    ['proxy', 'CPU per request', 'requests a second', 'p50'],
    Object.entries(rows).map(([name, { cpuUs, perSecond, p50Ms }]) => [
      name,
      `${cpuUs.toFixed(0)} µs`,
      perSecond.toFixed(0),
      `${p50Ms.toFixed(2)} ms`,
    ]),
  );

/** Nothing good came while the fault lasted. */
const shownMs = (ms: number): string => (Number.isFinite(ms) ? `${ms.toFixed(0)} ms` : 'none');

const seenRead = ({ failed, slow, firstMs }: Seen): string => `${failed} / ${slow} / ${shownMs(firstMs)}`;
const seenWrite = ({ failed, windowMs, doubled }: Seen): string => `${failed} / ${shownMs(windowMs)} / ${doubled}`;

const faultTable = (rows: FaultRows, method: 'GET' | 'POST'): string => {
  const wanted = Object.entries(rows).filter(([name]) => name.startsWith(`${method} `));
  const names = [...new Set(wanted.flatMap(([, row]) => Object.keys(row)))];
  const shown = method === 'GET' ? seenRead : seenWrite;
  const what = method === 'GET' ? 'failed / over 250 ms / first good answer' : 'failed / window / doubled';
  return table(
    [`${method}: ${what}`, ...names],
    wanted.map(([name, row]) =>
      [name.slice(method.length + 1)].concat(names.map((one) => (row[one] === undefined ? '' : shown(row[one])))),
    ),
  );
};

const barTable = (bars: readonly Bar[]): string =>
  table(
    ['bar', 'bound', 'measured'],
    bars.map((bar) => {
      const bound = bar.atMost === undefined ? `>= ${bar.atLeast ?? ''}` : `${bar.atMost}`;
      const met = isMet(bar);
      const measured = met === undefined ? 'not measured' : Number(bar.measured.toFixed(2)).toString();
      return [bar.what, bound, met === false ? `**${measured}: missed**` : measured];
    }),
  );

export interface Measurements {
  readonly bars: readonly Bar[];
  readonly cost: Readonly<Record<string, Cost>> | undefined;
  readonly faults: FaultRows | undefined;
}

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** The page with these tables in place of the last ones; undefined where it has no place for them. */
export const pageWith = (page: string, tables: string): string | undefined => {
  const [before, rest] = page.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  return before === undefined || after === undefined ? undefined : `${before}${BEGIN}\n\n${tables}\n\n${END}${after}`;
};

export const markdownOf = ({ bars, cost, faults }: Measurements): string =>
  [
    ...(cost === undefined ? [] : [costTable(cost)]),
    ...(faults === undefined ? [] : [faultTable(faults, 'GET'), faultTable(faults, 'POST')]),
    barTable(bars),
  ].join('\n\n');
