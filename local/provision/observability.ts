/**
 * Alarms, dashboard, topic and secrets: nothing is made on one machine, where nobody is woken and a secret comes from the
 * environment. But what AWS would refuse after half of a stack was made is refused here, before anybody deploys.
 */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import { stableHex, stableUuid } from './arns.ts';
import { type Handler, type Handlers, readInputs, readName } from './handler.ts';

const DAY_SECONDS = 24 * 3600;
const HOUR_SECONDS = 3600;
const DIMENSIONS_MAX = 30;
const ALARM_METRICS_MAX = 10;

const period = z.int().multipleOf(60).min(60).max(DAY_SECONDS);
const dimensions = z
  .record(z.string(), z.string().min(1).max(1024))
  .refine((all) => Object.keys(all).length <= DIMENSIONS_MAX);
const statistic = z.enum(['Sum', 'Minimum', 'Maximum', 'Average', 'SampleCount', 'p99']);

const query = z.strictObject({
  id: z.string().regex(/^[a-z]\w*$/u, 'not an id of CloudWatch, which begins with a small letter'),
  metric: z
    .strictObject({ namespace: z.string(), metricName: z.string(), dimensions, period, stat: statistic })
    .optional(),
  expression: z.string().max(1024).optional(),
  label: z.string().optional(),
  returnData: z.boolean(),
});

const ALARM_SHAPE = {
  name: z.string().max(255),
  alarmDescription: z.string().max(1024),
  namespace: z.string().optional(),
  metricName: z.string().optional(),
  dimensions: dimensions.optional(),
  period: period.optional(),
  statistic: statistic.optional(),
  extendedStatistic: z.literal('p99').optional(),
  evaluateLowSampleCountPercentiles: z.literal('ignore').optional(),
  metricQueries: z.array(query).max(ALARM_METRICS_MAX).optional(),
  evaluationPeriods: z.int().min(1),
  datapointsToAlarm: z.int().min(1),
  comparisonOperator: z.enum(['GreaterThanOrEqualToThreshold', 'GreaterThanThreshold', 'LessThanThreshold']),
  threshold: z.number(),
  treatMissingData: z.enum(['breaching', 'notBreaching', 'ignore', 'missing']),
  alarmActions: z.array(z.string()).min(1).max(5),
  okActions: z.array(z.string()).max(5),
};

type AlarmInputs = z.infer<z.ZodObject<typeof ALARM_SHAPE>>;

const periodOf = ({ period: own, metricQueries }: AlarmInputs): number =>
  own ?? metricQueries?.find(({ metric }) => metric !== undefined)?.metric?.period ?? 0;

const checkAlarm = (inputs: AlarmInputs): void => {
  const { name, metricName, metricQueries, evaluationPeriods, datapointsToAlarm } = inputs;
  const seconds = periodOf(inputs);
  if ((metricName === undefined) === (metricQueries === undefined)) {
    throw new ConfigError(`the alarm ${name} watches neither or both of a metric and a formula`);
  }
  if (metricQueries !== undefined && metricQueries.filter(({ returnData }) => returnData).length !== 1) {
    throw new ConfigError(`the formula of the alarm ${name} has not exactly one result`);
  }
  if (datapointsToAlarm > evaluationPeriods) {
    throw new ConfigError(`the alarm ${name} wants more breaching periods than it looks at`);
  }
  if (seconds * evaluationPeriods > (seconds < HOUR_SECONDS ? DAY_SECONDS : 7 * DAY_SECONDS)) {
    throw new ConfigError(`the alarm ${name} looks further back than CloudWatch does`);
  }
};

const alarm: Handler = (resource, { arns }) => {
  const inputs = readInputs(resource, ALARM_SHAPE);
  checkAlarm(inputs);
  return { id: inputs.name, outputs: { arn: arns.regional('cloudwatch', `alarm:${inputs.name}`) } };
};

const widget = z.looseObject({ type: z.enum(['text', 'alarm', 'metric']), x: z.number(), y: z.number() });
const dashboardBody = z.strictObject({ widgets: z.array(widget).max(500) });

const dashboard: Handler = (resource, { arns }) => {
  const { dashboardName, dashboardBody: text } = readInputs(resource, {
    dashboardName: z.string().regex(/^[\w-]{1,255}$/u),
    dashboardBody: z.string(),
  });
  if (!dashboardBody.safeParse(JSON.parse(text)).success) {
    throw new ConfigError(`the dashboard ${dashboardName} has no body that CloudWatch would take`);
  }
  return { id: dashboardName, outputs: { dashboardArn: arns.regional('cloudwatch', `dashboard/${dashboardName}`) } };
};

const topic: Handler = (resource, { arns }) => {
  const arn = arns.regional('sns', readName(resource));
  return { id: arn, outputs: { arn } };
};

const topicPolicy: Handler = (resource) => {
  const { arn } = readInputs(resource, { arn: z.string(), policy: z.string() });
  return { id: arn, outputs: {} };
};

/** An email address has to confirm first; until then its ARN says so. */
const subscription: Handler = (resource) => {
  const inputs = readInputs(resource, { topic: z.string(), protocol: z.string(), endpoint: z.string() });
  const arn = `${inputs.topic}:${stableUuid(`${inputs.protocol} ${inputs.endpoint}`)}`;
  return { id: arn, outputs: { arn, pendingConfirmation: inputs.protocol.startsWith('email') } };
};

/** No value: a source of a local run names its credential by `env:`. */
const secret: Handler = (resource, { arns }) => {
  const { name } = readInputs(resource, { name: z.string() }, ['description', 'kmsKeyId', 'recoveryWindowInDays']);
  const arn = arns.regional('secretsmanager', `secret:${name}-${stableHex(name, 6)}`);
  return { id: arn, outputs: { arn } };
};

const secretPolicy: Handler = (resource) => {
  const { secretArn } = readInputs(resource, { secretArn: z.string(), policy: z.string() }, ['blockPublicPolicy']);
  return { id: secretArn, outputs: {} };
};

export const observabilityHandlers: Handlers = {
  'aws:cloudwatch/metricAlarm:MetricAlarm': alarm,
  'aws:cloudwatch/dashboard:Dashboard': dashboard,
  'aws:sns/topic:Topic': topic,
  'aws:sns/topicPolicy:TopicPolicy': topicPolicy,
  'aws:sns/topicSubscription:TopicSubscription': subscription,
  'aws:secretsmanager/secret:Secret': secret,
  'aws:secretsmanager/secretPolicy:SecretPolicy': secretPolicy,
};
