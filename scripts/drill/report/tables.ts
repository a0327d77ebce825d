/** The tables of a report, once, for Markdown and for the page. Pure. */
import { percent } from '../judge.ts';
import type { DrillReport } from './drill-report.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const clockTable = ({ clocks }: DrillReport): Table => {
  const mark = (name: string): string => (clocks.simulated.includes(name) ? 'simulated' : 'measured');
  return {
    title: 'Clocks',
    head: ['clock', 'time', 'how'],
    rows: [
      ['detect', seconds(clocks.detectMs), mark('detect')],
      ['decide', seconds(clocks.decideMs), mark('decide')],
      ['execute (RTO of the runbook)', seconds(clocks.executeMs), mark('execute')],
      ['total', seconds(clocks.totalMs), clocks.simulated.length > 0 ? 'in part simulated' : 'measured'],
      ['failback', seconds(clocks.failbackMs), 'measured'],
    ],
  };
};

const PATHS = ['router', 'primary', 'secondary'] as const;

const clientRow = (report: DrillReport, path: (typeof PATHS)[number], what: 'reads' | 'writes'): readonly string[] => {
  const { sent, share, p50Ms, p99Ms, slowestMs, byRegion } = report.client[path][what];
  const regions = Object.entries(byRegion).map(([name, count]) => `${name} ${count}`);
  const times = [p50Ms, p99Ms, slowestMs].map((ms) => `${ms} ms`);
  return [path, what, String(sent), percent(share), ...times, regions.join(', ') || '-'];
};

const clientTable = (report: DrillReport): Table => ({
  title: 'What people saw',
  head: ['way', 'what', 'sent', 'succeeded', 'p50', 'p99', 'slowest', 'answered by'],
  rows: PATHS.flatMap((path) => [clientRow(report, path, 'reads'), clientRow(report, path, 'writes')]),
});

const dataTable = ({ rpo, cycles, drift, returned, debts, deadRegion }: DrillReport): Table => ({
  title: 'What was lost, doubled, left',
  head: ['what', 'how much'],
  rows: [
    ['writes acknowledged', String(rpo.acknowledged)],
    [
      'of these not in the survivor when the work moved (RPO)',
      rpo.oneSided === 0 ? '0' : `${rpo.oneSided}, the oldest ${seconds(rpo.oldestMs)}`,
    ],
    ['of these lost in the end', String(rpo.lost)],
    ['writes doubled', String(rpo.duplicates)],
    ['slots fired, taken, doubled', `${cycles.slots}, ${cycles.taken}, ${cycles.doubled}`],
    ['differences before, after', `${drift.before}, ${drift.after}`],
    [
      'calls to the Region that was out',
      `${deadRegion.calls} and ${deadRegion.lookups} look-ups, ${seconds(deadRegion.waitedMs)}`,
    ],
    ['side effects of the returned Region', returned.sideEffects.join('; ') || 'none'],
    ['its alarms', returned.alarms.join(', ') || 'none'],
    ['debts opened', debts.opened.join('; ') || 'none'],
    ['debts left', debts.left.join('; ') || 'none'],
  ],
});

const commandTable = ({ commands }: DrillReport): Table => ({
  title: 'Commands',
  head: ['at', 'command', 'exit', 'took'],
  rows: commands.map(({ atMs, words, exitCode, tookMs }) => [
    seconds(atMs),
    `twinmap ${words}`,
    String(exitCode ?? 'killed'),
    seconds(tookMs),
  ]),
});

const barTable = ({ bars }: DrillReport): Table => ({
  title: 'Bars',
  head: ['bar', 'bound', 'measured', ''],
  rows: bars.map(({ name, bound, measured, ok }) => [name, bound, measured, ok ? 'ok' : 'MISSED']),
});

const timelineTable = ({ timeline }: DrillReport): Table => ({
  title: 'What happened',
  head: ['at', 'who', 'what'],
  rows: timeline.map(({ atMs, lane, what }) => [seconds(atMs), lane, what]),
});

/** Between two drills of one scenario. */
const COMPARED: readonly (readonly [name: string, of: (report: DrillReport) => number, unit: string])[] = [
  ['detect', ({ clocks }) => clocks.detectMs / 1000, 's'],
  ['execute', ({ clocks }) => clocks.executeMs / 1000, 's'],
  ['failback', ({ clocks }) => clocks.failbackMs / 1000, 's'],
  ['reads through the router that succeed', ({ client }) => client.router.reads.share * 100, '%'],
  ['p99 of these', ({ client }) => client.router.reads.p99Ms, 'ms'],
  ['acknowledged and one-sided when the work moved', ({ rpo }) => rpo.oneSided, ''],
  ['calls to the Region that was out', ({ deadRegion }) => Math.max(deadRegion.calls, deadRegion.lookups), ''],
];

const figure = (value: number, unit: string): string => `${Math.round(value * 1000) / 1000} ${unit}`.trim();

export const compareTable = (report: DrillReport, previous: DrillReport | undefined): Table | undefined =>
  previous === undefined
    ? undefined
    : {
        title: `Against the drill of ${previous.at.slice(0, 10)} (${previous.id})`,
        head: ['what', 'then', 'now', 'change'],
        rows: COMPARED.map(([name, of, unit]) => {
          const [then, now] = [of(previous), of(report)];
          const change = Math.round((now - then) * 1000) / 1000;
          return [name, figure(then, unit), figure(now, unit), `${change > 0 ? '+' : ''}${change}`];
        }),
      };

export const headLines = (report: DrillReport): readonly string[] => [
  report.story,
  `Drill ${report.id}, ${report.at}; it proves nothing any more after ${report.expiresAt.slice(0, 10)}.`,
  `Failing: ${report.regions.failing}; survivor: ${report.regions.survivor}; ${report.mode}; plan ${report.planId || 'none'}.`,
  `Code: primary ${report.code.primary}, secondary ${report.code.secondary}.`,
  ...report.problems.map((problem) => `Problem: ${problem}`),
];

export const tablesOf = (report: DrillReport, previous: DrillReport | undefined): readonly Table[] => {
  const compared = compareTable(report, previous);
  return [
    barTable(report),
    clockTable(report),
    clientTable(report),
    dataTable(report),
    ...(compared === undefined ? [] : [compared]),
    commandTable(report),
    timelineTable(report),
  ];
};
