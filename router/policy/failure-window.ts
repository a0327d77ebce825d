/** Good and bad answers of the last few seconds, older ones counting half: finds the Region that answers every other request. */
import type { PolicySettings } from './settings.ts';

export class FailureWindow {
  readonly #s: PolicySettings;
  #startMs = 0;
  #all = 0;
  #bad = 0;

  constructor(settings: PolicySettings) {
    this.#s = settings;
  }

  /** True where the share of failures is over the limit, with enough samples to say so. */
  get isOver(): boolean {
    return this.#all >= this.#s.failureSamplesMin && this.#bad > this.#all * this.#s.failureShareMax;
  }

  add(nowMs: number, isGood: boolean): void {
    const ageMs = nowMs - this.#startMs;
    if (ageMs >= this.#s.failureWindowMs / 2) {
      const kept = ageMs < this.#s.failureWindowMs ? 0.5 : 0;
      this.#all *= kept;
      this.#bad *= kept;
      this.#startMs = nowMs;
    }
    this.#all += 1;
    this.#bad += isGood ? 0 : 1;
  }
}
