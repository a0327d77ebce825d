/** Schedules against a clock that moves by hand. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../functions/domain/errors.ts';
import type { Invoke, InvokeOutcome } from '../../../local/lambda/outcome.ts';
import { parseScheduleExpression } from '../../../local/lambda/schedule-expression.ts';
import type { FireReport, Scheduler, SchedulerOptions } from '../../../local/lambda/scheduler.ts';
import { createScheduler } from '../../../local/lambda/scheduler.ts';
import type { ScheduleSpec } from '../../../local/region/services.ts';
import { ACCOUNT_ID, functionArn, REGION } from './bundle.ts';
import type { FakeClock } from './fake-clock.ts';
import { createFakeClock } from './fake-clock.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** 12:20 of a day. */
const START_MS = Date.UTC(2026, 2, 1, 12, 20);

const SPEC: ScheduleSpec = {
  name: 'ingest',
  expression: 'rate(1 hour)',
  targetArn: functionArn('dispatch'),
  input: '{"slot":"<aws.scheduler.scheduled-time>","attempt":"<aws.scheduler.attempt-number>"}',
  maximumRetryAttempts: 2,
  maximumEventAgeSeconds: 600,
};

interface Bench {
  readonly clock: FakeClock;
  readonly scheduler: Scheduler;
  readonly calls: { readonly target: string; readonly payload: unknown }[];
  readonly reports: FireReport[];
}

const openBench = (
  outcomes: readonly InvokeOutcome[] = [],
  options: Partial<SchedulerOptions> = {},
  invoke?: Invoke,
): Bench => {
  const clock = createFakeClock(START_MS);
  const calls: { target: string; payload: unknown }[] = [];
  const reports: FireReport[] = [];
  const answers = [...outcomes];
  const scheduler = createScheduler({
    region: REGION,
    accountId: ACCOUNT_ID,
    clock,
    invoke:
      invoke ??
      (async (target, payload) => {
        calls.push({ target, payload });
        return answers.shift() ?? { kind: 'returned', payload: null };
      }),
    onFire: (report) => {
      reports.push(report);
    },
    ...options,
  });
  return { clock, scheduler, calls, reports };
};

const slots = (bench: Bench): readonly string[] =>
  bench.reports.map(({ scheduledAtMs }) => new Date(scheduledAtMs).toISOString().slice(11, 16));

describe('an expression', () => {
  it.each([
    ['rate(1 hour)', HOUR_MS],
    ['rate(5 minutes)', 5 * MINUTE_MS],
    ['rate(2 days)', 48 * HOUR_MS],
    [' rate( 1 minute ) ', MINUTE_MS],
  ])('%s is an interval', (expression, intervalMs) => {
    expect(parseScheduleExpression(expression)).toEqual({ kind: 'rate', intervalMs });
  });

  it('of cron is taken apart', () => {
    expect(parseScheduleExpression('cron(15 10 ? * 6L 2026-2030)')).toEqual({
      kind: 'cron',
      fields: ['15', '10', '?', '*', '6L', '2026-2030'],
    });
  });

  it.each([
    ['rate(0 hours)', /whole number from 1/u],
    ['rate(1.5 hours)', /whole number/u],
    ['rate(1 week)', /minutes, hours or days/u],
    ['every hour', /neither rate/u],
    ['at(2026-01-01T00:00:00)', /fires once/u],
    ['cron(0 * * *)', /has 4 fields/u],
    ['cron(0 * * * * *)', /exactly one/u],
    ['cron(0 * ? * ? *)', /exactly one/u],
    ['cron(0 $ * * ? *)', /"hours"/u],
  ])('%s is refused with what is wrong', (expression, message) => {
    expect(() => parseScheduleExpression(expression)).toThrow(ConfigError);
    expect(() => parseScheduleExpression(expression)).toThrow(message);
  });
});

