/**
 * Seeded traffic against two simulated Regions in virtual time, through the same policy and exchange that run in production.
 * Only the transport is pretended: latencies are drawn, faults are scheduled, and a probe meets what a request would meet.
 */
import type { Attempt, ExchangeHost, Timers } from '../../../router/forward/attempt.ts';
import { Exchange } from '../../../router/forward/exchange.ts';
import { type ExchangeEvent, ExchangeTracker } from '../../../router/forward/exchange-tracker.ts';
import { verdictOf } from '../../../router/forward/verdict.ts';
import type { RequestTraits } from '../../../router/policy/phase.ts';
import type { Transition } from '../../../router/policy/health-events.ts';
import { RouterPolicy } from '../../../router/policy/router-policy.ts';
import type { PolicySettings } from '../../../router/policy/settings.ts';

/** Small and good enough: mulberry32. */
export const randomOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = Math.imul(state + 0x6d_2b_79_f5, 1);
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** A binary heap by time, then by order of creation: the same seed always plays the same. */
export class VirtualClock {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  readonly timers: Timers = {
    now: () => this.#nowMs,
    after: (delayMs, run) => this.at(this.#nowMs + delayMs, run),
    cancel: (timer) => {
      if (timer !== undefined) {
        (timer as Event).isCancelled = true;
      }
    },
  };

