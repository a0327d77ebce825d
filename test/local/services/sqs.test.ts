import { createHash } from 'node:crypto';

import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ConfigError } from '../../../functions/domain/errors.ts';
import type { QueueSpec } from '../../../local/region/services.ts';
import { openRegion, type OpenRegion, TestClock } from './open-region.ts';

const VISIBILITY_SECONDS = 30;
const RECEIVES_MAX = 3;
const DEAD: QueueSpec = {
  name: 'sync-dead.fifo',
  fifo: true,
  visibilityTimeoutSeconds: VISIBILITY_SECONDS,
  messageRetentionSeconds: 1_209_600,
};

let region: OpenRegion;
let clock: TestClock;
let queue: { readonly url: string; readonly arn: string };
let dead: { readonly url: string; readonly arn: string };

const declareQueues = async (): Promise<void> => {
  const { queues } = region.services;
  dead = await queues.ensureQueue(DEAD);
  queue = await queues.ensureQueue({
    ...DEAD,
    name: 'sync.fifo',
    messageRetentionSeconds: 3600,
    redrive: { deadLetterQueueArn: dead.arn, maxReceiveCount: RECEIVES_MAX },
  });
};

beforeEach(async () => {
  clock = new TestClock();
  region = await openRegion({ now: clock.now });
  await declareQueues();
});

afterEach(async () => {
  await region.close();
});

let sends = 0;

const send = async (group: string, body: string, more: Partial<SendMessageCommandInput> = {}): Promise<string> => {
  sends += 1;
  const sent = await region.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: `send-${sends}`,
      ...more,
    }),
  );
  return sent.MessageId ?? '';
};

const receive = async (more: Partial<ReceiveMessageCommandInput> = {}): Promise<readonly Message[]> => {
  const { Messages } = await region.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: 10, ...more }),
  );
  return Messages ?? [];
};

const bodies = (messages: readonly Message[]): string => messages.map(({ Body }) => Body).join('');

const remove = async (message: Message | undefined): Promise<unknown> =>
  region.sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: message?.ReceiptHandle }));

