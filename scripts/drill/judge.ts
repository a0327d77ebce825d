/** The bars of a drill: each with its bound, what was measured, and whether that is good enough. Pure. */
import type { Ran } from './operator.ts';
import type { DrillReport } from './report/drill-report.ts';
import type { Scenario } from './scenario.ts';

export type Bar = DrillReport['bars'][number];

const EXECUTE_MS_MAX = 30_000;
const DEAD_CALLS_MAX = 10;
const DEAD_WAIT_MS_MAX = 5000;

const bar = (name: string, bound: string, measured: string | number, ok: boolean): Bar => ({
  name,
  bound,
  measured: String(measured),
  ok,
});

const none = (name: string, found: number): Bar => bar(name, '0', found, found === 0);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const percent = (share: number): string => `${(Math.floor(share * 100_000) / 1000).toFixed(3)} %`;

const exit = ({ exitCode }: Ran): string => String(exitCode ?? 'killed');

const commandBars = (
  report: Omit<DrillReport, 'bars'>,
  runs: { readonly move: Ran; readonly failback: Ran },
): Bar[] => {
  return [
    bar('the work is moved and verified', 'exit 0', `exit ${exit(runs.move)}`, runs.move.exitCode === 0),
    bar(
      'from command to verified survivor',
      '< 30 s',
      seconds(report.clocks.executeMs),
      report.clocks.executeMs < EXECUTE_MS_MAX,
    ),
    bar('the work is moved back', 'exit 0', `exit ${exit(runs.failback)}`, runs.failback.exitCode === 0),
  ];
};

/** Calls that reached the wire, or ended at a name without an address: whichever of both is more. */
const deadBars = (scenario: Scenario, { deadRegion }: Omit<DrillReport, 'bars'>): Bar[] => {
  if (scenario.answersOperator === true) {
    return [];
  }
  const calls = Math.max(deadRegion.calls, deadRegion.lookups);
  return [
    bar('calls to the Region that is out', `<= ${DEAD_CALLS_MAX}`, calls, calls <= DEAD_CALLS_MAX),
    bar(
      'waited for it, in all',
      `<= ${DEAD_WAIT_MS_MAX / 1000} s`,
      seconds(deadRegion.waitedMs),
      deadRegion.waitedMs <= DEAD_WAIT_MS_MAX,
    ),
  ];
};

const readBars = ({ readsMin = 0, successMin }: Scenario, { client }: Omit<DrillReport, 'bars'>): Bar[] => {
  const { sent, share } = client.router.reads;
  return [
    ...(readsMin > 0 ? [bar('reads through the router', `>= ${readsMin}`, sent, sent >= readsMin)] : []),
    ...(successMin === undefined
      ? []
      : [
          bar(
            'reads through the router that succeed',
            `>= ${percent(successMin)}`,
            percent(share),
            share >= successMin,
          ),
        ]),
  ];
};

/** Where the move could tell the Region that it is passive there is nothing to be alarmed of. */
const OLD_FLAG = /may still say that it is active/u;

const alarmBars = ({ debts, returned: { alarms } }: Omit<DrillReport, 'bars'>): Bar[] =>
  debts.opened.some((debt) => OLD_FLAG.test(debt))
    ? [bar('alarm of the returned Region', 'within one interval', alarms.join(', ') || 'none', alarms.length > 0)]
    : [];

export const judge = (
  scenario: Scenario,
  report: Omit<DrillReport, 'bars'>,
  runs: { readonly move: Ran; readonly failback: Ran },
): readonly Bar[] => [
  ...commandBars(report, runs),
  ...deadBars(scenario, report),
  ...readBars(scenario, report),
  none('acknowledged writes lost', report.rpo.lost),
  none('writes doubled', report.rpo.duplicates),
  none('cycles doubled', report.cycles.doubled),
  none('side effects of the returned Region', report.returned.sideEffects.length),
  ...alarmBars(report),
  bar('differences in the end', 'none', report.drift.after, report.drift.after === 'none'),
  none('debts left open', report.debts.left.length),
  none('problems', report.problems.length),
];
