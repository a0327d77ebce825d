/**
 * The requests in flight, per Region: when one trips, those that may go elsewhere are moved at once instead of waiting for
 * their time-outs. Also what is counted of them.
 */
import type { RouterPolicy } from '../policy/router-policy.ts';
import type { AttemptKind } from './attempt.ts';
import { enterSlot, leaveSlot, type Slotted } from './slots.ts';

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
  readonly #inFlight = new Map<string, Tracked[]>();

  constructor(policy: RouterPolicy, onEvent: (event: ExchangeEvent, region: string) => void = ignore) {
    this.policy = policy;
    this.count = onEvent;
    for (const region of policy.regions) {
      this.#inFlight.set(region, []);
    }
  }

  enter(attempt: Tracked): void {
    enterSlot(this.#at(attempt.region), attempt);
  }

  leave(attempt: Tracked): void {
    leaveSlot(this.#at(attempt.region), attempt);
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

  #at(region: string): Tracked[] {
    return this.#inFlight.get(region) ?? [];
  }
}
