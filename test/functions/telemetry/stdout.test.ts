/**
 * What a function prints: one JSON line per event, and CloudWatch's embedded metric format for each store, Region and
 * outcome. A line that breaks the format is a metric that is not there in the hour in which it is needed.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { classifyFailure } from '../../../functions/domain/failure.ts';
import { DualWriter } from '../../../functions/dual-write/dual-writer.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import { StdoutTelemetry } from '../../../functions/telemetry/stdout.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';
import { regionNamed } from '../stores/region-named.ts';

const NOW = 1_760_000_000_000;

interface Printed {
  readonly telemetry: StdoutTelemetry;
  readonly lines: readonly string[];
}

const open = (debug = false): Printed => {
  const lines: string[] = [];
  const telemetry = new StdoutTelemetry({
    print: (line) => {
      lines.push(line);
    },
    now: () => NOW,
    functionName: 'sync',
    debug,
  });
  return { telemetry, lines };
};

/** The embedded metric format, as CloudWatch reads it. */
const emf = z
  .looseObject({
    _aws: z.strictObject({
      Timestamp: z.literal(NOW),
      CloudWatchMetrics: z
        .array(
          z.strictObject({
            Namespace: z.literal('Twinmap'),
            Dimensions: z.array(z.array(z.string().min(1).max(250)).max(30)).min(1),
            Metrics: z
              .array(z.strictObject({ Name: z.string(), Unit: z.enum(['Count', 'Milliseconds']) }))
              .min(1)
              .max(100),
          }),
        )
        .length(1),
    }),
  })
  .superRefine((line, context) => {
    const { _aws: metadata } = line;
    const [directive] = metadata.CloudWatchMetrics;
    for (const dimension of directive?.Dimensions.flat() ?? []) {
      if (typeof line[dimension] !== 'string' || line[dimension] === '') {
        context.addIssue({ code: 'custom', message: `the dimension ${dimension} has no value` });
      }
    }
    for (const { Name } of directive?.Metrics ?? []) {
      if (!z.union([z.number(), z.array(z.number()).min(1).max(100)]).safeParse(line[Name]).success) {
        context.addIssue({ code: 'custom', message: `the metric ${Name} has no value, or more than 100` });
      }
    }
  });

type MetricLine = z.infer<typeof emf>;

const isWrite = (line: string): boolean => line.includes('"DualWrite":');

const readMetric = (line: string | undefined): MetricLine => emf.parse(JSON.parse(line ?? ''));

const dimensionsOf = ({ _aws: metadata }: MetricLine): unknown => metadata.CloudWatchMetrics[0]?.Dimensions;

describe('log', () => {
  it('prints one line of JSON that says when, how bad, what and where', () => {
    const { telemetry, lines } = open();
    telemetry.log('warn', 'cycle.finished', { source: 'handbook', documents: 3, full: true, missing: undefined });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: new Date(NOW).toISOString(),
      level: 'warn',
      event: 'cycle.finished',
      function: 'sync',
      source: 'handbook',
      documents: 3,
      full: true,
    });
  });

  it('keeps a text with line ends on one line, so that nobody can forge an event', () => {
    const { telemetry, lines } = open();
    telemetry.log('info', 'a', { text: 'x\n{"level":"error","event":"forged"}\r\n' });
    expect(lines[0]).not.toMatch(/[\n\r]/u);
  });

  it('is silent about debugging until it is asked for', () => {
    const [quiet, chatty] = [open(), open(true)];
    for (const { telemetry } of [quiet, chatty]) {
      telemetry.log('debug', 'detail');
      telemetry.log('error', 'trouble');
    }
    expect([quiet.lines.length, chatty.lines.length]).toEqual([1, 2]);
  });
});

describe('count', () => {
  it('prints a metric with its dimensions at once', () => {
    const { telemetry, lines } = open();
    telemetry.count('GateState', { Region: 'us-east-2', State: 'active' }, 1);
    const line = readMetric(lines[0]);
    expect(dimensionsOf(line)).toEqual([['Region', 'State']]);
    expect(line).toMatchObject({ Region: 'us-east-2', State: 'active', GateState: 1 });
  });

  it('counts by fewer of its dimensions too, where it is told to', () => {
    const { telemetry, lines } = open();
    telemetry.count('Cycle', { Region: 'us-east-2', Source: 'handbook', Outcome: 'fenced' }, 1, ['Region', 'Outcome']);
    expect(dimensionsOf(readMetric(lines[0]))).toEqual([
      ['Region', 'Source', 'Outcome'],
      ['Region', 'Outcome'],
    ]);
  });

  it('prints a metric without dimensions too', () => {
    const { telemetry, lines } = open();
    telemetry.count('Started', {}, 0);
    expect(readMetric(lines[0])).toMatchObject({ Started: 0 });
  });
});

