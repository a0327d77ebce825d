/** The assembled runtime: a schedule fires a function, a queue feeds another, the front answers, and all of it ends. */
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../../local/lambda/clock.ts';
import type { LambdaLogLine } from '../../../local/lambda/host.ts';
import { createLambdaRuntime } from '../../../local/lambda/runtime.ts';
import type { FireReport } from '../../../local/lambda/scheduler.ts';
import { ACCOUNT_ID, functionArn, REGION, specOf, writeBundle } from './bundle.ts';
import { eventually, processLives, temporaryDirectory } from './fixtures.ts';
import { createMemoryQueue } from './memory-queue.ts';

const QUEUE_ARN = `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:sync.fifo`;
const SYNC = `export const handler = async (event) => { const failures = [];
  for (const record of event.Records) {
    console.log('sync', record.body);
    if (record.body === 'bad' && record.attributes.ApproximateReceiveCount === '1') failures.push({ itemIdentifier: record.messageId });
  }
  return { batchItemFailures: failures }; };`;

const directory = await temporaryDirectory();
const logs: LambdaLogLine[] = [];
const fires: FireReport[] = [];
const queue = createMemoryQueue(systemClock);
const runtime = createLambdaRuntime({
  region: REGION,
  accountId: ACCOUNT_ID,
  dataDirectory: path.join(directory, 'data'),
  consumer: queue,
  scheduleIntervalOf: () => 200,
  failureDelaySeconds: 0.05,
  onLog: (line) => {
    logs.push(line);
  },
  onFire: (report) => {
    fires.push(report);
  },
});
afterAll(async () => {
  await runtime.close({ graceMs: 0 });
});

const provision = async (name: string, source: string): Promise<void> => {
  await runtime.functions.ensureFunction(specOf(name, await writeBundle(directory, source)));
};

it('what the program declares runs together, and ends together', async () => {
  await provision('dispatch', 'export const handler = async (event) => event;');
  await provision('sync', SYNC);
  await provision('api', `export const handler = async (e) => ({ statusCode: 200, body: e.path });`);
  await runtime.schedules.ensureSchedule({
    name: 'ingest',
    expression: 'rate(1 hour)',
    targetArn: functionArn('dispatch'),
    input: '{"all":true}',
    maximumRetryAttempts: 0,
    maximumEventAgeSeconds: 60,
  });
  await runtime.functions.ensureEventSource({ queueArn: QUEUE_ARN, functionName: 'sync', batchSize: 2 });
  const listener = { functionName: 'api', targetGroupArn: 'arn:aws:tg', multiValueHeaders: true };
  const { url } = await runtime.front.ensureListener(listener);

  await expect((await fetch(`${url}/healthz`)).text()).resolves.toBe('/healthz');
  await expect(runtime.fireNow('ingest')).resolves.toMatchObject({ kind: 'returned', payload: { all: true } });
  await eventually(() => fires.length > 1, 'the schedule fires by itself');
  expect(fires.every(({ outcome }) => outcome.kind === 'returned')).toBe(true);

  queue.send('a', 'one');
  queue.send('a', 'bad');
  queue.send('b', 'two');
  await runtime.idle();
  await eventually(() => queue.left.length === 0, 'the failed message is handled again');
  const handled = logs.filter(({ text }) => text.startsWith('sync ')).map(({ text }) => text.slice(5));
  expect(handled.toSorted()).toEqual(['bad', 'bad', 'one', 'two']);

  const processes = ['dispatch', 'sync', 'api'].flatMap((name) => runtime.processIdsOf(name));
  expect(processes.length).toBeGreaterThanOrEqual(3);
  await runtime.close();
  expect(processes.filter(processLives)).toEqual([]);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  await expect(runtime.invoke('api', {})).resolves.toEqual({ kind: 'aborted' });
});

it('a batch that SQS does not give is refused', async () => {
  const spec = { queueArn: QUEUE_ARN, functionName: 'sync', batchSize: 11 };
  await expect(runtime.functions.ensureEventSource(spec)).rejects.toThrow(/1 to 10 messages/u);
});
