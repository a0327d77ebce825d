/** What every request of a worker shares: the parts of every router, the ways to its Regions, and who waits. */
import { type Log, openParts, type RouterParts } from '../../app/build-parts.ts';
import type { RouterConfig } from '../../config/schema.ts';
import type { Timers } from '../../forward/attempt.ts';
import type { Hop } from '../../forward/hygiene.ts';
import type { Slotted } from '../../forward/slots.ts';
import type { OverrideStore } from '../../override/override-state.ts';
import type { Upstream } from './upstream.ts';

/** A request that waits for a Region, in a context of its own. */
export interface Waiting extends Slotted {
  readonly wake: (region: string) => void;
}

export interface WorkerContext extends RouterParts {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** By their slots. */
  readonly waiting: Waiting[];
  /** The client's address, as this platform tells it. */
  readonly clientAddress: (request: Request) => string;
}

export interface WorkerOptions {
  readonly config: RouterConfig;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly store: OverrideStore;
  readonly print: (line: string) => void;
  readonly clientAddress: (request: Request) => string;
  readonly usualProto: Hop['proto'];
}

const isTimer = (timer: unknown): timer is number => timer !== undefined;

/** From zero, as the policy counts: workerd's own clock starts in 1970. Opened within a request: before, it stands still. */
const timersFrom = (startMs: number): Timers => ({
  now: () => performance.now() - startMs,
  after: (delayMs, fire) => setTimeout(fire, Math.ceil(delayMs)),
  cancel: (timer) => {
    if (isTimer(timer)) {
      clearTimeout(timer);
    }
  },
});

const logTo =
  (print: (line: string) => void): Log =>
  (level, event, fields) => {
    print(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }));
  };

export const openContext = (options: WorkerOptions): WorkerContext => {
  const { config, upstreams, store, print, clientAddress, usualProto } = options;
  const waiting: Waiting[] = [];
  const parts = openParts({
    config,
    log: logTo(print),
    store,
    timers: timersFrom(performance.now()),
    wallMs: Date.now,
    random: Math.random,
    usualProto,
    onUnwell: (region) => {
      // A request's timers and connections may be touched in its own context only: each is woken there.
      for (const one of waiting) {
        one.wake(region);
      }
    },
  });
  return { ...parts, upstreams, waiting, clientAddress };
};
