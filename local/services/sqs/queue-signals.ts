/**
 * Tells waiting receivers that a queue may have something for them: at once after a send, and by one timer per queue when
 * the next message becomes visible again. Nobody polls.
 */

const TIMER_MS_MAX = 2 ** 31 - 1;

export type Listener = () => void;

export class QueueSignals {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  listen(queue: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(queue) ?? new Set();
    this.#listeners.set(queue, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Later in this turn of the event loop, never inside the call that caused it. */
  signal(queue: string): void {
    queueMicrotask(() => {
      for (const listener of this.#listeners.get(queue) ?? []) {
        listener();
      }
    });
  }

  signalIn(queue: string, delayMs: number): void {
    clearTimeout(this.#timers.get(queue));
    const timer = setTimeout(
      () => {
        this.signal(queue);
      },
      Math.min(Math.max(delayMs, 0), TIMER_MS_MAX),
    );
    timer.unref();
    this.#timers.set(queue, timer);
  }

  close(): void {
    for (const timer of this.#timers.values()) {
      clearTimeout(timer);
    }
    this.#timers.clear();
    this.#listeners.clear();
  }
}
