/**
 * For every alarm the stream that makes it fire, and the one in which it is calm. Our own metrics are lines that real functions
 * printed (`streams/recorded.json`, by scenario); where a trouble takes hours, the recorded line is played with the value that it
 * would then have. Metrics of AWS are shaped by hand, after the documentation named beside them.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { idOf, type MetricId, type Sample, samplesOf } from '../support/alarms/series.ts';

const RECORDED = JSON.parse(readFileSync(path.join(import.meta.dirname, 'streams/recorded.json'), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>;

/** What the functions printed in a scenario. */
export const recordedSamples = (scenario: string): readonly Sample[] =>
  (RECORDED[scenario] ?? []).flatMap((line) => samplesOf(line, 0));

/** Every metric that any function was seen to print. */
export const EMITTED: ReadonlySet<string> = new Set(
  Object.keys(RECORDED).flatMap((scenario) => recordedSamples(scenario).map((sample) => idOf(sample))),
);

/** A recorded line of the metric, with the value that was recorded or the one that is given. */
export interface Played {
  readonly scenario: string;
  readonly value?: number;
}

/** Nothing is said: the alarm's treatment of silence is what counts. */
export type Told = Played | 'silence';

export interface OwnIncident {
  readonly everySeconds: number;
  readonly calm: Told;
  readonly trouble: Told;
}

const calm = (value?: number): Played => ({ scenario: 'calm', ...(value === undefined ? {} : { value }) });
const HOUR = 3600;

const gate = (scenario: string): OwnIncident => ({
  everySeconds: HOUR,
  calm: { scenario: 'gate-mended' },
  trouble: { scenario },
});

const cycle = (scenario: string): OwnIncident => ({ everySeconds: HOUR, calm: 'silence', trouble: { scenario } });

const write = (scenario: string): OwnIncident => ({
  everySeconds: HOUR,
  calm: { scenario: 'mended' },
  trouble: { scenario },
});

/** By the name of the alarm. */
export const OWN_INCIDENTS: Readonly<Record<string, OwnIncident>> = {
  'cycle-age': { everySeconds: 300, calm: calm(1800), trouble: calm(2 * HOUR + 60) },
  'cycle-not-acknowledged': cycle('peer-down'),
  'cycle-fenced': cycle('cycle-fenced'),
  'cycle-source-failed': cycle('source-failed'),
  'source-refused': cycle('source-refused'),
  'cycle-rejected': cycle('cycle-rejected'),
  'cycle-deferred': cycle('cycle-deferred'),
  'owed-age': { everySeconds: 60, calm: calm(), trouble: { scenario: 'peer-down', value: 1200 } },
  'owed-count': { everySeconds: 60, calm: calm(), trouble: { scenario: 'peer-down', value: 10_000 } },
  drift: { everySeconds: 300, calm: calm(), trouble: { scenario: 'drift' } },
  'peer-not-in-sync': { everySeconds: 300, calm: calm(1), trouble: { scenario: 'peer-down' } },
  'proof-age': { everySeconds: 300, calm: calm(), trouble: calm(4 * HOUR) },
  'both-active': { everySeconds: 300, calm: calm(), trouble: { scenario: 'both-active' } },
  'none-active': { everySeconds: 300, calm: calm(), trouble: { scenario: 'none-active' } },
  'gate-document-ignored': gate('gate-document-ignored'),
  'gate-epoch-reused': gate('gate-epoch-reused'),
  'gate-fenced': gate('gate-fenced'),
  'gate-invalid': gate('gate-invalid'),
  'gate-unreadable': gate('gate-unreadable'),
  'writes-home-tables': write('home-tables-down'),
  'writes-home-vectors': write('home-vectors-down'),
  'writes-peer-tables': write('peer-down'),
  'writes-peer-vectors': write('peer-vectors-down'),
  'audit-damaged': { everySeconds: 60, calm: calm(), trouble: calm(1) },
  'audit-unsealed': { everySeconds: 60, calm: calm(), trouble: calm(120) },
  'audit-missing': { everySeconds: HOUR, calm: 'silence', trouble: { scenario: 'audit-missing' } },
};

/** Dead-men: what each does where nothing is said at all. */
export const SILENCE_IS_TROUBLE: readonly string[] = ['cycle-age', 'peer-not-in-sync', 'proof-age'];

export interface PlatformMetric {
  readonly namespace: string;
  /** The dimensions under which AWS publishes it. */
  readonly dimensions: readonly string[];
  /** Where AWS says so, and when it reports. */
  readonly source: string;
  readonly everySeconds: number;
  /** Values of one report; undefined where nothing is reported then. */
  readonly calm: readonly number[] | undefined;
  readonly trouble: readonly number[] | undefined;
}

