/** The queue poller against a queue in memory and a clock that moves by hand. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BatchReport, EventSource, EventSourceOptions } from '../../../local/lambda/event-source.ts';
import { createEventSource } from '../../../local/lambda/event-source.ts';
import type { InvokeOutcome } from '../../../local/lambda/outcome.ts';
import type { SqsRecord } from '../../../local/lambda/sqs-event.ts';
import { REGION } from './bundle.ts';
import type { FakeClock } from './fake-clock.ts';
import { createFakeClock } from './fake-clock.ts';
import type { MemoryQueue } from './memory-queue.ts';
import { createMemoryQueue } from './memory-queue.ts';

const QUEUE_ARN = `arn:aws:sqs:${REGION}:111122223333:sync.fifo`;
const DONE: InvokeOutcome = { kind: 'returned', payload: null };
const FAILED: InvokeOutcome = { kind: 'function-error', errorType: 'Error', message: 'x', trace: [] };

interface Call {
  readonly records: readonly SqsRecord[];
  readonly bodies: readonly string[];
  readonly answer: (outcome: InvokeOutcome) => Promise<void>;
}

interface Bench {
  readonly clock: FakeClock;
  readonly queue: MemoryQueue;
  readonly calls: Call[];
  readonly reports: BatchReport[];
  readonly source: EventSource;
}

const openBench = async (
  options: Partial<EventSourceOptions> & { readonly batchSize?: number; readonly concurrency?: number } = {},
  /** "group body", sent before the poller starts. */
  sent: readonly string[] = [],
): Promise<Bench> => {
  const clock = createFakeClock(0);
  const queue = createMemoryQueue(clock);
  const calls: Call[] = [];
  const reports: BatchReport[] = [];
  for (const message of sent) {
    const [group = '', body = ''] = message.split(' ');
    queue.send(group, body);
  }
  const source = createEventSource({
    spec: { queueArn: QUEUE_ARN, functionName: 'sync', batchSize: options.batchSize ?? 1 },
    region: REGION,
    consumer: queue,
    clock,
    concurrencyMax: () => options.concurrency ?? 10,
    invoke: async (_name, event) => {
      const { promise, resolve } = Promise.withResolvers<InvokeOutcome>();
      const records = (event as { Records: readonly SqsRecord[] }).Records;
      calls.push({
        records,
        bodies: records.map(({ body }) => body),
        answer: async (outcome) => {
          resolve(outcome);
          await setImmediate();
        },
      });
      return promise;
    },
    onBatch: (report) => {
      reports.push(report);
    },
    ...options,
  });
  await setImmediate();
  return { clock, queue, calls, reports, source };
};

const bodies = (bench: Bench): readonly (readonly string[])[] => bench.calls.map((call) => call.bodies);

describe('a message', () => {
  it('comes as an event of SQS', async () => {
    const bench = await openBench();
    bench.queue.send('source-1', '{"a":1}');
    await setImmediate();
    expect(bench.calls[0]?.records).toEqual([
      {
        messageId: 'm1',
        receiptHandle: 'r-m1',
        body: '{"a":1}',
        attributes: { SenderId: 'x', ApproximateReceiveCount: '1', MessageGroupId: 'source-1' },
        messageAttributes: {},
        md5OfBody: 'bb6cb5c68df4652941caf652a366f2d8',
        eventSource: 'aws:sqs',
        eventSourceARN: QUEUE_ARN,
        awsRegion: REGION,
      },
    ]);
  });

  it('that was there before the poller is handled too, and acknowledged only after its function returned', async () => {
    const bench = await openBench({}, ['g early']);
    expect(bodies(bench)).toEqual([['early']]);
    expect(bench.queue.acknowledged).toEqual([]);
    await bench.calls[0]?.answer(DONE);
    expect(bench.queue.acknowledged).toEqual(['early']);
  });
});

describe('groups', () => {
  it('one group is handled in order, one batch at a time', async () => {
    const bench = await openBench();
    for (const body of ['1', '2', '3']) {
      bench.queue.send('g', body);
    }
    await setImmediate();
    expect(bodies(bench)).toEqual([['1']]);
    await bench.calls[0]?.answer(DONE);
    await bench.calls[1]?.answer(DONE);
    expect(bodies(bench)).toEqual([['1'], ['2'], ['3']]);
  });

  it('different groups run side by side up to the concurrency', async () => {
    const bench = await openBench({ concurrency: 2 });
    for (const group of ['a', 'b', 'c']) {
      bench.queue.send(group, group);
    }
    await setImmediate();
    expect(bodies(bench)).toEqual([['a'], ['b']]);
    await bench.calls[1]?.answer(DONE);
    expect(bodies(bench)).toEqual([['a'], ['b'], ['c']]);
  });

  it('a received batch is split by group, and the last free place takes the rest', async () => {
    const sent = ['a a1', 'b b1', 'a a2', 'c c1', 'b b2'];
    expect(bodies(await openBench({ batchSize: 10 }, sent))).toEqual([['a1', 'a2'], ['b1', 'b2'], ['c1']]);
    expect(bodies(await openBench({ batchSize: 10, concurrency: 2 }, sent))).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2', 'c1'],
    ]);
  });
});

