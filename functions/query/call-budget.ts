/** How many store calls one search may still make: its cost must not grow with the corpus or the number of sources. */

export class CallBudget {
  #left: number;

  constructor(callsMax: number) {
    this.#left = callsMax;
  }

  get left(): number {
    return this.#left;
  }

  /** Whether so many calls may be made; they are then counted as made. */
  take(calls = 1): boolean {
    if (calls > this.#left) {
      return false;
    }
    this.#left -= calls;
    return true;
  }
}
