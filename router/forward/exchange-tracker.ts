/**
 * The requests in flight, per Region: when one trips, those that may go elsewhere are moved at once instead of waiting for
 * their time-outs. Also what is counted of them.
 */
import type { RouterPolicy } from '../policy/router-policy.ts';
import type { AttemptKind } from './attempt.ts';

interface Movable {
  readonly evacuate: (region: string) => void;
}

interface Slotted {
  readonly region: string;
  readonly owner: Movable;
  slot: number;
}

export type ExchangeEvent = AttemptKind | 'hedge-won' | 'hedge-lost' | 'hedge-denied';

const ignore = (): void => undefined;

export class ExchangeTracker {
  readonly policy: RouterPolicy;
  /** `region` is empty where the event is of a pair. */
  readonly count: (event: ExchangeEvent, region: string) => void;
  /**
   * Not a Set: adding and deleting with every request, it replaces its table all the time, and each old table holds the next one
   * with all that was in it. Once one is in the old generation nothing is freed until a full collection: measured, 13 of 16 MB
   * survived each scavenge, which then took 40 ms instead of 1.
   */
  readonly #inFlight = new Map<string, Slotted[]>();

  constructor(policy: RouterPolicy, onEvent: (event: ExchangeEvent, region: string) => void = ignore) {
    this.policy = policy;
    this.count = onEvent;
    for (const region of policy.regions) {
      this.#inFlight.set(region, []);
    }
  }

  enter(attempt: Slotted): void {
    attempt.slot = this.#at(attempt.region).push(attempt) - 1;
  }

  /** Leaving twice is leaving once. The last one takes its place. */
  leave(attempt: Slotted): void {
    const { slot } = attempt;
    if (slot >= 0) {
      const list = this.#at(attempt.region);
      const last = list.pop() ?? attempt;
      if (last !== attempt) {
        list[slot] = last;
        last.slot = slot;
      }
      attempt.slot = -1;
    }
  }

  inFlight(region: string): number {
    return this.#at(region).length;
  }

  /** To be called when the policy says that a Region is suspect or open. */
  evacuate(region: string): void {
    // Those that move leave the list while it is walked.
    for (const { owner } of this.#at(region).slice()) {
      owner.evacuate(region);
    }
  }

  #at(region: string): Slotted[] {
    return this.#inFlight.get(region) ?? [];
  }
}