describe('FIFO', () => {
  test('messages come in sending order, and a group with one in flight gives nothing more', async () => {
    await send('g1', 'a');
    await send('g2', 'b');
    await send('g1', 'c');
    const [first] = await receive({ MaxNumberOfMessages: 1 });
    expect(first?.Body).toBe('a');
    expect(bodies(await receive())).toBe('b');
    await remove(first);
    expect(bodies(await receive())).toBe('c');
  });

  test('one receive may take several messages of a group, in order', async () => {
    for (const body of ['a', 'b', 'c']) {
      await send('g', body);
    }
    expect(bodies(await receive({ MaxNumberOfMessages: 2 }))).toBe('ab');
    expect(bodies(await receive())).toBe('');
  });

  test('a message shows again after its visibility time-out, before the rest of its group', async () => {
    await send('g', 'a');
    await send('g', 'b');
    const [first] = await receive({ MaxNumberOfMessages: 1 });
    clock.advance(VISIBILITY_SECONDS * 1000);
    const again = await receive({ MaxNumberOfMessages: 1, MessageSystemAttributeNames: ['All'] });
    expect(bodies(again)).toBe('a');
    expect(again[0]?.Attributes).toMatchObject({ ApproximateReceiveCount: '2', MessageGroupId: 'g' });
    await expect(remove(first)).rejects.toThrow('The receipt handle has expired');
    await remove(again[0]);
    expect(bodies(await receive())).toBe('b');
  });

  test('a duplicate within five minutes is accepted and not delivered; after that it is a new message', async () => {
    const first = await send('g', 'a', { MessageDeduplicationId: 'same' });
    await expect(send('g', 'a', { MessageDeduplicationId: 'same' })).resolves.toBe(first);
    const [received] = await receive();
    await remove(received);
    await expect(send('g', 'a', { MessageDeduplicationId: 'same' })).resolves.toBe(first);
    await expect(receive()).resolves.toEqual([]);
    clock.advance(5 * 60 * 1000);
    await expect(send('g', 'a', { MessageDeduplicationId: 'same' })).resolves.not.toBe(first);
    expect(bodies(await receive())).toBe('a');
  });

  test('content-based deduplication takes the body as the id', async () => {
    const content = await region.services.queues.ensureQueue({
      ...DEAD,
      name: 'content.fifo',
      contentBasedDeduplication: true,
    });
    for (const body of ['a', 'b', 'a']) {
      await send('g', body, { QueueUrl: content.url, MessageDeduplicationId: undefined });
    }
    const received = await receive({ QueueUrl: content.url, MessageSystemAttributeNames: ['MessageDeduplicationId'] });
    expect(bodies(received)).toBe('ab');
    const digest = createHash('sha256').update('a').digest('hex');
    expect(received[0]?.Attributes).toEqual({ MessageDeduplicationId: digest });
  });

  test('after three receives a message goes to the dead-letter queue and its group goes on', async () => {
    await send('g', 'poison');
    await send('g', 'next');
    for (const turn of [1, 2, 3]) {
      const [message] = await receive({ MaxNumberOfMessages: 1, MessageSystemAttributeNames: ['All'] });
      expect([message?.Body, message?.Attributes?.['ApproximateReceiveCount']]).toEqual(['poison', String(turn)]);
      clock.advance(VISIBILITY_SECONDS * 1000);
    }
    expect(bodies(await receive())).toBe('next');
    expect(region.services.consumer.depth(queue.arn)).toEqual({ visible: 0, inFlight: 1, deadLetters: 1 });
    const [letter] = await receive({ QueueUrl: dead.url, MessageSystemAttributeNames: ['DeadLetterQueueSourceArn'] });
    expect([letter?.Body, letter?.Attributes]).toEqual(['poison', { DeadLetterQueueSourceArn: queue.arn }]);
  });

  test('a message over its retention is dropped', async () => {
    await send('g', 'old');
    clock.advance(3600 * 1000);
    await expect(receive()).resolves.toEqual([]);
    expect(region.services.consumer.depth(queue.arn)).toEqual({ visible: 0, inFlight: 0, deadLetters: 0 });
  });

  test('messages, what is in flight and duplicates are remembered over a restart', async () => {
    const first = await send('g1', 'a', { MessageDeduplicationId: 'same' });
    await send('g2', 'b');
    const [inFlight] = await receive({ MaxNumberOfMessages: 1 });
    region = await region.restart();
    await declareQueues();
    await expect(send('g1', 'a', { MessageDeduplicationId: 'same' })).resolves.toBe(first);
    expect(bodies(await receive())).toBe('b');
    await remove(inFlight);
    expect(region.services.consumer.depth(queue.arn)).toMatchObject({ visible: 0, inFlight: 1 });
  });
});

