/** The event that Lambda makes of queue messages, and what a function's answer says about each of them. */
import { createHash } from 'node:crypto';
import type { QueueMessage } from './queue-consumer.ts';

export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, never>>;
  readonly md5OfBody: string;
  readonly eventSource: 'aws:sqs';
  readonly eventSourceARN: string;
  readonly awsRegion: string;
}

export const toSqsEvent = (
  messages: readonly QueueMessage[],
  queueArn: string,
  region: string,
): { readonly Records: readonly SqsRecord[] } => ({
  Records: messages.map((message) => ({
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: {
      ...message.attributes,
      ApproximateReceiveCount: String(message.receiveCount),
      ...(message.groupId === '' ? {} : { MessageGroupId: message.groupId }),
    },
    messageAttributes: {},
    // The service's checksum of a body, not a protection of anything.
    md5OfBody: createHash('md5').update(message.body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  })),
});

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/**
 * The ids that a function reports as failed. As at Lambda: nothing reported is success for all; a report that can't be
 * understood, or that names a message which was not in the batch, is failure for all.
 */
export const failedMessageIds = (result: unknown, messages: readonly QueueMessage[]): ReadonlySet<string> => {
  const failures = isObject(result) ? (result['batchItemFailures'] ?? []) : [];
  const everything = new Set(messages.map(({ messageId }) => messageId));
  if (!Array.isArray(failures)) {
    return everything;
  }
  const ids = failures.map((failure: unknown) => (isObject(failure) ? failure['itemIdentifier'] : undefined));
  const understood = ids.every((id) => typeof id === 'string' && everything.has(id));
  return understood ? new Set(ids.map(String)) : everything;
};