const LAMBDA =
  'Lambda Developer Guide, "Types of metrics for Lambda functions": once a minute in which the function ran';
const ELB =
  'Application Load Balancers user guide, "CloudWatch metrics for your Application Load Balancer": each 60 s with requests, error counts only where not zero';
const DYNAMODB = 'DynamoDB Developer Guide, "DynamoDB metrics and dimensions": only where not zero';
const SQS = 'SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS": while the queue is active';

const lambda = (calmValues: readonly number[] | undefined, trouble: readonly number[] | undefined): PlatformMetric => ({
  namespace: 'AWS/Lambda',
  dimensions: ['FunctionName'],
  source: LAMBDA,
  everySeconds: 60,
  calm: calmValues,
  trouble,
});

const elb = (calmValues: readonly number[] | undefined, trouble: readonly number[]): PlatformMetric => ({
  namespace: 'AWS/ApplicationELB',
  dimensions: ['LoadBalancer'],
  source: ELB,
  everySeconds: 60,
  calm: calmValues,
  trouble,
});

const dynamo = (trouble: readonly number[], dimensions: readonly string[] = ['TableName']): PlatformMetric => ({
  namespace: 'AWS/DynamoDB',
  dimensions,
  source: DYNAMODB,
  everySeconds: 60,
  calm: undefined,
  trouble,
});

const sqs = (calmValues: readonly number[] | undefined, trouble: readonly number[]): PlatformMetric => ({
  namespace: 'AWS/SQS',
  dimensions: ['QueueName'],
  source: SQS,
  everySeconds: 60,
  calm: calmValues,
  trouble,
});

const quick = Array.from({ length: 100 }, () => 40);

/** Every metric of AWS that an alarm may name. */
export const PLATFORM: Readonly<Record<string, PlatformMetric>> = {
  Errors: lambda([0], [1]),
  Throttles: lambda([0], [2]),
  Invocations: lambda([1], undefined),
  Duration: lambda(quick, [...quick.slice(2), 6000, 9000]),
  RequestCount: elb([100], [100]),
  HTTPCode_Target_5XX_Count: elb(undefined, [4]),
  HTTPCode_ELB_5XX_Count: elb(undefined, [3]),
  RejectedConnectionCount: elb(undefined, [1]),
  UnHealthyHostCount: { ...elb([0], [1]), dimensions: ['TargetGroup', 'LoadBalancer'] },
  ReadThrottleEvents: dynamo([6]),
  WriteThrottleEvents: dynamo([6]),
  SystemErrors: dynamo([3], ['TableName', 'Operation']),
  ApproximateNumberOfMessagesVisible: sqs([0], [1]),
  ApproximateAgeOfOldestMessage: sqs([5], [8000]),
};

export const sampleAt = ({ namespace, name, dimensions }: MetricId, at: number, values: readonly number[]): Sample => ({
  namespace,
  name,
  dimensions,
  at,
  values,
});

/** What one metric says from `from` to `to`, in ms. */
export const playOwn = (
  metric: MetricId,
  told: Told,
  everySeconds: number,
  [from, to]: readonly [number, number],
): readonly Sample[] => {
  if (told === 'silence') {
    return [];
  }
  // Where a scenario printed several values, the one that it ended with is the worst: they are sorted in the file.
  const line = recordedSamples(told.scenario).findLast((sample) => idOf(sample) === idOf(metric));
  if (line === undefined) {
    throw new Error(`no function printed ${idOf(metric)} in the scenario ${told.scenario}`);
  }
  const values = told.value === undefined ? line.values : [told.value];
  return times(from, to, everySeconds).map((at) => sampleAt(line, at, values));
};

export const playPlatform = (
  metric: MetricId,
  phase: 'calm' | 'trouble',
  [from, to]: readonly [number, number],
): readonly Sample[] => {
  const shape = PLATFORM[metric.name];
  const values = shape?.[phase];
  return shape === undefined || values === undefined
    ? []
    : times(from, to, shape.everySeconds).map((at) => sampleAt(metric, at, values));
};

/** Half a minute into each: nothing happens on the stroke of a minute. */
export const times = (from: number, to: number, everySeconds: number): readonly number[] =>
  Array.from(
    { length: Math.max(0, Math.ceil((to - from) / (1000 * everySeconds))) },
    (_, place) => from + 30_000 + place * 1000 * everySeconds,
  ).filter((at) => at < to);
