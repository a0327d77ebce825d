/**
 * The requests in flight, per Region: when one trips, those that may go elsewhere are moved at once instead of waiting for
 * their time-outs. Also what is counted of them.
 */
import type { RouterPolicy } from '../policy/router-policy.ts';
import type { AttemptKind } from './attempt.ts';
import { type Slotted, Slots } from './slots.ts';

interface Movable {
  readonly evacuate: (region: string) => void;
}

interface Tracked extends Slotted {
  readonly region: string;
  readonly owner: Movable;
}

export type ExchangeEvent = AttemptKind | 'hedge-won' | 'hedge-lost' | 'hedge-denied';

const ignore = (): void => undefined;

export class ExchangeTracker {
  readonly policy: RouterPolicy;
  /** `region` is empty where the event is of a pair. */
  readonly count: (event: ExchangeEvent, region: string) => void;
  readonly #inFlight = new Map<string, Slots<Tracked>>();

  constructor(policy: RouterPolicy, onEvent: (event: ExchangeEvent, region: string) => void = ignore) {
    this.policy = policy;
    this.count = onEvent;
    for (const region of policy.regions) {
      this.#inFlight.set(region, new Slots());
    }
  }

  enter(attempt: Tracked): void {
    this.#inFlight.get(attempt.region)?.enter(attempt);
  }

  /** Leaving twice is leaving once. */
  leave(attempt: Tracked): void {
    this.#inFlight.get(attempt.region)?.leave(attempt);
  }

  inFlight(region: string): number {
    return this.#inFlight.get(region)?.size ?? 0;
  }

  /** To be called when the policy says that a Region is suspect or open. */
  evacuate(region: string): void {
    for (const { owner } of this.#inFlight.get(region)?.all() ?? []) {
      owner.evacuate(region);
    }
  }
}