describe('operations', () => {
  test('a batch sends what is valid and names what is not', async () => {
    const entry = { MessageGroupId: 'g', MessageBody: 'x' };
    const { Successful, Failed } = await region.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: [
          { ...entry, Id: '1', MessageDeduplicationId: 'b1' },
          { ...entry, Id: '2', MessageDeduplicationId: 'b2', MessageGroupId: undefined },
        ],
      }),
    );
    expect(Successful).toMatchObject([{ Id: '1', SequenceNumber: expect.stringMatching(/^\d{20}$/u) as string }]);
    expect(Failed).toMatchObject([{ Id: '2', Code: 'MissingParameter', SenderFault: true }]);
    expect(bodies(await receive())).toBe('x');
  });

  test('message attributes come back with the digest that SQS documents', async () => {
    const attributes = { kind: { DataType: 'String', StringValue: 'full' } };
    const sent = await region.sqs.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: 'x',
        MessageGroupId: 'g',
        MessageDeduplicationId: 'attributes',
        MessageAttributes: attributes,
      }),
    );
    const lengths = (text: string): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return Buffer.concat([length, Buffer.from(text)]);
    };
    const bytes = Buffer.concat([lengths('kind'), lengths('String'), Buffer.from([1]), lengths('full')]);
    const digest = createHash('md5').update(bytes).digest('hex');
    expect(sent.MD5OfMessageAttributes).toBe(digest);
    const [message] = await receive({ MessageAttributeNames: ['All'] });
    expect(message).toMatchObject({ MessageAttributes: attributes, MD5OfMessageAttributes: digest });
  });

  test('a visibility of zero shows a message at once, a longer one keeps it hidden', async () => {
    await send('g', 'a');
    const change = async (message: Message | undefined, seconds: number): Promise<unknown> =>
      region.sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queue.url,
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    const [first] = await receive();
    await change(first, 0);
    await expect(change(first, 0)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    const [second] = await receive();
    await change(second, 300);
    clock.advance(299_000);
    await expect(receive()).resolves.toEqual([]);
    clock.advance(1000);
    expect(bodies(await receive())).toBe('a');
  });

  test('url, attributes and purge speak of the declared queue', async () => {
    const { QueueUrl } = await region.sqs.send(new GetQueueUrlCommand({ QueueName: 'sync.fifo' }));
    expect(QueueUrl).toBe(queue.url);
    expect(queue.url).toBe(`${region.services.endpoint}/111122223333/sync.fifo`);
    expect(queue.arn).toBe('arn:aws:sqs:us-east-2:111122223333:sync.fifo');
    await send('g', 'a');
    const read = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
    const { Attributes } = await region.sqs.send(read);
    expect(Attributes).toMatchObject({
      QueueArn: queue.arn,
      FifoQueue: 'true',
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '0',
      VisibilityTimeout: '30',
      MessageRetentionPeriod: '3600',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: RECEIVES_MAX }),
    });
    await region.sqs.send(new PurgeQueueCommand({ QueueUrl }));
    await expect(receive()).resolves.toEqual([]);
  });

  test.each<[string, Partial<SendMessageCommandInput>, string]>([
    ['no group', { MessageGroupId: undefined }, 'MessageGroupId'],
    ['no deduplication id', { MessageDeduplicationId: undefined }, 'ContentBasedDeduplication'],
    ['a delay', { DelaySeconds: 5 }, 'DelaySeconds is not valid'],
    ['over 1 MiB', { MessageBody: 'x'.repeat(1024 * 1024 + 1) }, 'must be shorter than 1048576'],
    ['a group with a space', { MessageGroupId: 'a b' }, 'MessageGroupId must be'],
  ])('a FIFO message with %s is refused', async (_title, more, reason) => {
    await expect(send('g', 'a', more)).rejects.toThrow(reason);
    await expect(receive()).resolves.toEqual([]);
  });

  test('a queue that does not exist has the error that clients know', async () => {
    const url = new GetQueueUrlCommand({ QueueName: 'nobody.fifo' });
    await expect(region.sqs.send(url)).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });

  test('a standard queue needs no group and no deduplication', async () => {
    const standard = await region.services.queues.ensureQueue({ ...DEAD, name: 'events', fifo: false });
    const plain = { QueueUrl: standard.url, MessageGroupId: undefined, MessageDeduplicationId: undefined };
    await send('', 'a', { ...plain, DelaySeconds: 2 });
    await send('', 'b', plain);
    expect(bodies(await receive({ QueueUrl: standard.url }))).toBe('b');
    clock.advance(2000);
    expect(bodies(await receive({ QueueUrl: standard.url }))).toBe('a');
  });

  test('wrong declarations are refused with the way out', async () => {
    const { queues } = region.services;
    await expect(queues.ensureQueue({ ...DEAD, name: 'plain' })).rejects.toThrow(ConfigError);
    const nowhere = { deadLetterQueueArn: `${dead.arn}x`, maxReceiveCount: 3 };
    await expect(queues.ensureQueue({ ...DEAD, name: 'q.fifo', redrive: nowhere })).rejects.toThrow('Declare it first');
  });
});

