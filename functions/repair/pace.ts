/** Keeps a rate: whoever takes more than a second's worth waits for the seconds that it has used up. */

export class Pace {
  readonly #itemsPerSecondMax: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  /** When what was taken so far is paid for. */
  #paidUntilMs = 0;

  constructor(
    itemsPerSecondMax: number,
    time: { readonly now: () => number; readonly sleep: (ms: number) => Promise<void> },
  ) {
    this.#itemsPerSecondMax = itemsPerSecondMax;
    this.#now = time.now;
    this.#sleep = time.sleep;
  }

  /** Waits until the items before are paid for, then takes these. */
  async take(items: number): Promise<void> {
    const nowMs = this.#now();
    const waitMs = this.#paidUntilMs - nowMs;
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + (items * 1000) / this.#itemsPerSecondMax;
    if (waitMs > 0) {
      await this.#sleep(waitMs);
    }
  }
}
