/** The newest measurements of a Region: summed up by the minute, kept on a ring by several runs at once, read back for a page. */
import { describe, expect, it } from 'vitest';

import { correlated, correlation } from '../../../functions/telemetry/correlation.ts';
import { keepMetrics, METRIC_SLOT_MS, readMetrics } from '../../../functions/telemetry/kept-metrics.ts';
import { MINUTE_MS, type MetricPoint, RecentMetrics } from '../../../functions/telemetry/recent-metrics.ts';
import { StdoutTelemetry } from '../../../functions/telemetry/stdout.ts';
import { MemoryRecordStore } from '../../support/memory-stores.ts';

const NOW = 1_760_000_000_000;
const SLOT = Math.floor(NOW / METRIC_SLOT_MS) * METRIC_SLOT_MS;

const recent = (seriesMax = 100, minutesMax = 60): RecentMetrics => new RecentMetrics({ seriesMax, minutesMax });

const owed = (at: number, value: number): Parameters<RecentMetrics['take']>[0] => ({
  at,
  metric: 'OwedRecords',
  dimensions: { Region: 'us-east-2', Peer: 'us-west-2' },
  values: [value],
});

/** One in each slot. */
const pointsOf = (slots: number): readonly MetricPoint[] =>
  Array.from({ length: slots }, (_, at) => [SLOT + at * METRIC_SLOT_MS, 1, at, at]);

const valuesOf = async (records: MemoryRecordStore, from: number, to: number): Promise<unknown> => {
  const read = await readMetrics(records, from, to);
  return read.kind === 'done' ? read.value.flatMap(({ points }) => points) : read;
};

