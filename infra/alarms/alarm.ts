/**
 * What an alarm is, as data: the resource that watches, the row of the document that a person reads at 3 a.m., the graph of the
 * dashboard and the test that makes it fire all come from the same definition.
 */

/** Names of the load balancer that AWS gives when it makes it; put in when the alarm is declared. */
export const LOAD_BALANCER = '<load balancer>';
export const TARGET_GROUP = '<target group>';

export type Statistic = 'Sum' | 'Minimum' | 'Maximum' | 'p99';

export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: Statistic;
}

export type Watched =
  | { readonly kind: 'metric'; readonly metric: Metric }
  /** `metrics` and `steps` by the names that the expressions use; the last step is what is compared with the threshold. */
  | {
      readonly kind: 'math';
      readonly metrics: Readonly<Record<string, Metric>>;
      readonly steps: Readonly<Record<string, string>>;
    };

/** How the last value relates to the threshold when it breaches it. */
export type Comparison = 'at least' | 'more than' | 'less than';

/** What a period without a value counts as: good, bad, or the state stays. */
export type MissingData = 'notBreaching' | 'breaching' | 'ignore';

export type AlarmGroup = 'front' | 'functions' | 'gate' | 'cycles' | 'pair' | 'stores' | 'audit' | 'queues';

export interface Alarm {
  /** In kebab case; the physical name has the Region's prefix before it. */
  readonly name: string;
  readonly group: AlarmGroup;
  readonly watches: Watched;
  readonly periodSeconds: number;
  /** M of N: of the last `periods`, so many must breach. */
  readonly breaching: number;
  readonly periods: number;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly missing: MissingData;
  /** When it fires, for a person. */
  readonly when: string;
  /** What it means at 3 a.m. */
  readonly means: string;
  /** What to do first. */
  readonly first: string;
}

/** What the definitions need to know of the stack. */
export interface AlarmFacts {
  readonly region: string;
  /** Absent in a single-Region install, which has no alarms about a pair. */
  readonly peerRegion?: string;
  /** Physical names of the functions, tables and queues. */
  readonly functions: Readonly<Record<'dispatch' | 'sync' | 'api' | 'drain' | 'repair' | 'proof' | 'audit', string>>;
  readonly tables: Readonly<Record<'workspaces' | 'audit' | 'graph', string>>;
  readonly queues: Readonly<Record<'sync' | 'syncDeadLetters' | 'scheduleDeadLetters', string>>;
  /** How far apart two ticks of the schedule are at most. */
  readonly intervalSeconds: number;
  /** Without sources nothing is read, and that is no alarm. */
  readonly hasSources: boolean;
}

export const FIVE_MINUTES = 300;
export const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Our own metrics, which functions print (`functions/telemetry`). */
export const own = (name: string, dimensions: Readonly<Record<string, string>>, statistic: Statistic): Watched => ({
  kind: 'metric',
  metric: { namespace: 'Twinmap', name, dimensions, statistic },
});

export const platform = (
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
  statistic: Statistic,
): Metric => ({ namespace, name, dimensions, statistic });

export const watching = (metric: Metric): Watched => ({ kind: 'metric', metric });

/**
 * For counts that AWS reports only where something is to be counted: silence becomes zero. An alarm on the bare count looks further
 * back in silence than it was told to, and so stays on, or goes on and off while the last minutes leave its sight.
 */
export const filledSum = (metrics: Readonly<Record<string, Metric>>): Watched => ({
  kind: 'math',
  metrics,
  steps: {
    total: Object.keys(metrics)
      .map((name) => `FILL(${name}, 0)`)
      .join(' + '),
  },
});

/** One period as long as an interval, in whole minutes; an alarm takes a day at most. */
export const periodOf = (intervalSeconds: number): number =>
  Math.min(DAY, Math.max(FIVE_MINUTES, MINUTE * Math.ceil(intervalSeconds / MINUTE)));

/** Periods that cover so many seconds. CloudWatch takes a day of periods under an hour, and a week of longer ones. */
export const periodsOver = (seconds: number): Pick<Alarm, 'periodSeconds' | 'periods'> =>
  seconds <= DAY
    ? { periodSeconds: FIVE_MINUTES, periods: Math.ceil(seconds / FIVE_MINUTES) }
    : { periodSeconds: HOUR, periods: Math.min(7 * 24, Math.ceil(seconds / HOUR)) };

/** For sentences: `90 minutes`, `2 hours`. */
export const spoken = (seconds: number): string => {
  const [count, unit] =
    seconds % DAY === 0
      ? [seconds / DAY, 'day']
      : seconds % HOUR === 0
        ? [seconds / HOUR, 'hour']
        : [Math.round(seconds / MINUTE), 'minute'];
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
};
