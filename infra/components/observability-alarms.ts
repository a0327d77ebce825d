/** The alarms as CloudWatch takes them, from their definitions. */
import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';

import { type Alarm, type Comparison, LOAD_BALANCER, type Metric, TARGET_GROUP } from '../alarms/alarm.ts';
import { descriptionOf } from '../alarms/alarms.ts';
import { alarmName } from '../names.ts';
import type { FrontNames, ObservabilityArgs } from './observability.ts';
import { stateless } from './resource-options.ts';

const OPERATORS: Readonly<Record<Comparison, string>> = {
  'at least': 'GreaterThanOrEqualToThreshold',
  'more than': 'GreaterThanThreshold',
  'less than': 'LessThanThreshold',
};

type Text = pulumi.Input<string>;

/** The load balancer's own names, where the definition could only say which is meant. */
const dimensionsOf = ({ dimensions }: Metric, front: FrontNames): Record<string, Text> =>
  Object.fromEntries(
    Object.entries(dimensions).map(([key, value]): [string, Text] => {
      switch (value) {
        case LOAD_BALANCER:
          return [key, front.loadBalancer];
        case TARGET_GROUP:
          return [key, front.targetGroup];
        default:
          return [key, value];
      }
    }),
  );

type MetricArgs = Pick<
  aws.cloudwatch.MetricAlarmArgs,
  | 'namespace'
  | 'metricName'
  | 'dimensions'
  | 'period'
  | 'statistic'
  | 'extendedStatistic'
  | 'evaluateLowSampleCountPercentiles'
>;

const metricArgs = (metric: Metric, period: number, front: FrontNames): MetricArgs => ({
  namespace: metric.namespace,
  metricName: metric.name,
  dimensions: dimensionsOf(metric, front),
  period,
  // A percentile of three requests says nothing.
  ...(metric.statistic === 'p99'
    ? { extendedStatistic: 'p99', evaluateLowSampleCountPercentiles: 'ignore' }
    : { statistic: metric.statistic }),
});

type Queries = NonNullable<aws.cloudwatch.MetricAlarmArgs['metricQueries']>;

/** Only the last step is compared; CloudWatch wants exactly one that returns data. */
const queriesOf = ({ metrics, steps }: Math, period: number, front: FrontNames): Queries => [
  ...Object.entries(metrics).map(([id, metric]) => ({
    id,
    metric: {
      namespace: metric.namespace,
      metricName: metric.name,
      dimensions: dimensionsOf(metric, front),
      period,
      stat: metric.statistic,
    },
    returnData: false,
  })),
  ...Object.entries(steps).map(([id, expression], place) => ({
    id,
    expression,
    label: id,
    returnData: place === Object.keys(steps).length - 1,
  })),
];

type Math = Extract<Alarm['watches'], { kind: 'math' }>;

const watchedArgs = ({ watches, periodSeconds }: Alarm, front: FrontNames): aws.cloudwatch.MetricAlarmArgs =>
  watches.kind === 'metric'
    ? metricArgs(watches.metric, periodSeconds, front)
    : { metricQueries: queriesOf(watches, periodSeconds, front) };

export interface AlarmTargets {
  readonly alarms: readonly Alarm[];
  readonly topicArn: pulumi.Output<string>;
}

export const createAlarms = (
  parent: pulumi.Resource,
  name: string,
  { names, front }: ObservabilityArgs,
  { alarms, topicArn }: AlarmTargets,
): readonly aws.cloudwatch.MetricAlarm[] =>
  alarms.map(
    (alarm) =>
      new aws.cloudwatch.MetricAlarm(
        `${name}-${alarm.name}`,
        {
          name: alarmName(names, alarm.name),
          alarmDescription: descriptionOf(alarm),
          ...watchedArgs(alarm, front),
          evaluationPeriods: alarm.periods,
          datapointsToAlarm: alarm.breaching,
          comparisonOperator: OPERATORS[alarm.comparison],
          threshold: alarm.threshold,
          treatMissingData: alarm.missing,
          alarmActions: [topicArn],
          // Also when it is over: a person who was woken should hear that.
          okActions: [topicArn],
        },
        stateless(parent),
      ),
  );