describe('recent metrics', () => {
  it('are the numbers of the lines that CloudWatch is sent', () => {
    const metrics = recent();
    const lines: string[] = [];
    const telemetry = new StdoutTelemetry({
      print: (line) => lines.push(line),
      now: () => NOW,
      functionName: 'api',
      debug: false,
      onMetric: (sample) => {
        metrics.take(sample);
      },
    });
    telemetry.write('records', 'us-west-2', 'written', 12);
    telemetry.write('records', 'us-west-2', 'throttled', 30);
    telemetry.timing('ApiRequest', { Region: 'us-east-2', Outcome: 'answered' }, 40);
    telemetry.flush();
    const minute = Math.floor(NOW / MINUTE_MS) * MINUTE_MS;
    expect(metrics.takeAll()).toStrictEqual(
      expect.arrayContaining([
        { metric: 'ApiRequest', dimensions: { Outcome: 'answered' }, points: [[minute, 1, 1, 1]] },
        { metric: 'ApiRequestMs', dimensions: {}, points: [[minute, 1, 40, 40]] },
        {
          metric: 'DualWrite',
          dimensions: { Store: 'records', Region: 'us-west-2', Outcome: 'throttled' },
          points: [[minute, 1, 1, 1]],
        },
      ]),
    );
    expect(lines.filter((line) => line.includes('"ApiRequestMs":40'))).toHaveLength(1);
  });

  it('sum up a minute, leave out what no page shows, and are bounded', () => {
    const metrics = recent(1, 2);
    metrics.take(owed(SLOT, 5));
    metrics.take(owed(SLOT + 1000, 9));
    metrics.take({ at: SLOT, metric: 'Unheard', dimensions: {}, values: [1] });
    metrics.take({ at: SLOT, metric: 'PeerInSync', dimensions: {}, values: [1] });
    expect(metrics.takeAll()).toStrictEqual([{ metric: 'OwedRecords', dimensions: {}, points: [[SLOT, 2, 14, 9]] }]);
    for (let minute = 0; minute < 9; minute += 1) {
      metrics.take(owed(SLOT + minute * MINUTE_MS, minute));
    }
    expect(metrics.takeAll()[0]?.points).toHaveLength(2);
  });

  it('of several runs add up, and none is lost where two write at once', async () => {
    const records = new MemoryRecordStore();
    const one = { metric: 'ApiRequest', dimensions: { Outcome: 'answered' }, points: [[SLOT, 1, 1, 1]] } as const;
    // Both have read the same item; one of them has to come again.
    const left = await Promise.all([1, 2, 3].map(async () => keepMetrics(records, 'api', [one])));
    for (const again of left.flat()) {
      expect(await keepMetrics(records, 'api', [again])).toStrictEqual([]);
    }
    await keepMetrics(records, 'repair', [one]);
    expect(await valuesOf(records, SLOT, SLOT + MINUTE_MS)).toStrictEqual([[SLOT, 4, 4, 1]]);
  });

  it('older than the ring are written over, and never shown as new', async () => {
    const records = new MemoryRecordStore();
    for (let hour = 0; hour < 30; hour += 1) {
      const at = SLOT + hour * 6 * METRIC_SLOT_MS;
      await keepMetrics(records, 'api', [{ metric: 'Drift', dimensions: {}, points: [[at, 1, hour, hour]] }]);
    }
    const last = SLOT + 29 * 6 * METRIC_SLOT_MS;
    const kept = await valuesOf(records, 0, last);
    expect(kept).toStrictEqual(expect.arrayContaining([[last, 1, 29, 29]]));
    expect((kept as unknown[]).length).toBeLessThanOrEqual(37);
    expect(await valuesOf(records, last, last)).toStrictEqual([[last, 1, 29, 29]]);
  });

  it('wait where the store does not answer', async () => {
    const records = new MemoryRecordStore({
      fault: () => ({ reason: 'unreachable', code: 'ECONNREFUSED', message: 'down' }),
    });
    const one = { metric: 'ApiRequest', dimensions: {}, points: [[SLOT, 1, 1, 1]] } as const;
    expect(await keepMetrics(records, 'api', [one])).toStrictEqual([one]);
  });

  it('of many slots ask a store that is ill once, and wait whole', async () => {
    let calls = 0;
    const records = new MemoryRecordStore({
      fault: () => {
        calls += 1;
        return { reason: 'unreachable', code: 'TimeoutError', message: 'it hangs' };
      },
    });
    const many = { metric: 'ApiRequest', dimensions: {}, points: pointsOf(7) };
    expect(await keepMetrics(records, 'api', [many])).toStrictEqual([many]);
    expect(calls).toBe(1);
  });

  it('are kept the oldest first, as far as the time goes, and the rest waits', async () => {
    let clockMs = 0;
    const records = new MemoryRecordStore({
      fault: () => {
        clockMs += 40;
        return undefined;
      },
    });
    const points = pointsOf(7);
    const many = { metric: 'ApiRequest', dimensions: {}, points };
    const left = await keepMetrics(records, 'api', [many], { now: () => clockMs, beginMs: 150 });
    // Four calls begin within the time: two slots are read and written.
    expect([clockMs, left]).toStrictEqual([160, [{ ...many, points: points.slice(2) }]]);
    expect(await valuesOf(records, 0, SLOT + 7 * METRIC_SLOT_MS)).toStrictEqual(points.slice(0, 2));
  });
});

describe('correlation', () => {
  it('names the work in whatever is logged while it goes on, and nothing of its neighbour', async () => {
    const lines: string[] = [];
    const telemetry = new StdoutTelemetry({
      print: (line) => lines.push(line),
      now: () => NOW,
      functionName: 'api',
      debug: false,
      context: correlation,
    });
    const work = async (requestId: string): Promise<void> =>
      correlated({ requestId }, async () => {
        await Promise.resolve();
        telemetry.log('info', `of ${requestId}`);
      });
    await Promise.all([work('one'), work('two')]);
    telemetry.log('info', 'of nobody');
    expect(
      lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .map(({ event, requestId }) => [event, requestId]),
    ).toStrictEqual([
      ['of one', 'one'],
      ['of two', 'two'],
      ['of nobody', undefined],
    ]);
  });
});
