/** Metric streams as CloudWatch keeps them: samples by namespace, name and dimensions, added up per period by a statistic. */

export interface Sample {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** In ms since the stream began. */
  readonly at: number;
  /** One value, or the values of an EMF array. */
  readonly values: readonly number[];
}

export type Statistic = 'Sum' | 'Minimum' | 'Maximum' | 'p99';

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A metric is named by all of its dimensions: one more, or one less, is another metric. */
export const idOf = ({ namespace, name, dimensions }: MetricId): string =>
  JSON.stringify([
    namespace,
    name,
    Object.entries(dimensions).toSorted(([left], [right]) => left.localeCompare(right)),
  ]);

const reduced: Readonly<Record<Statistic, (values: readonly number[]) => number>> = {
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Minimum: (values) => Math.min(...values),
  Maximum: (values) => Math.max(...values),
  p99: (values) => values.toSorted((left, right) => left - right)[Math.ceil(values.length * 0.99) - 1] ?? 0,
};

/** Undefined where the period holds no sample: missing, which is not zero. */
export type Value = number | undefined;

export class Stream {
  readonly #byId = new Map<string, Sample[]>();

  constructor(samples: readonly Sample[]) {
    for (const sample of samples) {
      const id = idOf(sample);
      this.#byId.set(id, [...(this.#byId.get(id) ?? []), sample]);
    }
  }

  /** One value for each of the periods that end at `endMs`, the newest last. */
  values(metric: MetricId, statistic: Statistic, periodMs: number, endMs: number, count: number): readonly Value[] {
    const samples = this.#byId.get(idOf(metric)) ?? [];
    return Array.from({ length: count }, (_, place) => {
      const to = endMs - (count - 1 - place) * periodMs;
      const inside = samples.filter(({ at }) => at >= to - periodMs && at < to).flatMap(({ values }) => values);
      return inside.length === 0 ? undefined : reduced[statistic](inside);
    });
  }
}

interface EmfDirective {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string }[];
}

interface EmfLine {
  readonly _aws: { readonly Timestamp: number; readonly CloudWatchMetrics: readonly EmfDirective[] };
  readonly [key: string]: unknown;
}

export const isEmf = (line: string): boolean => line.startsWith('{"_aws":');

/** A line in the embedded metric format makes one sample of each metric for each of its sets of dimensions. */
export const samplesOf = (line: string, at: number): readonly Sample[] => {
  const parsed = JSON.parse(line) as EmfLine;
  const { _aws: metadata } = parsed;
  return metadata.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name }) =>
      Dimensions.map((names) => ({
        namespace: Namespace,
        name: Name,
        dimensions: Object.fromEntries(names.map((name) => [name, String(parsed[name])])),
        at,
        values: [parsed[Name]].flat().map(Number),
      })),
    ),
  );
};