describe('failures', () => {
  it('only what the function reports as failed stays in the queue', async () => {
    const bench = await openBench({ batchSize: 10, failureDelaySeconds: 5 }, ['g 1', 'g 2', 'g 3']);
    await bench.calls[0]?.answer({
      kind: 'returned',
      payload: { batchItemFailures: [{ itemIdentifier: 'm2' }, { itemIdentifier: 'm3' }] },
    });
    expect(bench.queue.acknowledged).toEqual(['1']);
    expect(bench.reports).toMatchObject([{ messageIds: ['m1', 'm2', 'm3'], failedIds: ['m2', 'm3'] }]);
    await bench.clock.advance(4999);
    expect(bench.calls).toHaveLength(1);
    await bench.clock.advance(1);
    expect(bodies(bench)[1]).toEqual(['2', '3']);
    expect(bench.calls[1]?.records[0]?.attributes['ApproximateReceiveCount']).toBe('2');
  });

  it.each([
    ['an unknown id', { batchItemFailures: [{ itemIdentifier: 'm9' }] }],
    ['an empty id', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['no id', { batchItemFailures: [{}] }],
    ['no list', { batchItemFailures: 'all' }],
  ])('a report with %s is a failure of the whole batch', async (_what, payload) => {
    const bench = await openBench({ batchSize: 10 }, ['g 1']);
    await bench.calls[0]?.answer({ kind: 'returned', payload });
    expect(bench.queue.acknowledged).toEqual([]);
  });

  it.each([[{ batchItemFailures: [] }], [{ batchItemFailures: null }], [{}], ['text']])(
    'an answer of %j is a success of the whole batch',
    async (payload) => {
      const bench = await openBench({}, ['g 1']);
      await bench.calls[0]?.answer({ kind: 'returned', payload });
      expect(bench.queue.acknowledged).toEqual(['1']);
    },
  );

  it('of the function leave the messages to their visibility timeout, unless a delay is given', async () => {
    const bench = await openBench({}, ['g 1']);
    await bench.calls[0]?.answer(FAILED);
    expect(bench.clock.timers).toBe(0);
    expect(bench.queue.left).toEqual(['1']);
    const delayed = await openBench({ failureDelaySeconds: 2 }, ['g 1']);
    await delayed.calls[0]?.answer({ kind: 'crashed', exitCode: 1, signal: null });
    await delayed.clock.advance(2000);
    expect(bodies(delayed)).toEqual([['1'], ['1']]);
  });

  it('a throttled batch is kept in hand and tried again, not received again', async () => {
    const bench = await openBench({}, ['g 1']);
    await bench.calls[0]?.answer({ kind: 'throttled' });
    expect(bench.calls).toHaveLength(1);
    await bench.clock.advance(100);
    await bench.calls[1]?.answer({ kind: 'throttled' });
    await bench.clock.advance(200);
    await bench.calls[2]?.answer(DONE);
    expect(bench.calls[2]?.records[0]?.attributes['ApproximateReceiveCount']).toBe('1');
    expect(bench.queue.acknowledged).toEqual(['1']);
  });

  it('a batch that stays throttled for a minute counts as failed', async () => {
    const bench = await openBench({ invoke: async () => ({ kind: 'throttled' }) }, ['g 1']);
    await bench.clock.advance(61_000);
    expect(bench.reports).toMatchObject([{ failedIds: ['m1'], outcome: { kind: 'throttled' } }]);
  });
});

describe('looking', () => {
  it('happens when the queue tells, not in a loop', async () => {
    const bench = await openBench();
    await bench.clock.advance(3_600_000);
    expect(bench.queue.receives).toBe(1);
    bench.queue.send('g', '1');
    bench.queue.send('h', '2');
    await setImmediate();
    expect(bench.calls).toHaveLength(2);
    expect(bench.queue.receives).toBe(4);
  });

  it('stops at its close, which waits for what is being handled', async () => {
    const bench = await openBench({}, ['g 1']);
    const closing = bench.source.close();
    bench.queue.send('h', '2');
    await setImmediate();
    expect(bench.calls).toHaveLength(1);
    await bench.calls[0]?.answer(DONE);
    await closing;
    expect(bench.queue.acknowledged).toEqual(['1']);
    expect(bench.queue.left).toEqual(['2']);
  });

  it('a batch that the close of the Region cut off is there at once for who starts next', async () => {
    const bench = await openBench({}, ['g 1']);
    await bench.calls[0]?.answer({ kind: 'aborted' });
    await bench.clock.advance(0);
    expect(bodies(bench)).toEqual([['1'], ['1']]);
  });

  it('a close does not wait longer than its grace', async () => {
    const bench = await openBench({}, ['g 1']);
    await bench.source.close({ graceMs: 10 });
    expect(bench.source.busy).toBe(true);
  });
});

describe('idle', () => {
  it('is at once when there is nothing', async () => {
    const bench = await openBench();
    await expect(bench.source.idle()).resolves.toBeUndefined();
  });

  it('is when the last visible message was handled, those that came meanwhile included', async () => {
    const bench = await openBench();
    bench.queue.send('g', '1');
    bench.queue.send('g', '2');
    let idle = false;
    const waiting = bench.source.idle().then(() => {
      idle = true;
      return idle;
    });
    await setImmediate();
    await bench.calls[0]?.answer(DONE);
    expect(idle).toBe(false);
    expect(bodies(bench)).toEqual([['1'], ['2']]);
    await bench.calls[1]?.answer(DONE);
    await waiting;
    expect(bench.queue.left).toEqual([]);
  });
});
