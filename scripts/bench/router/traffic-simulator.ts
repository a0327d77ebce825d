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

/** One run: the production policy and exchange on a clock, with two origins that behave as they are told. */
class TrafficRun {
  readonly #traffic: Traffic;
  readonly #clock = new VirtualClock();
  readonly #timers = this.#clock.timers;
  readonly #random: () => number;
  readonly #transitions: Transition[] = [];
  readonly #outcomes: Outcome[] = [];
  readonly #events: Record<string, number> = {};
  readonly #policy: RouterPolicy;
  readonly #tracker: ExchangeTracker;
  #left: number;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
    this.#random = randomOf(traffic.seed);
    this.#left = traffic.requests;
    this.#policy = new RouterPolicy({
      regions: ['a', 'b'],
      random: this.#random,
      settings: { ...traffic.settings },
      onTransition: (transition) => {
        this.#transitions.push(transition);
        if (transition.to !== 'closed') {
          this.#tracker.evacuate(transition.region);
        }
      },
    });
    this.#tracker = new ExchangeTracker(this.#policy, (event) => {
      this.#events[event] = (this.#events[event] ?? 0) + 1;
    });
  }

  play(): Played {
    const { requests, requestsPerSecond } = this.#traffic;
    this.#tick();
    // One good round of probes first, as in a router that has just become ready.
    this.#timers.after(500, () => {
      this.#arrive();
    });
    this.#clock.runUntil(500 + (requests * 1200) / requestsPerSecond + 40_000);
    return {
      outcomes: this.#outcomes,
      transitions: this.#transitions,
      events: this.#events as Played['events'],
      policy: this.#policy,
      inFlight: this.#tracker.inFlight('a') + this.#tracker.inFlight('b'),
    };
  }

  #meets(region: string): ReturnType<Behaviour> {
    return this.#traffic.origins[region as 'a' | 'b'](this.#timers.now(), this.#random);
  }

  #request(traits: RequestTraits): void {
    const startedMs = this.#timers.now();
    const decision = this.#policy.decide(traits, startedMs);
    if (decision.kind === 'maintenance') {
      return;
    }
    const finish = (region: string | undefined): void => {
      const tookMs = this.#timers.now() - startedMs;
      this.#outcomes.push({ method: traits.method, startedMs, tookMs, region, sent: exchange.attempts });
    };
    const host: ExchangeHost<undefined> = {
      send: (attempt: Attempt<undefined>) => {
        const { afterMs, status } = this.#meets(attempt.region);
        this.#timers.after(afterMs, () => {
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
    const exchange: Exchange<undefined> = new Exchange({
      tracker: this.#tracker,
      timers: this.#timers,
      traits,
      decision,
      host,
    });
    exchange.start();
  }

  #tick(): void {
    for (const { region, kind, timeoutMs } of this.#policy.dueProbes(this.#timers.now())) {
      const { afterMs, status } = this.#meets(region);
      this.#timers.after(Math.min(afterMs, timeoutMs), () => {
        const isGood = afterMs <= timeoutMs && status === 200;
        this.#policy.probed(region, this.#timers.now(), { kind, isGood, latencyMs: afterMs, why: 'probe failed' });
      });
    }
    this.#timers.after(this.#traffic.tickMs ?? 10, () => {
      this.#tick();
    });
  }

  #arrive(): void {
    const { postShare, requestsPerSecond } = this.#traffic;
    this.#request(this.#random() < (postShare ?? 0) ? WRITE : READ);
    this.#left -= 1;
    if (this.#left > 0) {
      this.#timers.after((-Math.log(1 - this.#random()) * 1000) / requestsPerSecond, () => {
        this.#arrive();
      });
    }
  }
}

export const play = (traffic: Traffic): Played => new TrafficRun(traffic).play();
