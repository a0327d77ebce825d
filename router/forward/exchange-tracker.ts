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

export class ExchangeTracker {
  readonly policy: RouterPolicy;
  readonly #onEvent: ((event: ExchangeEvent, region: string) => void) | undefined;
  readonly #inFlight = new Map<string, Set<Movable>>();

  constructor(policy: RouterPolicy, onEvent?: (event: ExchangeEvent, region: string) => void) {
    this.policy = policy;
    this.#onEvent = onEvent;
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

  /** To be called when the policy says that a Region opened. */
  evacuate(region: string): void {
    // An exchange that moves leaves this set and enters the other one's: the loop ends.
    for (const exchange of this.#inFlight.get(region) ?? []) {
      exchange.evacuate(region);
    }
  }

  count(event: ExchangeEvent, region: string): void {
    this.#onEvent?.(event, region);
  }

  hedgeEnded(isWon: boolean): void {
    this.count(isWon ? 'hedge-won' : 'hedge-lost', '');
  }

  hedgeDenied(): void {
    this.count('hedge-denied', '');
  }
}
