/**
 * Virtual time. Everything that happens is an event of this kernel; between two events all promises of the code under test
 * settle, so the order of events is the whole schedule, and the seed decides it. Nothing here waits for real time.
 */
import { EventHeap } from './event-heap.ts';
import { hashText, Random } from './random.ts';

/** Events that one turn of Node's loop takes: promises are drained after each immediate all the same. */
const EVENTS_PER_TURN = 64;
/** A seed that needs more has a loop that never ends. */
const EVENTS_MAX = 2_000_000;

export class Kernel {
  nowMs: number;
  /** Folds what happened, in order: two runs of one seed end with the same number. */
  fingerprint = 0;
  events = 0;
  readonly #heap = new EventHeap();
  readonly #ties: Random;
  #stopped = false;

  constructor(seed: string, startMs: number) {
    this.#ties = new Random(`${seed}/ties`);
    this.nowMs = startMs;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Nothing further happens: a violation was found. */
  stop(): void {
    this.#stopped = true;
  }

  at(atMs: number, run: () => void): void {
    this.#heap.push({ at: Math.max(atMs, this.nowMs), tie: this.#ties.next(), run });
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  async sleep(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.after(delayMs, resolve);
    return promise;
  }

  /** Says in the fingerprint what was decided. */
  mark(text: string): void {
    this.fingerprint = hashText(text, this.fingerprint ^ Math.trunc(this.nowMs));
  }

  /** Runs events until none is left before `limitMs`; time then stands there. */
  async runUntil(limitMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let ended = false;
    const step = (): void => {
      if (ended) {
        return;
      }
      try {
        ended = !this.#runNext(limitMs);
      } catch (error) {
        ended = true;
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      if (ended) {
        resolve();
      }
    };
    const turn = (): void => {
      if (ended) {
        return;
      }
      for (let count = 0; count < EVENTS_PER_TURN; count += 1) {
        setImmediate(step);
      }
      setImmediate(turn);
    };
    turn();
    await promise;
  }

  #runNext(limitMs: number): boolean {
    const next = this.#heap.peek();
    if (this.#stopped || next === undefined || next.at > limitMs) {
      this.nowMs = this.#stopped ? this.nowMs : Math.max(this.nowMs, limitMs);
      return false;
    }
    this.#heap.pop();
    this.nowMs = next.at;
    this.events += 1;
    if (this.events > EVENTS_MAX) {
      throw new Error(`the simulation did not end within ${EVENTS_MAX} events`);
    }
    next.run();
    return true;
  }
}
