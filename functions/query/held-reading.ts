/**
 * A reading that many answers need and none may hang on: kept for a moment, shared by requests that ask at the same time,
 * and waited for only so long. Nothing is kept of a reading that did not arrive, so one bad second poisons no other.
 */

export interface HeldReadingOptions<T> {
  readonly read: () => Promise<T>;
  /** What is answered where the reading failed or did not arrive in time. */
  readonly otherwise: (why: string) => T;
  readonly now: () => number;
  readonly keptMs: number;
  readonly waitMs: number;
}

interface Pending<T> {
  readonly startedAt: number;
  readonly value: Promise<T>;
}

const ABANDONED_AFTER_WAITS = 10;

export class HeldReading<T> {
  readonly #options: HeldReadingOptions<T>;
  #kept: { readonly value: T; readonly at: number } | undefined;
  #pending: Pending<T> | undefined;

  constructor(options: HeldReadingOptions<T>) {
    this.#options = options;
  }

  /** What is known now, without asking anybody. */
  peek(): T {
    return this.#kept?.value ?? this.#options.otherwise('it was not read yet');
  }

  /** At most `keptMs` old, or read now. */
  async get(): Promise<T> {
    const { now, keptMs } = this.#options;
    const kept = this.#kept;
    return kept !== undefined && now() - kept.at < keptMs ? kept.value : this.fresh();
  }

  /** Read now, by this caller or by one who is waiting already. */
  async fresh(): Promise<T> {
    const { now, waitMs, otherwise } = this.#options;
    const pending = this.#started() ?? this.#start();
    const restMs = waitMs - (now() - pending.startedAt);
    if (restMs <= 0) {
      return otherwise(`it did not arrive within ${waitMs} ms`);
    }
    const late = Promise.withResolvers<T>();
    const timer = setTimeout(() => {
      late.resolve(otherwise(`it did not arrive within ${waitMs} ms`));
    }, restMs);
    try {
      return await Promise.race([pending.value, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A reading that hangs is given up in the end, or nobody would ever ask again. */
  #started(): Pending<T> | undefined {
    const { now, waitMs } = this.#options;
    const pending = this.#pending;
    return pending !== undefined && now() - pending.startedAt < waitMs * ABANDONED_AFTER_WAITS ? pending : undefined;
  }

  #start(): Pending<T> {
    const arrival = Promise.withResolvers<T>();
    const pending = { startedAt: this.#options.now(), value: arrival.promise };
    this.#pending = pending;
    void this.#read(pending).then(arrival.resolve);
    return pending;
  }

  async #read(pending: Pending<T>): Promise<T> {
    const { read, otherwise, now } = this.#options;
    try {
      const value = await read();
      // One that was given up may bring back what is long over.
      this.#kept = this.#pending === pending ? { value, at: now() } : this.#kept;
      return value;
    } catch (error) {
      return otherwise(error instanceof Error ? error.name : 'it failed');
    } finally {
      if (this.#pending === pending) {
        this.#pending = undefined;
      }
    }
  }
}