describe('write', () => {
  it('prints nothing until it is flushed, then one line per store, Region and outcome', () => {
    const { telemetry, lines } = open();
    telemetry.write('graph', 'us-east-2', 'written', 3);
    telemetry.write('graph', 'us-west-2', 'written', 70);
    telemetry.write('graph', 'us-east-2', 'written', 5);
    telemetry.write('graph', 'us-west-2', 'unreachable', 5000);
    telemetry.write('vectors', 'us-east-2', 'written', 9);
    expect(lines).toEqual([]);
    telemetry.flush();
    const written = lines.filter(isWrite).map((line) => readMetric(line));
    expect(
      written.map((line) => [
        line['Store'],
        line['Region'],
        line['Outcome'],
        line['DualWrite'],
        line['DualWriteLatencyMs'],
      ]),
    ).toEqual([
      ['graph', 'us-east-2', 'written', 2, [3, 5]],
      ['graph', 'us-west-2', 'written', 1, [70]],
      ['graph', 'us-west-2', 'unreachable', 1, [5000]],
      ['vectors', 'us-east-2', 'written', 1, [9]],
    ]);
    expect(written.map((line) => dimensionsOf(line))).toEqual(written.map(() => [['Store', 'Region', 'Outcome']]));
  });

  it('counts all of many writes, and keeps as many samples as one line takes', () => {
    const { telemetry, lines } = open();
    for (let write = 0; write < 10_000; write += 1) {
      telemetry.write('graph', 'us-east-2', 'written', write);
    }
    telemetry.flush();
    expect(lines.filter(isWrite)).toHaveLength(1);
    const line = readMetric(lines[0]);
    expect(line['DualWrite']).toBe(10_000);
    expect(line['DualWriteLatencyMs']).toHaveLength(100);
    // CloudWatch Logs cuts an event at 256 KB.
    expect(lines[0]?.length).toBeLessThan(16 * 1024);
  });

  it('starts anew after a flush, and a flush of nothing prints nothing', () => {
    const { telemetry, lines } = open();
    telemetry.flush();
    telemetry.write('audit', 'us-east-2', 'fenced', 1);
    telemetry.flush();
    telemetry.flush();
    expect(lines.filter(isWrite)).toHaveLength(1);
    telemetry.write('audit', 'us-east-2', 'fenced', 1);
    telemetry.flush();
    expect(readMetric(lines.filter(isWrite)[1])).toMatchObject({ DualWrite: 1, Outcome: 'fenced' });
  });

  it('sums up what failed by Region and service, and says zero where nothing did', () => {
    const { telemetry, lines } = open();
    telemetry.write('graph', 'us-west-2', 'written', 1);
    telemetry.write('graph', 'us-west-2', 'unreachable', 1);
    telemetry.write('workspaces', 'us-west-2', 'throttled', 1);
    telemetry.write('audit', 'us-west-2', 'fenced', 1);
    telemetry.write('vectors', 'us-east-2', 'written', 1);
    telemetry.flush();
    const sums = lines.filter((line) => !isWrite(line)).map((line) => readMetric(line));
    expect(sums.map((line) => [line['Target'], line['Service'], line['WriteFailed']])).toEqual([
      ['us-west-2', 'dynamodb', 2],
      ['us-east-2', 's3vectors', 0],
    ]);
    expect(sums.map((line) => dimensionsOf(line))).toEqual(sums.map(() => [['Target', 'Service']]));
  });
});

describe('a dual write', () => {
  it('leaves names, counts and durations in the lines, and nothing of what was written', async () => {
    const canary = 'canary-7f3a91';
    const { telemetry, lines } = open(true);
    const failure = classifyFailure(Object.assign(new Error('refused'), { name: 'AccessDeniedException', canary }));
    const storesOf = (region: string, fault?: () => typeof failure) => {
      const options = fault === undefined ? {} : { fault };
      const table = new MemoryRecordStore(options);
      return {
        region: regionNamed(region),
        tables: { workspaces: table, audit: table, graph: table },
        vectors: new MemoryVectorStore(2, options),
      };
    };
    const regions = { home: storesOf('us-east-2'), peer: storesOf('us-west-2', () => failure) };
    const writer = new DualWriter({ regions, telemetry, now: () => NOW });
    const record = makeRecord({ pk: 'p', sk: 's' }, { v: '1', op: 'o' }, { password: canary });
    await writer.put('workspaces', record);
    await writer.commit(record, 'f');
    await writer.putVectors([makeVector(Float32Array.of(1, 2), { src: canary, doc: 'd', chunk: canary }, 'r')]);
    telemetry.flush();
    expect(lines.join('\n')).not.toContain(canary);
    const counted = lines.filter(isWrite).map((line) => readMetric(line));
    expect(
      counted.map((line) => `${String(line['Store'])} ${String(line['Region'])} ${String(line['Outcome'])}`),
    ).toEqual([
      'workspaces us-west-2 unknown',
      'workspaces us-east-2 written',
      'graph us-west-2 unknown',
      'vectors us-west-2 unknown',
      'vectors us-east-2 written',
    ]);
  });
});
