/** How long a Region's probes usually take, and so how long one that asks "is the silence real?" may take. */
import type { PolicySettings } from './settings.ts';

/** As TCP does: mean + 4 deviations before a retransmission, and half the first sample as the first deviation. */
const SPREADS = 4;
/**
 * Up to this many samples all of them count alike, then the newer ones more. The first probe of a router that starts is slow,
 * and must not be a tenth of what is known for as long as its first minutes.
 */
const SAMPLES = 10;

export class ProbeLatency {
  readonly #s: PolicySettings;
  #count = 0;
  #meanMs = 0;
  #spreadMs = 0;

  constructor(settings: PolicySettings) {
    this.#s = settings;
  }

  add(latencyMs: number): void {
    const weight = 1 / Math.min(SAMPLES, this.#count + 1);
    const offMs = this.#count === 0 ? latencyMs / 2 : Math.abs(latencyMs - this.#meanMs);
    this.#count += 1;
    this.#spreadMs += weight * (offMs - this.#spreadMs);
    this.#meanMs += weight * (latencyMs - this.#meanMs);
  }

  /** Not shorter than what slow requests take (`slowMs`): a few quick probes are no promise. */
  confirmTimeoutMs(slowMs: number): number {
    const { confirmTimeoutMinMs, confirmLatencyFactor, probeTimeoutMs } = this.#s;
    const meanMs = this.#count === 0 ? confirmTimeoutMinMs : this.#meanMs;
    const usualMs = Math.max(confirmLatencyFactor * meanMs, meanMs + SPREADS * this.#spreadMs);
    return Math.min(probeTimeoutMs, Math.max(confirmTimeoutMinMs, usualMs, slowMs));
  }
}
