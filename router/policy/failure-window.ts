/** Good and bad answers of the last few seconds, in two half windows: finds the Region that answers every other request. */
import type { PolicySettings } from './settings.ts';

export class FailureWindow {
  readonly #s: PolicySettings;
  #startMs = 0;
  #good = 0;
  #bad = 0;
  #goodBefore = 0;
  #badBefore = 0;

  constructor(settings: PolicySettings) {
    this.#s = settings;
  }

  /** True where the share of failures is over the limit, with enough samples to say so. */
  get isOver(): boolean {
    const bad = this.#bad + this.#badBefore;
    const all = bad + this.#good + this.#goodBefore;
    return all >= this.#s.failureSamplesMin && bad > all * this.#s.failureShareMax;
  }

  add(nowMs: number, isGood: boolean): void {
    const ageMs = nowMs - this.#startMs;
    if (ageMs >= this.#s.failureWindowMs / 2) {
      const isAdjacent = ageMs < this.#s.failureWindowMs;
      this.#goodBefore = isAdjacent ? this.#good : 0;
      this.#badBefore = isAdjacent ? this.#bad : 0;
      this.#good = 0;
      this.#bad = 0;
      this.#startMs = nowMs;
    }
    if (isGood) {
      this.#good += 1;
    } else {
      this.#bad += 1;
    }
  }

  clear(): void {
    this.#good = 0;
    this.#bad = 0;
    this.#goodBefore = 0;
    this.#badBefore = 0;
  }
}
