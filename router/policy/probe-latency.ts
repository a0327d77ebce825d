/** How long a Region's probes usually take, and so how long one that asks "is the silence real?" may take. */
import { blend } from './latency.ts';
import type { PolicySettings } from './settings.ts';

/** As TCP does: mean + 4 deviations before a retransmission, and half the first sample as the first deviation. */
const SPREADS = 4;

export class ProbeLatency {
  readonly #s: PolicySettings;
  #count = 0;
  #meanMs: number | undefined;
  #spreadMs = 0;

  constructor(settings: PolicySettings) {
    this.#s = settings;
  }

  /**
   * The first probe of a router that starts connects, and is compiled while it runs: it stands until there is a second one.
   * Averaged in, it would lengthen every confirmation, and so the outage of writes, for the first minutes.
   */
  add(latencyMs: number): void {
    this.#count += 1;
    if (this.#count === 2) {
      this.#meanMs = undefined;
    }
    this.#spreadMs =
      this.#meanMs === undefined ? latencyMs / 2 : blend(this.#spreadMs, Math.abs(latencyMs - this.#meanMs));
    this.#meanMs = blend(this.#meanMs, latencyMs);
  }

  /** Not shorter than what slow requests take (`slowMs`): a few quick probes are no promise. */
  confirmTimeoutMs(slowMs: number): number {
    const { confirmTimeoutMinMs, confirmLatencyFactor, probeTimeoutMs } = this.#s;
    const meanMs = this.#meanMs ?? confirmTimeoutMinMs;
    const usualMs = Math.max(confirmLatencyFactor * meanMs, meanMs + SPREADS * this.#spreadMs);
    return Math.min(probeTimeoutMs, Math.max(confirmTimeoutMinMs, usualMs, slowMs));
  }
}