describe('a schedule', () => {
  it('fires on whole intervals, not on those since its start, with its input', async () => {
    const bench = openBench();
    await bench.scheduler.ensureSchedule(SPEC);
    await bench.clock.advance(39 * MINUTE_MS);
    expect(bench.calls).toEqual([]);
    await bench.clock.advance(2 * HOUR_MS);
    expect(slots(bench)).toEqual(['13:00', '14:00']);
    expect(bench.calls[0]).toEqual({
      target: functionArn('dispatch'),
      payload: { slot: '2026-03-01T13:00:00Z', attempt: '1' },
    });
  });

  it('fires at the interval of the person who starts, cron included', async () => {
    const bench = openBench([], { intervalOf: () => 10_000 });
    await bench.scheduler.ensureSchedule({ ...SPEC, expression: 'cron(0 * * * ? *)' });
    await bench.clock.advance(30_000);
    expect(bench.reports).toHaveLength(3);
  });

  it('that is declared again unchanged keeps its timer, changed it has the new one only', async () => {
    const bench = openBench();
    await bench.scheduler.ensureSchedule(SPEC);
    await bench.scheduler.ensureSchedule({ ...SPEC });
    expect(bench.clock.timers).toBe(1);
    await bench.scheduler.ensureSchedule({ ...SPEC, expression: 'rate(15 minutes)' });
    await bench.clock.advance(41 * MINUTE_MS);
    expect(slots(bench)).toEqual(['12:30', '12:45', '13:00']);
  });

  it('of more days than a timer can hold fires on its day', async () => {
    const bench = openBench();
    await bench.scheduler.ensureSchedule({ ...SPEC, expression: 'rate(30 days)' });
    await bench.clock.advance(31 * 24 * HOUR_MS);
    expect(bench.reports).toHaveLength(1);
  });

  it('after a sleep of the machine fires for the last slot only', async () => {
    const bench = openBench();
    await bench.scheduler.ensureSchedule(SPEC);
    await bench.clock.jump(9 * HOUR_MS);
    await bench.scheduler.idle();
    expect(slots(bench)).toEqual(['21:00']);
  });

  it.each([
    [{ expression: 'cron(0 * * * ? *)' }, /does not run on one machine/u],
    [{ input: 'not json' }, /not JSON/u],
    [{ maximumRetryAttempts: 186 }, /0 to 185/u],
    [{ maximumEventAgeSeconds: 30 }, /60 to 86400/u],
  ])('with %j is refused', async (part, message) => {
    await expect(openBench().scheduler.ensureSchedule({ ...SPEC, ...part })).rejects.toThrow(message);
  });
});

describe('a failed firing', () => {
  const failure: InvokeOutcome = { kind: 'function-error', errorType: 'Error', message: 'x', trace: [] };

  it('is tried again for the same slot, as often as declared', async () => {
    const bench = openBench([failure, { kind: 'throttled' }, failure]);
    await bench.scheduler.ensureSchedule(SPEC);
    await bench.clock.advance(50 * MINUTE_MS);
    expect(bench.reports.map(({ attempt, willRetry }) => [attempt, willRetry])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    expect(new Set(slots(bench))).toEqual(new Set(['13:00']));
    expect(bench.calls[2]?.payload).toMatchObject({ attempt: '3' });
  });

  it('ends its tries with the first success', async () => {
    const bench = openBench([failure]);
    await bench.scheduler.ensureSchedule(SPEC);
    await bench.clock.advance(50 * MINUTE_MS);
    expect(bench.reports.map(({ outcome }) => outcome.kind)).toEqual(['function-error', 'returned']);
  });

  it('is given up when the next try would be older than declared', async () => {
    const bench = openBench([failure, failure]);
    await bench.scheduler.ensureSchedule({ ...SPEC, maximumEventAgeSeconds: 100 });
    await bench.clock.advance(50 * MINUTE_MS);
    expect(bench.reports.map(({ willRetry }) => willRetry)).toEqual([true, false]);
  });

  it('of a function that is not there is not tried again', async () => {
    const bench = openBench([{ kind: 'unknown-function', functionName: 'x' }]);
    await bench.scheduler.ensureSchedule(SPEC);
    await bench.clock.advance(50 * MINUTE_MS);
    expect(bench.reports.map(({ willRetry }) => willRetry)).toEqual([false]);
  });
});

describe('by hand', () => {
  it('fires once, now, and answers with the outcome', async () => {
    const bench = openBench([{ kind: 'throttled' }]);
    await bench.scheduler.ensureSchedule(SPEC);
    await expect(bench.scheduler.fireNow('ingest')).resolves.toEqual({ kind: 'throttled' });
    expect(bench.reports).toMatchObject([{ scheduledAtMs: START_MS, attempt: 1, willRetry: false }]);
  });

  it('does not know a schedule that nobody declared', async () => {
    const bench = openBench();
    await bench.scheduler.ensureSchedule(SPEC);
    await expect(bench.scheduler.fireNow('nightly')).rejects.toThrow(
      /no schedule named nightly.*Known schedules: ingest/u,
    );
  });
});

it('closed, it fires no more, retries no more, and waits for what is under way', async () => {
  const running = Promise.withResolvers<InvokeOutcome>();
  const bench = openBench([], {}, async () => running.promise);
  await bench.scheduler.ensureSchedule(SPEC);
  await bench.clock.advance(HOUR_MS);
  let closed = false;
  const closing = bench.scheduler.close().then(() => {
    closed = true;
    return closed;
  });
  await bench.clock.advance(3 * HOUR_MS);
  expect(closed).toBe(false);
  running.resolve({ kind: 'throttled' });
  await closing;
  expect(bench.reports).toMatchObject([{ willRetry: false }]);
  expect(bench.clock.timers).toBe(0);
});
