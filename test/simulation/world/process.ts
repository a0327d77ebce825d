/**
 * One Lambda invocation, or one request: it has a Region, a clock of its own, and may die at any await. A dead process sends
 * and hears nothing; what it sent before may still arrive.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Random } from '../kernel/random.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly region: string;
  readonly kernel: Kernel;
  readonly random: Random;
  /** How far its clock is off. */
  readonly skewMs: number;
  /** It is ended after this, whatever it does. */
  readonly limitMs: number;
  /** It dies instead of sending this call, counted from 1. */
  readonly crashAtSend?: number | undefined;
  /** It dies instead of hearing this answer, counted from 1. */
  readonly crashAtReply?: number | undefined;
  readonly onDeath: (why: string) => void;
}

export class SimProcess {
  readonly name: string;
  readonly region: string;
  readonly random: Random;
  readonly startedMs: number;
  readonly limitMs: number;
  /** Regions whose records it has read. */
  readonly hasRead = new Set<string>();
  readonly #options: ProcessOptions;
  #sends = 0;
  #replies = 0;
  #alive = true;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.region = options.region;
    this.random = options.random;
    this.startedMs = options.kernel.nowMs;
    this.limitMs = options.limitMs;
    this.#options = options;
    options.kernel.after(options.limitMs, () => {
      this.crash('its time was over');
    });
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  now(): number {
    return Math.trunc(this.#options.kernel.nowMs + this.#options.skewMs);
  }

  remainingMs(): number {
    return this.startedMs + this.limitMs - this.#options.kernel.nowMs;
  }

  /** 26 characters as of a ULID, in no order: a clock that goes back must not let an older run win. */
  newOp(): string {
    let op = '';
    while (op.length < 26) {
      op += this.random.next().toString(32).toUpperCase().padStart(7, '0');
    }
    return op.slice(0, 26);
  }

  maySend(): boolean {
    this.#sends += 1;
    if (this.#sends === this.#options.crashAtSend) {
      this.crash(`before its call ${this.#sends}`);
    }
    return this.#alive;
  }

  mayReceive(): boolean {
    this.#replies += 1;
    if (this.#replies === this.#options.crashAtReply) {
      this.crash(`before its answer ${this.#replies}`);
    }
    return this.#alive;
  }

  /** It returned: from now on it does nothing. */
  end(): void {
    this.#alive = false;
  }

  crash(why: string): void {
    if (this.#alive) {
      this.#alive = false;
      this.#options.onDeath(why);
    }
  }
}