describe('waiting', () => {
  test('a long poll answers as soon as a message is sent', async () => {
    const started = performance.now();
    const waiting = receive({ WaitTimeSeconds: 20 });
    await send('g', 'a');
    expect(bodies(await waiting)).toBe('a');
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('a long poll that gets nothing ends in its time', async () => {
    const started = performance.now();
    await expect(receive({ WaitTimeSeconds: 1 })).resolves.toEqual([]);
    expect(performance.now() - started).toBeGreaterThan(990);
  });

  test('a client that left takes no message', async () => {
    const gone = new AbortController();
    const command = new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 20 });
    const left = region.sqs.send(command, { abortSignal: gone.signal }).catch((error: unknown) => error);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    gone.abort();
    await expect(left).resolves.toMatchObject({ name: 'AbortError' });
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    await send('g', 'a');
    expect(bodies(await receive())).toBe('a');
  });

  test('closing ends a long poll', async () => {
    const waiting = receive({ WaitTimeSeconds: 20 }).catch(() => []);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    const started = performance.now();
    await region.services.close();
    await waiting;
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('the consumer in process', () => {
  test('it hears of what waited, of what is sent and of what is released, and acknowledges', async () => {
    await send('g', 'a');
    const { consumer } = region.services;
    const heard: string[] = [];
    const stop = consumer.onMessage(queue.arn, () => {
      const received = consumer.receive(queue.arn, 1);
      for (const message of received) {
        heard.push(`${message.body}${message.receiveCount}`);
        if (message.body === 'a' && message.receiveCount === 1) {
          consumer.release(message, 0);
        } else {
          consumer.acknowledge(message);
        }
      }
    });
    await expect.poll(() => heard.join(' ')).toBe('a1 a2');
    await send('g', 'b');
    await expect.poll(() => heard.join(' ')).toBe('a1 a2 b1');
    stop();
    await send('g', 'c');
    expect(heard).toHaveLength(3);
    expect(consumer.depth(queue.arn)).toEqual({ visible: 1, inFlight: 0, deadLetters: 0 });
  });

  test('a received message carries what Lambda is given', async () => {
    const messageId = await send('g', 'a');
    const [message] = region.services.consumer.receive(queue.arn, 10);
    expect(message).toMatchObject({ messageId, body: 'a', groupId: 'g', receiveCount: 1 });
    expect(message?.attributes).toMatchObject({
      ApproximateReceiveCount: '1',
      SentTimestamp: String(clock.now()),
      MessageGroupId: 'g',
    });
    expect(message?.attributes['SequenceNumber']).toMatch(/^\d{20}$/u);
  });

  test('an expired receipt neither deletes nor releases', async () => {
    await send('g', 'a');
    const { consumer } = region.services;
    const [message] = consumer.receive(queue.arn, 1);
    clock.advance(VISIBILITY_SECONDS * 1000);
    const receipt = message?.receiptHandle ?? '';
    expect(consumer.acknowledge(receipt)).toEqual({ kind: 'expired' });
    expect(consumer.release(receipt, 60)).toEqual({ kind: 'expired' });
    expect(consumer.depth(queue.arn)).toMatchObject({ visible: 1 });
  });

  test('a time-out of visibility is announced without polling', async () => {
    await region.close();
    region = await openRegion();
    queue = await region.services.queues.ensureQueue({ ...DEAD, name: 'sync.fifo', visibilityTimeoutSeconds: 1 });
    const { consumer } = region.services;
    let polls = 0;
    const counts: number[] = [];
    consumer.onMessage(queue.arn, () => {
      polls += 1;
      counts.push(...consumer.receive(queue.arn, 1).map(({ receiveCount }) => receiveCount));
    });
    await send('g', 'a');
    await expect.poll(() => counts, { timeout: 5000 }).toEqual([1, 2]);
    expect(polls).toBeLessThan(8);
  });
});
