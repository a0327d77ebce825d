/** The SQS operations of the stand-in, over JSON. */
import { isJsonObject, type JsonObject, WireError } from '../service.ts';
import { md5, md5OfAttributes } from './message-attributes.ts';
import type { MessageRow, QueueRow, SentMessage } from './queue-database.ts';
import { type Outgoing, type QueueEngine, queueError } from './queue-engine.ts';
import type { QueueSignals } from './queue-signals.ts';
import { optionalField, optionalInteger, queueNameOf, requiredField } from './sqs-input.ts';

const MESSAGE_BYTES_MAX = 1024 * 1024;
const BATCH_MAX = 10;
const WAIT_SECONDS_MAX = 20;
const VISIBILITY_SECONDS_MAX = 43_200;
const DELAY_SECONDS_MAX = 900;
const SEQUENCE_DIGITS = 20;
const GROUP_PATTERN = /^[!-~]{1,128}$/u;

export interface SqsContext {
  readonly engine: QueueEngine;
  readonly signals: QueueSignals;
  readonly urlOf: (queue: string) => string;
  readonly arnOf: (queue: string) => string;
  readonly accountId: string;
}

export type SqsOperation = (
  context: SqsContext,
  input: JsonObject,
  abandoned: AbortSignal,
) => JsonObject | Promise<JsonObject>;

const identifier = (input: JsonObject, name: string): string | undefined => {
  const value = optionalField(input, name);
  if (value !== undefined && !GROUP_PATTERN.test(value)) {
    throw queueError('InvalidParameterValue', `${name} must be 1 to 128 letters, digits or punctuation.`);
  }
  return value;
};

const readMessage = (input: JsonObject): Outgoing => {
  const body = requiredField(input, 'MessageBody');
  const attributes = isJsonObject(input['MessageAttributes']) ? input['MessageAttributes'] : {};
  const bytes = Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(attributes));
  if (bytes > MESSAGE_BYTES_MAX) {
    const reason = `Message must be shorter than ${MESSAGE_BYTES_MAX} bytes.`;
    throw queueError('InvalidParameterValue', `One or more parameters are invalid. Reason: ${reason}`);
  }
  return {
    body,
    groupId: identifier(input, 'MessageGroupId'),
    deduplicationId: identifier(input, 'MessageDeduplicationId'),
    delaySeconds: optionalInteger(input, 'DelaySeconds', 0, DELAY_SECONDS_MAX),
    attributes: JSON.stringify(attributes),
  };
};

const sequenceText = (sequence: number): string => String(sequence).padStart(SEQUENCE_DIGITS, '0');

const showSent = (queue: QueueRow, message: Outgoing, sent: SentMessage): JsonObject => {
  const digest = md5OfAttributes(JSON.parse(message.attributes) as JsonObject);
  return {
    MessageId: sent.messageId,
    MD5OfMessageBody: md5(message.body),
    ...(digest === undefined ? {} : { MD5OfMessageAttributes: digest }),
    ...(queue.fifo ? { SequenceNumber: sequenceText(sent.sequence) } : {}),
  };
};

const send = ({ engine }: SqsContext, queueName: string, input: JsonObject): JsonObject => {
  const message = readMessage(input);
  return showSent(engine.queue(queueName), message, engine.send(queueName, message));
};

const sendMessage: SqsOperation = (context, input) => send(context, queueNameOf(input), input);

const readEntries = (input: JsonObject): readonly JsonObject[] => {
  const entries = input['Entries'];
  if (!Array.isArray(entries) || entries.length === 0) {
    throw queueError('EmptyBatchRequest', 'The batch request contains no entries.');
  }
  if (entries.length > BATCH_MAX) {
    throw queueError('TooManyEntriesInBatchRequest', `The batch request contains more than ${BATCH_MAX} entries.`);
  }
  const objects = entries.filter((entry) => isJsonObject(entry));
  if (new Set(objects.map((entry) => entry['Id'])).size !== entries.length) {
    throw queueError('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  }
  return objects;
};

const sendMessageBatch: SqsOperation = (context, input) => {
  const queueName = queueNameOf(input);
  context.engine.queue(queueName);
  const successful: JsonObject[] = [];
  const failed: JsonObject[] = [];
  for (const entry of readEntries(input)) {
    const id = requiredField(entry, 'Id');
    try {
      successful.push({ Id: id, ...send(context, queueName, entry) });
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      failed.push({ Id: id, Code: error.type.split('#').at(-1), Message: error.message, SenderFault: true });
    }
  }
  return { Successful: successful, Failed: failed };
};

/** SQS's own attributes of a message, by their names in the API. */
export const systemAttributes = (context: SqsContext, message: MessageRow): Record<string, string> => ({
  SenderId: context.accountId,
  SentTimestamp: String(Math.floor(message.sentAt)),
  ApproximateReceiveCount: String(message.receives),
  ApproximateFirstReceiveTimestamp: String(Math.floor(message.firstReceivedAt ?? 0)),
  ...(message.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
  ...(message.deduplicationId === undefined
    ? {}
    : { MessageDeduplicationId: message.deduplicationId, SequenceNumber: sequenceText(message.id) }),
  ...(message.sourceQueue === undefined ? {} : { DeadLetterQueueSourceArn: context.arnOf(message.sourceQueue) }),
});

const wantedNames = (input: JsonObject, ...fields: readonly string[]): ReadonlySet<unknown> =>
  new Set<unknown>(fields.flatMap((field) => (Array.isArray(input[field]) ? (input[field] as unknown[]) : [])));

const showReceived = (context: SqsContext, message: MessageRow, input: JsonObject): JsonObject => {
  const wanted = wantedNames(input, 'AttributeNames', 'MessageSystemAttributeNames');
  const shown = Object.entries(systemAttributes(context, message)).filter(
    ([name]) => wanted.has('All') || wanted.has(name),
  );
  const wantedOwn = wantedNames(input, 'MessageAttributeNames');
  const own = Object.fromEntries(
    Object.entries(JSON.parse(message.attributes) as JsonObject).filter(
      ([name]) => wantedOwn.has('All') || wantedOwn.has('.*') || wantedOwn.has(name),
    ),
  );
  const digest = md5OfAttributes(own);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receipt,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) }),
    ...(digest === undefined ? {} : { MessageAttributes: own, MD5OfMessageAttributes: digest }),
  };
};

