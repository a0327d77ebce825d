/**
 * How many store calls one search may still make: its cost must not grow with the corpus or the number of sources. A lane gets
 * its calls set aside, so that no other lane can take them, and what it did not need is given back.
 */

export class CallBudget {
  #left: number;
  #isShort = false;

  constructor(callsMax: number) {
    this.#left = callsMax;
  }

  get left(): number {
    return this.#left;
  }

  /** Whether a call was wanted that there was not: something stayed unread. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** Whether so many calls may be made; they are then counted as made. */
  take(calls = 1): boolean {
    if (calls > this.#left) {
      this.#isShort = true;
      return false;
    }
    this.#left -= calls;
    return true;
  }

  /** A budget of its own, of so many calls or of what is left. */
  setAside(calls: number): CallBudget {
    const granted = Math.max(0, Math.min(calls, this.#left));
    this.#left -= granted;
    return new CallBudget(granted);
  }

  /** What was set aside and not used; nothing of it may be used any more. */
  giveBack(unused: CallBudget): void {
    this.#left += unused.#left;
    unused.#left = 0;
  }
}