  at(atMs: number, run: () => void): Event {
    this.#order += 1;
    const event: Event = { atMs, order: this.#order, run, isCancelled: false };
    if (atMs < Infinity) {
      this.#push(event);
    }
    return event;
  }

  runUntil(endMs: number): void {
    for (let event = this.#heap[0]; event !== undefined && event.atMs <= endMs; event = this.#heap[0]) {
      this.#pop();
      if (!event.isCancelled) {
        this.#nowMs = event.atMs;
        event.run();
      }
    }
    this.#nowMs = endMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(heap[at], heap[up])) {
        return;
      }
      this.#swap(at, up);
      at = up;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const least = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!isBefore(heap[least], heap[at])) {
        return;
      }
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(one: number, two: number): void {
    const heap = this.#heap;
    const kept = heap[one] as Event;
    heap[one] = heap[two] as Event;
    heap[two] = kept;
  }
}

const isBefore = (one: Event | undefined, two: Event | undefined): boolean =>
  one !== undefined && two !== undefined && (one.atMs < two.atMs || (one.atMs === two.atMs && one.order < two.order));

/** What an origin does with a request that reaches it at a time. */
export type Behaviour = (nowMs: number, random: () => number) => { readonly afterMs: number; readonly status: number };

const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A healthy origin: lognormal latency around its median. */
export const lognormal =
  (medianMs: number, sigma: number): Behaviour =>
  (_nowMs, random) => ({ afterMs: medianMs * Math.exp(sigma * gaussian(random)), status: 200 });

/** Accepts and never answers while the fault lasts. */
export const hangsBetween =
  (fromMs: number, untilMs: number, otherwise: Behaviour): Behaviour =>
  (nowMs, random) =>
    nowMs >= fromMs && nowMs < untilMs ? { afterMs: Infinity, status: 0 } : otherwise(nowMs, random);

/** Answers nothing for a while, then everything at once: a garbage collection, a lock. */
export const stalls =
  (everyMs: number, forMs: number, otherwise: Behaviour): Behaviour =>
  (nowMs, random) => {
    const intoMs = (nowMs + everyMs / 2) % everyMs;
    const { afterMs, status } = otherwise(nowMs, random);
    return { afterMs: afterMs + (intoMs < forMs ? forMs - intoMs : 0), status };
  };

export const failsBetween =
  (fromMs: number, untilMs: number, status: number, otherwise: Behaviour): Behaviour =>
  (nowMs, random) =>
    nowMs >= fromMs && nowMs < untilMs ? { afterMs: 0.5, status } : otherwise(nowMs, random);

export interface Traffic {
  readonly seed: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly postShare?: number;
  readonly origins: Readonly<Record<'a' | 'b', Behaviour>>;
  readonly settings?: Partial<PolicySettings>;
  /** A router without probes shows what the detectors do alone. */
  readonly tickMs?: number;
}

export interface Outcome {
  readonly method: string;
  readonly startedMs: number;
  readonly tookMs: number;
  readonly region: string | undefined;
  /** How often each Region got it. */
  readonly sent: number;
}

export interface Played {
  readonly outcomes: readonly Outcome[];
  readonly transitions: readonly Transition[];
  readonly events: Readonly<Record<ExchangeEvent, number>>;
  readonly policy: RouterPolicy;
  readonly inFlight: number;
}

export const tripsOf = ({ transitions }: Played): readonly Transition[] =>
  transitions.filter(({ from, to }) => to === 'open' && from !== 'half-open');

const READ: RequestTraits = {
  method: 'GET',
  isReplayable: true,
  hasSharedKey: false,
  isHedgeable: true,
};
const WRITE: RequestTraits = {
  method: 'POST',
  isReplayable: true,
  hasSharedKey: false,
  isHedgeable: false,
};

export const play = (traffic: Traffic): Played => {
  const clock = new VirtualClock();
  const random = randomOf(traffic.seed);
  const transitions: Transition[] = [];
  const outcomes: Outcome[] = [];
  const events: Record<string, number> = {};
  const policy = new RouterPolicy({
    regions: ['a', 'b'],
    random,
    settings: { ...traffic.settings },
    onTransition: (transition) => {
      transitions.push(transition);
      if (transition.to !== 'closed') {
        tracker.evacuate(transition.region);
      }
    },
  });
  const tracker = new ExchangeTracker(policy, (event) => {
    events[event] = (events[event] ?? 0) + 1;
  });
  const { timers } = clock;
  const meets = (region: string): ReturnType<Behaviour> => traffic.origins[region as 'a' | 'b'](timers.now(), random);

  const request = (traits: RequestTraits): void => {
    const startedMs = timers.now();
    const finish = (region: string | undefined): void => {
      const tookMs = timers.now() - startedMs;
      outcomes.push({ method: traits.method, startedMs, tookMs, region, sent: exchange.attempts });
    };
    const host: ExchangeHost<undefined> = {
      send: (attempt: Attempt<undefined>) => {
        const { afterMs, status } = meets(attempt.region);
        timers.after(afterMs, () => {
          exchange.answered(attempt, verdictOf(status, false, false), `HTTP_${status}`);
        });
      },
      abort: () => undefined,
      deliver: (attempt) => {
        finish(attempt.region);
      },
      giveUp: () => {
        finish(undefined);
      },
    };
    const decision = policy.decide(traits, startedMs);
    if (decision.kind === 'maintenance') {
      return;
    }
    const exchange: Exchange<undefined> = new Exchange({ tracker, timers, traits, decision, host });
    exchange.start();
  };

  const tick = (): void => {
    for (const { region, kind, timeoutMs } of policy.dueProbes(timers.now())) {
      const { afterMs, status } = meets(region);
      timers.after(Math.min(afterMs, timeoutMs), () => {
        const isGood = afterMs <= timeoutMs && status === 200;
        policy.probed(region, timers.now(), {
          kind,
          isGood,
          latencyMs: afterMs,
          why: 'probe failed',
        });
      });
    }
    timers.after(traffic.tickMs ?? 10, tick);
  };

  let left = traffic.requests;
  const arrive = (): void => {
    request(random() < (traffic.postShare ?? 0) ? WRITE : READ);
    left -= 1;
    if (left > 0) {
      timers.after((-Math.log(1 - random()) * 1000) / traffic.requestsPerSecond, arrive);
    }
  };
  tick();
  // One good round of probes first, as in a router that has just become ready.
  timers.after(500, arrive);
  clock.runUntil(500 + (traffic.requests * 1200) / traffic.requestsPerSecond + 40_000);
  return {
    outcomes,
    transitions,
    events: events as Played['events'],
    policy,
    inFlight: tracker.inFlight('a') + tracker.inFlight('b'),
  };
};