/** Ends when the queue signals, the time is over, or the client has left. */
const waitForSignal = async (
  { signals }: SqsContext,
  queue: string,
  waitMs: number,
  abandoned: AbortSignal,
): Promise<void> => {
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      stopListening();
      abandoned.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, waitMs);
    const stopListening = signals.listen(queue, finish);
    abandoned.addEventListener('abort', finish);
  });
};

const receiveMessage: SqsOperation = async (context, input, abandoned) => {
  const queue = queueNameOf(input);
  const limit = optionalInteger(input, 'MaxNumberOfMessages', 1, BATCH_MAX) ?? 1;
  const visibility = optionalInteger(input, 'VisibilityTimeout', 0, VISIBILITY_SECONDS_MAX);
  const waitSeconds = optionalInteger(input, 'WaitTimeSeconds', 0, WAIT_SECONDS_MAX) ?? 0;
  const deadline = performance.now() + waitSeconds * 1000;
  let messages = context.engine.receive(queue, limit, visibility);
  while (messages.length === 0 && !abandoned.aborted && performance.now() < deadline) {
    await waitForSignal(context, queue, deadline - performance.now(), abandoned);
    messages = abandoned.aborted ? [] : context.engine.receive(queue, limit, visibility);
  }
  return messages.length === 0 ? {} : { Messages: messages.map((message) => showReceived(context, message, input)) };
};

const deleteMessage: SqsOperation = ({ engine }, input) => {
  const queue = engine.queue(queueNameOf(input));
  const outcome = engine.acknowledge(requiredField(input, 'ReceiptHandle'));
  if (outcome.kind === 'expired' && queue.fifo) {
    throw queueError(
      'InvalidParameterValue',
      'Value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.',
    );
  }
  return {};
};

const changeMessageVisibility: SqsOperation = ({ engine }, input) => {
  engine.queue(queueNameOf(input));
  const seconds = optionalInteger(input, 'VisibilityTimeout', 0, VISIBILITY_SECONDS_MAX);
  if (seconds === undefined) {
    throw queueError('MissingParameter', 'The request must contain the parameter VisibilityTimeout.');
  }
  if (engine.changeVisibility(requiredField(input, 'ReceiptHandle'), seconds).kind === 'expired') {
    throw queueError('MessageNotInflight', 'The message referred to is not in flight.');
  }
  return {};
};

const queueAttributes = (context: SqsContext, queue: QueueRow): Record<string, string> => {
  const { visible, inFlight } = context.engine.depth(queue.name);
  const { deadLetterQueue, receivesMax } = queue;
  const created = String(Math.floor(queue.createdAt / 1000));
  return {
    QueueArn: context.arnOf(queue.name),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: '0',
    VisibilityTimeout: String(queue.visibilitySeconds),
    MessageRetentionPeriod: String(queue.retentionSeconds),
    MaximumMessageSize: String(MESSAGE_BYTES_MAX),
    DelaySeconds: '0',
    ReceiveMessageWaitTimeSeconds: '0',
    CreatedTimestamp: created,
    LastModifiedTimestamp: created,
    ...(queue.fifo ? { FifoQueue: 'true', ContentBasedDeduplication: String(queue.contentDeduplication) } : {}),
    ...(deadLetterQueue === undefined
      ? {}
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: context.arnOf(deadLetterQueue),
            maxReceiveCount: receivesMax,
          }),
        }),
  };
};

const getQueueAttributes: SqsOperation = (context, input) => {
  const wanted = wantedNames(input, 'AttributeNames');
  const all = Object.entries(queueAttributes(context, context.engine.queue(queueNameOf(input))));
  const shown = all.filter(([name]) => wanted.has('All') || wanted.has(name));
  return shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) };
};

export const SQS_OPERATIONS: Readonly<Record<string, SqsOperation>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  ReceiveMessage: receiveMessage,
  DeleteMessage: deleteMessage,
  ChangeMessageVisibility: changeMessageVisibility,
  GetQueueAttributes: getQueueAttributes,
  GetQueueUrl: ({ engine, urlOf }, input) => ({
    QueueUrl: urlOf(engine.queue(requiredField(input, 'QueueName')).name),
  }),
  PurgeQueue: ({ engine }, input) => {
    engine.purge(queueNameOf(input));
    return {};
  },
};
