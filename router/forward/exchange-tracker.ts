/**
 * The requests in flight, per Region: when one trips, those that may go elsewhere are moved at once instead of waiting for
 * their time-outs. Also what is counted of them.
 */
import type { RouterPolicy } from '../policy/router-policy.ts';
import type { AttemptKind } from './attempt.ts';

interface Movable {
  readonly evacuate: (region: string) => void;
}

export type ExchangeEvent = AttemptKind | 'hedge-won' | 'hedge-lost' | 'hedge-denied';

const ignore = (): void => undefined;

export class ExchangeTracker {
  readonly policy: RouterPolicy;
  /** `region` is empty where the event is of a pair. */
  readonly count: (event: ExchangeEvent, region: string) => void;
  readonly #inFlight = new Map<string, Set<Movable>>();

  constructor(policy: RouterPolicy, onEvent: (event: ExchangeEvent, region: string) => void = ignore) {
    this.policy = policy;
    this.count = onEvent;
    for (const region of policy.regions) {
      this.#inFlight.set(region, new Set());
    }
  }

  enter(exchange: Movable, region: string): void {
    this.#inFlight.get(region)?.add(exchange);
  }

  leave(exchange: Movable, region: string): void {
    this.#inFlight.get(region)?.delete(exchange);
  }

  inFlight(region: string): number {
    return this.#inFlight.get(region)?.size ?? 0;
  }

  /** To be called when the policy says that a Region is suspect or open. */
  evacuate(region: string): void {
    // An exchange that moves leaves this set and enters the other one's: the loop ends.
    for (const exchange of this.#inFlight.get(region) ?? []) {
      exchange.evacuate(region);
    }
  }
}
