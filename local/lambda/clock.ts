/**
 * Time as an argument, so that schedules, retries and back-offs are tested without waiting for them.
 * The system clock's timers never keep a process alive: a Region lives as long as its servers do.
 */

export interface Clock {
  now(): number;
  /** Runs `action` once, `delayMs` from now; calling the result cancels it. */
  after(delayMs: number, action: () => void): () => void;
}

/** A longer timer than this would fire at once (it overflows a signed 32-bit number of milliseconds). */
export const TIMER_DELAY_MS_MAX = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, Math.min(delayMs, TIMER_DELAY_MS_MAX));
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

export const sleep = async (clock: Clock, delayMs: number): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.after(delayMs, resolve);
  await promise;
};
