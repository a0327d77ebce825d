/**
 * The newest measurements of a Region, by the minute: the same samples that go out as lines for CloudWatch, summed up where they are
 * made. A function keeps them as local items at the end of a run, at most once a minute, so that a page can draw them without asking
 * a service that may be what is failing. Only series of closed vocabularies are kept: their number does not grow with the corpus.
 */

export interface MetricSample {
  /** In ms since 1970. */
  readonly at: number;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** The minute in ms since 1970, how many samples, their sum, their highest. */
export type MetricPoint = readonly [minute: number, count: number, sum: number, highest: number];

export interface MetricSeries {
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly points: readonly MetricPoint[];
}

export const MINUTE_MS = 60_000;

/** What is drawn, and by which of its dimensions; a source's name is none of them. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  ApiRequest: ['Outcome'],
  ApiRequestMs: [],
  DegradedAnswer: [],
  DualWrite: ['Store', 'Region', 'Outcome'],
  DualWriteLatencyMs: ['Store', 'Region'],
  WriteFailed: ['Target', 'Service'],
  InteractiveWrite: ['Replication'],
  OwedRecords: [],
  OwedOldestAgeSeconds: [],
  DriftStanding: [],
  ProofAgeSeconds: [],
  PeerInSync: [],
  RegionsActive: [],
  CycleAgeSeconds: [],
  Cycle: ['Outcome'],
  GateState: ['State'],
  GateTrouble: ['Trouble'],
};

export const seriesKeyOf = ({ metric, dimensions }: Pick<MetricSeries, 'metric' | 'dimensions'>): string =>
  [metric, ...Object.entries(dimensions).flat()].join('|');

/** Sums of the same series and minute; the highest of both. */
export const mergePoints = (left: readonly MetricPoint[], right: readonly MetricPoint[]): readonly MetricPoint[] => {
  const minutes = new Map<number, MetricPoint>();
  for (const [minute, count, sum, highest] of [...left, ...right]) {
    const [, n = 0, total = 0, most = Number.NEGATIVE_INFINITY] = minutes.get(minute) ?? [];
    minutes.set(minute, [minute, n + count, total + sum, Math.max(most, highest)]);
  }
  return [...minutes.values()].toSorted(([a], [b]) => a - b);
};

export const mergeSeries = (all: readonly MetricSeries[]): readonly MetricSeries[] => {
  const merged = new Map<string, MetricSeries>();
  for (const one of all) {
    const key = seriesKeyOf(one);
    const known = merged.get(key);
    merged.set(key, known === undefined ? one : { ...known, points: mergePoints(known.points, one.points) });
  }
  return [...merged.values()];
};

export interface RecentMetricsOptions {
  /** More than these are dropped: a mistake in a dimension must not fill the table. */
  readonly seriesMax: number;
  /** Minutes that wait to be kept, where keeping fails. */
  readonly minutesMax: number;
}

export class RecentMetrics {
  readonly #options: RecentMetricsOptions;
  #series = new Map<string, MetricSeries>();

  constructor(options: RecentMetricsOptions) {
    this.#options = options;
  }

  take({ at, metric, dimensions, values }: MetricSample): void {
    const kept = KEPT[metric];
    if (kept === undefined || values.length === 0) {
      return;
    }
    const known = Object.fromEntries(kept.map((name) => [name, dimensions[name] ?? '']));
    const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
    const sum = values.reduce((total, value) => total + value, 0);
    this.give([{ metric, dimensions: known, points: [[minute, values.length, sum, Math.max(...values)]] }]);
  }

  /** Everything that waits; whoever takes it keeps it, or gives it back. */
  takeAll(): readonly MetricSeries[] {
    const all = [...this.#series.values()];
    this.#series = new Map();
    return all;
  }

  give(all: readonly MetricSeries[]): void {
    for (const one of all) {
      const key = seriesKeyOf(one);
      const known = this.#series.get(key);
      if (known !== undefined || this.#series.size < this.#options.seriesMax) {
        const points = mergePoints(known?.points ?? [], one.points).slice(-this.#options.minutesMax);
        this.#series.set(key, { ...one, points });
      }
    }
  }
}
