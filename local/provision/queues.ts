/** Queues, what a queue feeds, and what a schedule calls. */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import type { QueueSpec } from '../region/services.ts';
import { stableUuid } from './arns.ts';
import { functionNameOf, type Handler, type Handlers, readInputs } from './handler.ts';

const QUEUE_SHAPE = {
  name: z.string(),
  fifoQueue: z.boolean().default(false),
  visibilityTimeoutSeconds: z.number().default(30),
  messageRetentionSeconds: z.number().default(345_600),
  redrivePolicy: z.string().optional(),
};

const redriveSchema = z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() });

const redriveOf = (text: string | undefined): Pick<QueueSpec, 'redrive'> => {
  if (text === undefined) {
    return {};
  }
  const parsed = redriveSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new ConfigError('the redrive policy names no dead-letter queue with a count');
  }
  const { deadLetterTargetArn, maxReceiveCount } = parsed.data;
  return { redrive: { deadLetterQueueArn: deadLetterTargetArn, maxReceiveCount } };
};

const queue: Handler = async (resource, { services }) => {
  const inputs = readInputs(resource, QUEUE_SHAPE, ['kmsMasterKeyId', 'redriveAllowPolicy', 'policy']);
  const { url, arn } = await services.queues.ensureQueue({
    name: inputs.name,
    fifo: inputs.fifoQueue,
    visibilityTimeoutSeconds: inputs.visibilityTimeoutSeconds,
    messageRetentionSeconds: inputs.messageRetentionSeconds,
    ...redriveOf(inputs.redrivePolicy),
  });
  return { id: url, outputs: { url, arn } };
};

const EVENT_SOURCE_SHAPE = { eventSourceArn: z.string(), functionName: z.string(), batchSize: z.number() };

/** How many are polled at once is bounded by the function's reserved concurrency, which the Lambda host keeps. */
const eventSource: Handler = async (resource, { services }) => {
  const { eventSourceArn, functionName, batchSize } = readInputs(resource, EVENT_SOURCE_SHAPE, ['scalingConfig']);
  await services.functions.ensureEventSource({
    queueArn: eventSourceArn,
    functionName: functionNameOf(functionName),
    batchSize,
  });
  const uuid = stableUuid(`${eventSourceArn} ${functionName}`);
  return { id: uuid, outputs: { uuid, functionArn: functionName } };
};

const SCHEDULE_SHAPE = {
  name: z.string(),
  scheduleExpression: z.string(),
  scheduleExpressionTimezone: z.literal('UTC'),
  flexibleTimeWindow: z.strictObject({ mode: z.literal('OFF') }),
  state: z.literal('ENABLED'),
  target: z.strictObject({
    arn: z.string(),
    roleArn: z.string(),
    input: z.string(),
    retryPolicy: z.strictObject({ maximumRetryAttempts: z.number(), maximumEventAgeInSeconds: z.number() }),
    deadLetterConfig: z.strictObject({ arn: z.string() }).optional(),
  }),
};

const schedule: Handler = async (resource, { services, arns }) => {
  const { name, scheduleExpression, target } = readInputs(resource, SCHEDULE_SHAPE, ['description']);
  await services.schedules.ensureSchedule({
    name,
    expression: scheduleExpression,
    targetArn: target.arn,
    input: target.input,
    maximumRetryAttempts: target.retryPolicy.maximumRetryAttempts,
    maximumEventAgeSeconds: target.retryPolicy.maximumEventAgeInSeconds,
  });
  return { id: `default/${name}`, outputs: { arn: arns.regional('scheduler', `schedule/default/${name}`) } };
};

export const queueHandlers: Handlers = {
  'aws:sqs/queue:Queue': queue,
  'aws:lambda/eventSourceMapping:EventSourceMapping': eventSource,
  'aws:scheduler/schedule:Schedule': schedule,
};
