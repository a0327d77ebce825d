/** How long a Region's probes usually take, and so how long one that asks "is the silence real?" may take. */
import { blend } from './latency.ts';
import type { PolicySettings } from './settings.ts';

/** As TCP does: mean + 4 deviations before a retransmission, and half the first sample as the first deviation. */
const SPREADS = 4;
/** The first one is cold, the second one starts the mean. */
const STARTS = 2;

export class ProbeLatency {
  readonly #s: PolicySettings;
  #count = 0;
  #meanMs: number;
  #spreadMs = 0;

  constructor(settings: PolicySettings) {
    this.#s = settings;
    this.#meanMs = settings.confirmTimeoutMinMs;
  }

  /**
   * The first probe of a router that starts connects, and is compiled while it runs: it took the multiple already that a
   * confirmation gets, and it is forgotten with the second one. Taken for usual it would lengthen the outage of writes.
   */
  add(latencyMs: number): void {
    const sampleMs = this.#count === 0 ? latencyMs / this.#s.confirmLatencyFactor : latencyMs;
    const isStart = this.#count < STARTS;
    this.#count += 1;
    this.#spreadMs = isStart ? sampleMs / 2 : blend(this.#spreadMs, Math.abs(sampleMs - this.#meanMs));
    this.#meanMs = isStart ? sampleMs : blend(this.#meanMs, sampleMs);
  }

  /** Not shorter than what slow requests take (`slowMs`): a few quick probes are no promise. */
  confirmTimeoutMs(slowMs: number): number {
    const { confirmTimeoutMinMs, confirmLatencyFactor, probeTimeoutMs } = this.#s;
    const usualMs = Math.max(confirmLatencyFactor * this.#meanMs, this.#meanMs + SPREADS * this.#spreadMs);
    return Math.min(probeTimeoutMs, Math.max(confirmTimeoutMinMs, usualMs, slowMs));
  }
}
