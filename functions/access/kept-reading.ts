/**
 * A reading that says who may do what, kept for a moment. A change counts after `keyKeptMs`; while the store can't be read, what
 * it said within `keyGraceMs` still counts, because people ask in that very hour. What is not kept can't be vouched for.
 */
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';

interface Kept<T> {
  readonly value: T;
  /** When the store gave it. */
  readonly readAt: number;
  /** When the store was last asked, whatever it said: a store that is down is not waited for on every request. */
  readonly askedAt: number;
}

export class KeptReading<T> {
  readonly #read: () => Promise<Result<T>>;
  readonly #now: () => number;
  #kept: Kept<T> | undefined;
  #pending: Promise<Result<T>> | undefined;

  constructor(read: () => Promise<Result<T>>, now: () => number) {
    this.#read = read;
    this.#now = now;
  }

  async get(): Promise<Result<T>> {
    const kept = this.#inGrace();
    if (kept !== undefined && this.#isWithin(kept.askedAt, LIMITS.keyKeptMs)) {
      return done(kept.value);
    }
    this.#pending ??= this.#ask().finally(() => {
      this.#pending = undefined;
    });
    const read = await this.#pending;
    const before = this.#inGrace();
    return read.kind === 'failed' && before !== undefined ? done(before.value) : read;
  }

  #inGrace(): Kept<T> | undefined {
    return this.#kept !== undefined && this.#isWithin(this.#kept.readAt, LIMITS.keyGraceMs) ? this.#kept : undefined;
  }

  /** A clock that was set back must not make a reading young again. */
  #isWithin(at: number, ageMsMax: number): boolean {
    const ageMs = this.#now() - at;
    return ageMs >= 0 && ageMs < ageMsMax;
  }

  async #ask(): Promise<Result<T>> {
    const askedAt = this.#now();
    const read = await this.#read();
    if (read.kind === 'done') {
      this.#kept = { value: read.value, readAt: askedAt, askedAt };
    } else if (this.#kept !== undefined) {
      this.#kept = { ...this.#kept, askedAt: this.#now() };
    }
    return read;
  }
}
