/**
 * How many calls to a model are under way, and when. Shared by all texts of a function: a throttle halves the calls at once and
 * lets everybody rest, each answer brings a part of one back, so that the pace settles at what the account's quota allows.
 */

const REST_BASE_MS = 500;
const REST_MAX_MS = 15_000;
const DOUBLINGS_MAX = 5;
/** Steps of the golden ratio spread rests without randomness, so that two functions don't come back together. */
const SPREAD = 0.618_033_988_749_895;

export interface PaceOptions {
  readonly inFlightMax: number;
  readonly now: () => number;
  /** Rejects when the signal is raised. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export type Turn = 'taken' | 'aborted';

export class Pace {
  readonly #options: PaceOptions;
  readonly #waiting: ((turn: Turn) => void)[] = [];
  #limit: number;
  #inFlight = 0;
  #throttles = 0;
  #spread = 0;
  #restUntilMs = 0;
  #answeredAtMs = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#limit = options.inFlightMax;
  }

  /** When anybody got an answer last; 0 before the first. */
  get answeredAtMs(): number {
    return this.#answeredAtMs;
  }

  /** Waits for a free place and for the end of a rest. A place that was taken is given back with `give`. */
  async take(signal: AbortSignal): Promise<Turn> {
    const turn = await this.#place(signal);
    if (turn === 'aborted') {
      return turn;
    }
    try {
      for (let restMs = this.#restMs(); restMs > 0; restMs = this.#restMs()) {
        await this.#options.sleep(restMs, signal);
      }
    } catch (error) {
      this.give('unanswered');
      if (signal.aborted) {
        return 'aborted';
      }
      throw error;
    }
    if (signal.aborted) {
      this.give('unanswered');
      return 'aborted';
    }
    return turn;
  }

  give(outcome: 'answered' | 'throttled' | 'unanswered'): void {
    this.#inFlight -= 1;
    if (outcome === 'answered') {
      this.#answered();
    } else if (outcome === 'throttled') {
      this.#throttled();
    }
    while (this.#waiting.length > 0 && this.#isFree()) {
      this.#inFlight += 1;
      this.#waiting.shift()?.('taken');
    }
  }

  #answered(): void {
    this.#throttles = 0;
    this.#answeredAtMs = this.#options.now();
    this.#limit = Math.min(this.#options.inFlightMax, this.#limit + 1 / this.#limit);
  }

  /** Only one of a burst of throttles counts: those that were under way together say the same. */
  #throttled(): void {
    const nowMs = this.#options.now();
    if (nowMs < this.#restUntilMs) {
      return;
    }
    this.#limit = Math.max(1, this.#limit / 2);
    this.#spread = (this.#spread + SPREAD) % 1;
    const topMs = Math.min(REST_MAX_MS, REST_BASE_MS * 2 ** Math.min(this.#throttles, DOUBLINGS_MAX));
    this.#throttles += 1;
    this.#restUntilMs = nowMs + topMs * (0.5 + this.#spread / 2);
  }

  #restMs(): number {
    return this.#restUntilMs - this.#options.now();
  }

  #isFree(): boolean {
    return this.#inFlight < Math.floor(this.#limit);
  }

  async #place(signal: AbortSignal): Promise<Turn> {
    if (signal.aborted) {
      return 'aborted';
    }
    if (this.#waiting.length === 0 && this.#isFree()) {
      this.#inFlight += 1;
      return 'taken';
    }
    const turn = Promise.withResolvers<Turn>();
    const leave = (): void => {
      const at = this.#waiting.indexOf(turn.resolve);
      if (at !== -1) {
        this.#waiting.splice(at, 1);
        turn.resolve('aborted');
      }
    };
    this.#waiting.push(turn.resolve);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await turn.promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }
}
