/**
 * When CloudWatch changes the state of an alarm: M of N periods, and what a missing value counts as. After "Configuring how
 * CloudWatch alarms treat missing data" in the CloudWatch User Guide, whose two tables are a test of this file. It reads what the
 * program declared, as the engine saw it, and not the definitions that it was declared from.
 */
import type { Properties } from '../../../local/monitor/registered-resource.ts';
import { evaluateMath } from './metric-math.ts';
import type { Statistic, Stream, Value } from './series.ts';

export type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type MissingData = 'breaching' | 'notBreaching' | 'ignore' | 'missing';

export interface Rule {
  /** M and N. */
  readonly breaching: number;
  readonly periods: number;
  readonly missing: MissingData;
}

/** How many periods more than N are looked at when some are missing; the Guide's tables show two. */
const MORE_PERIODS = 2;

export const evaluationRange = ({ periods }: Pick<Rule, 'periods'>): number => periods + MORE_PERIODS;

/** Where nothing but breaching values came, the oldest M periods ago, the alarm does not wait for as many as M. */
const isOldEnough = (points: readonly (boolean | undefined)[], { breaching, periods }: Rule): boolean => {
  const recent = points.slice(-periods);
  const oldest = recent.indexOf(true);
  return !points.includes(false) && oldest !== -1 && recent.length - oldest >= breaching;
};

/** `points`: breaching or not, undefined where missing, for the whole evaluation range, the newest last. */
export const nextState = (rule: Rule, points: readonly (boolean | undefined)[], state: State): State => {
  const { breaching, periods, missing } = rule;
  const real = points.filter((point) => point !== undefined);
  if (real.length >= periods) {
    return real.slice(-periods).filter(Boolean).length >= breaching ? 'ALARM' : 'OK';
  }
  const filled = missing === 'breaching' || missing === 'notBreaching';
  if (filled) {
    const fills = Array.from({ length: periods - real.length }, () => missing === 'breaching');
    return [...real, ...fills].filter(Boolean).length >= breaching ? 'ALARM' : 'OK';
  }
  if (real.length === 0) {
    return missing === 'missing' ? 'INSUFFICIENT_DATA' : state;
  }
  if (real.filter(Boolean).length >= breaching) {
    return 'ALARM';
  }
  if (!real.includes(true)) {
    return 'OK';
  }
  const isOld = isOldEnough(points, rule);
  if (missing === 'ignore') {
    return isOld ? state : 'OK';
  }
  return isOld ? 'ALARM' : 'OK';
};

interface DeclaredMetric {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions?: Readonly<Record<string, string>>;
}

interface DeclaredQuery {
  readonly id: string;
  readonly expression?: string;
  readonly metric?: DeclaredMetric & { readonly period: number; readonly stat: Statistic };
  readonly returnData: boolean;
}

/** An alarm as it was declared. */
export interface DeclaredAlarm extends Partial<DeclaredMetric> {
  readonly name: string;
  readonly alarmDescription: string;
  readonly period?: number;
  readonly statistic?: Statistic;
  readonly extendedStatistic?: Statistic;
  readonly metricQueries?: readonly DeclaredQuery[];
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly comparisonOperator: string;
  readonly threshold: number;
  readonly treatMissingData: MissingData;
}

export const declaredAlarm = (inputs: Properties): DeclaredAlarm => inputs as unknown as DeclaredAlarm;

export interface WatchedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Every metric that the alarm reads. */
export const metricsOf = ({ metricQueries, ...alarm }: DeclaredAlarm): readonly WatchedMetric[] =>
  [alarm, ...(metricQueries ?? []).map(({ metric }) => metric)].flatMap((metric) =>
    metric?.metricName === undefined
      ? []
      : [{ namespace: metric.namespace ?? '', name: metric.metricName, dimensions: metric.dimensions ?? {} }],
  );

export const periodMsOf = ({ period, metricQueries }: DeclaredAlarm): number =>
  1000 * (period ?? metricQueries?.find(({ metric }) => metric !== undefined)?.metric?.period ?? 60);

const BREACHES: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
};

const valuesOf = (alarm: DeclaredAlarm, stream: Stream, endMs: number, count: number): readonly Value[] => {
  const read = (metric: DeclaredMetric, statistic: Statistic): readonly Value[] => {
    const { namespace, metricName: name, dimensions = {} } = metric;
    return stream.values({ namespace, name, dimensions }, statistic, periodMsOf(alarm), endMs, count);
  };
  const { namespace = '', metricName, dimensions = {}, metricQueries } = alarm;
  if (metricName !== undefined) {
    return read({ namespace, metricName, dimensions }, alarm.statistic ?? alarm.extendedStatistic ?? 'Sum');
  }
  const known = new Map<string, readonly Value[]>();
  let result: readonly Value[] = [];
  for (const { id, metric, expression, returnData } of metricQueries ?? []) {
    const values = metric === undefined ? evaluateMath(expression ?? '', known, count) : read(metric, metric.stat);
    known.set(id, values);
    result = returnData ? values : result;
  }
  return result;
};

/** DynamoDB's alarms keep their state where values are missing, whatever they were told; only FILL helps. */
const missingOf = (alarm: DeclaredAlarm): MissingData =>
  alarm.namespace === 'AWS/DynamoDB' ? 'ignore' : alarm.treatMissingData;

/** The state after the period that ends at `endMs`. */
export const stateAt = (alarm: DeclaredAlarm, stream: Stream, endMs: number, before: State): State => {
  const { evaluationPeriods: periods, datapointsToAlarm: breaching, threshold } = alarm;
  const rule = { periods, breaching, missing: missingOf(alarm) };
  const breaches = BREACHES[alarm.comparisonOperator];
  const points = valuesOf(alarm, stream, endMs, evaluationRange(rule)).map((value) =>
    value === undefined ? undefined : breaches?.(value, threshold),
  );
  return nextState(rule, points, before);
};

export interface Transition {
  readonly at: number;
  readonly state: State;
}

/** Every change of state, looked at once a minute, as CloudWatch does. */
export const transitionsOf = (alarm: DeclaredAlarm, stream: Stream, untilMs: number): readonly Transition[] => {
  const transitions: Transition[] = [];
  let state: State = 'INSUFFICIENT_DATA';
  for (let at = 60_000; at <= untilMs; at += 60_000) {
    const next = stateAt(alarm, stream, at, state);
    if (next !== state) {
      state = next;
      transitions.push({ at, state });
    }
  }
  return transitions;
};
