/**
 * A quantile of recent latencies in constant space: a histogram with buckets 25 % apart, halved now and then so that the
 * last few hundred answers decide. Exact quantiles would need the samples; a hedge delay needs only the right magnitude.
 */

const BUCKETS = 56;
const FLOOR_MS = 0.2;
const LOG_STEP = Math.log(1.25);
const SAMPLES_MAX = 256;
const REFRESH_EVERY = 16;

export class Latency {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #fresh = 0;
  #p95Ms = 0;

  add(ms: number): void {
    const at = ms <= FLOOR_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / FLOOR_MS) / LOG_STEP));
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total += 1;
    this.#fresh += 1;
    if (this.#fresh >= REFRESH_EVERY || this.#total < REFRESH_EVERY) {
      this.#refresh();
    }
  }

  /** Undefined while nothing is known. */
  get p95Ms(): number | undefined {
    return this.#total === 0 ? undefined : this.#p95Ms;
  }

  quantile(share: number): number | undefined {
    let left = this.#total * share;
    for (let at = 0; at < BUCKETS; at += 1) {
      left -= this.#counts[at] ?? 0;
      if (left <= 0 && this.#total > 0) {
        return FLOOR_MS * Math.exp(at * LOG_STEP);
      }
    }
    return undefined;
  }

  #refresh(): void {
    if (this.#total >= SAMPLES_MAX) {
      this.#total = 0;
      for (let at = 0; at < BUCKETS; at += 1) {
        const half = (this.#counts[at] ?? 0) / 2;
        this.#counts[at] = half;
        this.#total += half;
      }
    }
    this.#fresh = 0;
    this.#p95Ms = this.quantile(0.95) ?? 0;
  }
}

const WEIGHT = 0.1;

/** Exponentially weighted mean; the first sample is the mean. */
export const blend = (mean: number | undefined, sample: number): number =>
  mean === undefined ? sample : mean + WEIGHT * (sample - mean);
