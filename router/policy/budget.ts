/**
 * Tokens for hedges. Each request earns a fraction, each hedge costs one: in a slow hour the second Region gets at most a
 * fifth more load. A first failover is never gated by it, or the first second of an outage would turn into errors.
 */
import type { PolicySettings } from './settings.ts';

export class HedgeBudget {
  readonly #perRequest: number;
  readonly #max: number;
  #tokens: number;

  constructor({ budgetPerRequest, budgetAtStart, budgetMax }: PolicySettings) {
    this.#perRequest = budgetPerRequest;
    this.#max = budgetMax;
    this.#tokens = budgetAtStart;
  }

  get tokens(): number {
    return this.#tokens;
  }

  earn(): void {
    this.#tokens = Math.min(this.#max, this.#tokens + this.#perRequest);
  }

  /** Says whether the hedge may be sent, and pays for it. */
  spend(): boolean {
    if (this.#tokens < 1) {
      return false;
    }
    this.#tokens -= 1;
    return true;
  }
}
