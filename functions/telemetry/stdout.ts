/**
 * Telemetry as Lambda wants it: one JSON line per event on stdout, and metrics in CloudWatch's embedded metric format, which
 * need no endpoint and no permission. Writes are counted per (store, Region, outcome) and flushed together, so that ten
 * thousand writes are a few lines, each naming the Region that they went to; failures are summed up once more, for the alarms.
 */
import type { FailureReason } from '../domain/failure.ts';
import type { MetricSample } from './recent-metrics.ts';
import type { LogFields, LogLevel, Telemetry } from './telemetry.ts';

export interface StdoutTelemetryOptions {
  readonly print: (line: string) => void;
  readonly now: () => number;
  readonly functionName: string;
  readonly debug: boolean;
  /** Hears every measurement that goes out as a line. */
  readonly onMetric?: (sample: MetricSample) => void;
  /** What every line names of the work that it is about: the id of the request, for instance. */
  readonly context?: () => LogFields;
}

interface WriteTally {
  readonly store: string;
  readonly region: string;
  readonly outcome: string;
  count: number;
  /** At most 100 samples: what one EMF value array takes. */
  readonly latenciesMs: number[];
}

const NAMESPACE = 'Twinmap';
const SAMPLES_MAX = 100;

/** Outcomes of a call that did not do what was asked, for want of the store; to be fenced is an answer. */
const FAILURES: ReadonlySet<string> = new Set<FailureReason>(['unreachable', 'throttled', 'refused', 'unknown']);

const serviceOf = (store: string): string => (store === 'vectors' ? 's3vectors' : 'dynamodb');

interface FailureTally {
  readonly target: string;
  readonly service: string;
  count: number;
}

/** Zero where nothing failed: an alarm must see that it is over, and silence says nothing. */
const failuresOf = (writes: Iterable<WriteTally>): readonly FailureTally[] => {
  const tallies = new Map<string, FailureTally>();
  for (const { store, region, outcome, count } of writes) {
    const service = serviceOf(store);
    const key = `${region}|${service}`;
    const tally = tallies.get(key) ?? { target: region, service, count: 0 };
    tallies.set(key, tally);
    tally.count += FAILURES.has(outcome) ? count : 0;
  }
  return [...tallies.values()];
};

interface Measured {
  readonly Name: string;
  readonly Unit: 'Count' | 'Milliseconds';
  readonly value: number | readonly number[];
}

const metricLine = (
  timestamp: number,
  dimensions: Readonly<Record<string, string>>,
  metrics: readonly Measured[],
  alsoBy: readonly (readonly string[])[] = [],
): string =>
  JSON.stringify({
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [Object.keys(dimensions), ...alsoBy],
          Metrics: metrics.map(({ Name, Unit }) => ({ Name, Unit })),
        },
      ],
    },
    ...dimensions,
    ...Object.fromEntries(metrics.map(({ Name, value }) => [Name, value])),
  });

export class StdoutTelemetry implements Telemetry {
  readonly #options: StdoutTelemetryOptions;
  readonly #writes = new Map<string, WriteTally>();

  constructor(options: StdoutTelemetryOptions) {
    this.#options = options;
  }

  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (level === 'debug' && !this.#options.debug) {
      return;
    }
    const { now, functionName, print, context } = this.#options;
    const time = new Date(now()).toISOString();
    print(JSON.stringify({ time, level, event, function: functionName, ...context?.(), ...fields }));
  }

  write(store: string, region: string, outcome: string, durationMs: number): void {
    const key = `${store}|${region}|${outcome}`;
    const tally = this.#writes.get(key) ?? { store, region, outcome, count: 0, latenciesMs: [] };
    this.#writes.set(key, tally);
    tally.count += 1;
    if (tally.latenciesMs.length < SAMPLES_MAX) {
      tally.latenciesMs.push(durationMs);
    }
  }

  count(metric: string, dimensions: Readonly<Record<string, string>>, value: number, alsoBy?: readonly string[]): void {
    const sets = alsoBy === undefined ? [] : [alsoBy];
    this.#measure(dimensions, [{ Name: metric, Unit: 'Count', value }], sets);
  }

  timing(metric: string, dimensions: Readonly<Record<string, string>>, durationMs: number): void {
    this.#measure(dimensions, [
      { Name: metric, Unit: 'Count', value: 1 },
      { Name: `${metric}Ms`, Unit: 'Milliseconds', value: durationMs },
    ]);
  }

  flush(): void {
    for (const { store, region, outcome, count, latenciesMs } of this.#writes.values()) {
      this.#measure({ Store: store, Region: region, Outcome: outcome }, [
        { Name: 'DualWrite', Unit: 'Count', value: count },
        { Name: 'DualWriteLatencyMs', Unit: 'Milliseconds', value: latenciesMs },
      ]);
    }
    for (const { target, service, count } of failuresOf(this.#writes.values())) {
      this.count('WriteFailed', { Target: target, Service: service }, count);
    }
    this.#writes.clear();
  }

  /** One line, and the same numbers for whoever keeps the newest of them. */
  #measure(
    dimensions: Readonly<Record<string, string>>,
    metrics: readonly Measured[],
    alsoBy: readonly (readonly string[])[] = [],
  ): void {
    const at = this.#options.now();
    this.#options.print(metricLine(at, dimensions, metrics, alsoBy));
    for (const { Name, value } of metrics) {
      const values = typeof value === 'number' ? [value] : value;
      this.#options.onMetric?.({ at, metric: Name, dimensions, values });
    }
  }
}
