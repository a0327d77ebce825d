/** Counters, gauges and one histogram in Prometheus' text format: a page of code instead of a library in the data path. */

type Labels = readonly (readonly [string, string])[];

const BUCKETS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000] as const;

const shown = (labels: Labels): string =>
  labels.length === 0
    ? ''
    : `{${labels.map(([name, value]) => `${name}="${value.replaceAll(/["\\\n]/gu, '_')}"`).join(',')}}`;

export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly values: () => readonly { readonly labels: Labels; readonly value: number }[];
}

export class RouterMetrics {
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #latencies = new Map<string, { readonly counts: number[]; sumMs: number; total: number }>();
  readonly #gauges: Gauge[] = [];
  readonly #answerKeys = new Map<string, readonly string[]>();

  addGauges(gauges: readonly Gauge[]): void {
    this.#gauges.push(...gauges);
  }

  /** `key` is the label part, made once per distinct value by the caller: `region="a",class="2xx"`. */
  count(name: string, key: string, by = 1): void {
    let series = this.#counters.get(name);
    if (series === undefined) {
      series = new Map();
      this.#counters.set(name, series);
    }
    series.set(key, (series.get(key) ?? 0) + by);
  }

  /** The one counter of every request: its keys are kept, because building them costs more than counting. */
  answered(region: string, status: number): void {
    const kind = Math.trunc(status / 100);
    let keys = this.#answerKeys.get(region);
    if (keys === undefined) {
      keys = Array.from({ length: 10 }, (_none, at) => `region="${region}",class="${at}xx"`);
      this.#answerKeys.set(region, keys);
    }
    this.count('requests', keys[kind] ?? '');
  }

  origin(region: string, latencyMs: number): void {
    let series = this.#latencies.get(region);
    if (series === undefined) {
      series = { counts: BUCKETS_MS.map(() => 0), sumMs: 0, total: 0 };
      this.#latencies.set(region, series);
    }
    series.sumMs += latencyMs;
    series.total += 1;
    for (let at = 0; at < BUCKETS_MS.length; at += 1) {
      if (latencyMs <= (BUCKETS_MS[at] ?? 0)) {
        series.counts[at] = (series.counts[at] ?? 0) + 1;
        return;
      }
    }
  }

  render(): string {
    const lines: string[] = [];
    for (const [name, series] of this.#counters) {
      lines.push(`# TYPE router_${name}_total counter`);
      for (const [key, value] of series) {
        lines.push(`router_${name}_total${key === '' ? '' : `{${key}}`} ${value}`);
      }
    }
    lines.push('# TYPE router_origin_latency_seconds histogram');
    for (const [region, { counts, sumMs, total }] of this.#latencies) {
      let below = 0;
      for (const [at, limitMs] of BUCKETS_MS.entries()) {
        below += counts[at] ?? 0;
        lines.push(`router_origin_latency_seconds_bucket{region="${region}",le="${limitMs / 1000}"} ${below}`);
      }
      lines.push(
        `router_origin_latency_seconds_bucket{region="${region}",le="+Inf"} ${total}`,
        `router_origin_latency_seconds_sum{region="${region}"} ${sumMs / 1000}`,
        `router_origin_latency_seconds_count{region="${region}"} ${total}`,
      );
    }
    for (const { name, help, values } of this.#gauges) {
      lines.push(`# HELP router_${name} ${help}`, `# TYPE router_${name} gauge`);
      for (const { labels, value } of values()) {
        lines.push(`router_${name}${shown(labels)} ${value}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }
}
