/** A clock that moves only when it is told to; timers fire in order, and what they start is given a turn in between. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../local/lambda/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly action: () => void;
}

export interface FakeClock extends Clock {
  advance(ms: number): Promise<void>;
  /** As a machine that slept: time passes, and no timer fired on the way. */
  jump(ms: number): Promise<void>;
  readonly timers: number;
}

export const createFakeClock = (startMs: number): FakeClock => {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const due = (untilMs: number): Timer | undefined =>
    [...timers].filter(({ atMs }) => atMs <= untilMs).toSorted((one, other) => one.atMs - other.atMs)[0];
  const fireUntil = async (untilMs: number, follow: boolean): Promise<void> => {
    for (let timer = due(untilMs); timer !== undefined; timer = due(untilMs)) {
      timers.delete(timer);
      nowMs = follow ? timer.atMs : nowMs;
      timer.action();
      await setImmediate();
    }
  };
  return {
    now: () => nowMs,
    after: (delayMs, action) => {
      const timer = { atMs: nowMs + delayMs, action };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance: async (ms) => {
      const untilMs = nowMs + ms;
      await setImmediate();
      await fireUntil(untilMs, true);
      nowMs = untilMs;
      await setImmediate();
    },
    jump: async (ms) => {
      nowMs += ms;
      await fireUntil(nowMs, false);
    },
    get timers() {
      return timers.size;
    },
  };
};
