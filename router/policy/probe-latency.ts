/** How long a Region's probes usually take, and so how long one that asks "is the silence real?" may take. */
import { blend } from './latency.ts';
import type { PolicySettings } from './settings.ts';

/** As TCP does: mean + 4 deviations before a retransmission. */
const SPREADS = 4;
const SAMPLES_MIN = 5;

export class ProbeLatency {
  readonly #s: PolicySettings;
  #meanMs: number | undefined;
  #spreadMs = 0;
  #samples = 0;

  constructor(settings: PolicySettings) {
    this.#s = settings;
  }

  add(latencyMs: number): void {
    this.#meanMs = blend(this.#meanMs, latencyMs);
    this.#spreadMs = blend(this.#samples === 0 ? undefined : this.#spreadMs, Math.abs(latencyMs - this.#meanMs));
    this.#samples += 1;
  }

  /** `requestP95Ms` counts until there are enough probes: one or two are no usual latency yet. */
  confirmTimeoutMs(requestP95Ms: number): number {
    const { confirmTimeoutMinMs, confirmLatencyFactor, probeTimeoutMs } = this.#s;
    const meanMs = this.#meanMs ?? confirmTimeoutMinMs;
    const slowMs = this.#samples < SAMPLES_MIN ? requestP95Ms : 0;
    const enoughMs = Math.max(
      confirmTimeoutMinMs,
      confirmLatencyFactor * meanMs,
      meanMs + SPREADS * this.#spreadMs,
      slowMs,
    );
    return Math.min(probeTimeoutMs, enoughMs);
  }
}
