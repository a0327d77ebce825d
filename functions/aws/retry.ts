/**
 * When the SDK tries a call again. Its own strategy retries a failed look-up, which cannot get better within a call, and
 * waits out a throttled call's back-off although the call's bound ends first, so that "throttled" is reported as a time-out.
 * Here a back-off that does not fit gives up at once, with the reason that it met.
 */
import { isNameFailure } from '../domain/failure.ts';
import type { CallBounds } from './call-bounds.ts';

const TRANSIENT_BASE_MS = 50;
const THROTTLED_BASE_MS = 1000;
/** What an attempt after the wait needs at least, to be worth the wait. */
const ATTEMPT_MIN_MS = 50;
/** A client that fails all the time may spend this much on further attempts; success earns it back. */
const BUDGET_MAX = 500;
const TRANSIENT_COST = 14;
const THROTTLED_COST = 5;
/** Steps of the golden ratio spread waits evenly over their range without randomness, so that writers don't march in step. */
const SPREAD = 0.618_033_988_749_895;

/** Structurally the SDK's own `StandardRetryToken` and `RetryErrorInfo`. */
export interface RetryToken {
  readonly startedAtMs: number;
  readonly cost: number;
  getRetryCount(): number;
  getRetryDelay(): number;
  getRetryCost(): number | undefined;
}

export interface RetryErrorInfo {
  readonly errorType: 'TRANSIENT' | 'THROTTLING' | 'SERVER_ERROR' | 'CLIENT_ERROR';
  readonly error?: unknown;
  readonly retryAfterHint?: Date;
}

/** The SDK throws the call's last error when this one is thrown at it. */
class NoFurtherAttempt extends Error {}

const tokenOf = (startedAtMs: number, count: number, delayMs: number, cost: number): RetryToken => ({
  startedAtMs,
  cost,
  getRetryCount: () => count,
  getRetryDelay: () => delayMs,
  getRetryCost: () => (count === 0 ? undefined : cost),
});

export class BoundedRetry {
  readonly mode = 'standard';
  readonly #bounds: CallBounds;
  readonly #now: () => number;
  #budget = BUDGET_MAX;
  #spread = 0;

  constructor(bounds: CallBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
  }

  async acquireInitialRetryToken(_scope: string): Promise<RetryToken> {
    return tokenOf(this.#now(), 0, 0, 0);
  }

  async refreshRetryTokenForRetry(token: RetryToken, info: RetryErrorInfo): Promise<RetryToken> {
    const count = token.getRetryCount() + 1;
    const isThrottled = info.errorType === 'THROTTLING';
    const cost = isThrottled ? THROTTLED_COST : TRANSIENT_COST;
    const delayMs = this.#delayMs(isThrottled, count, info.retryAfterHint);
    const leftMs = token.startedAtMs + this.#bounds.callTimeoutMs - this.#now();
    const isRetryable = isThrottled || info.errorType === 'TRANSIENT';
    if (
      !isRetryable ||
      isNameFailure(info.error) ||
      count >= this.#bounds.attemptsMax ||
      this.#budget < cost ||
      delayMs + ATTEMPT_MIN_MS > leftMs
    ) {
      throw new NoFurtherAttempt();
    }
    this.#budget -= cost;
    return tokenOf(token.startedAtMs, count, delayMs, cost);
  }

  recordSuccess(token: RetryToken): void {
    this.#budget = Math.min(BUDGET_MAX, this.#budget + (token.getRetryCost() ?? 1));
  }

  /** Between half of an exponential back-off and the whole; a server that names a time is not asked before it. */
  #delayMs(isThrottled: boolean, count: number, hint: Date | undefined): number {
    this.#spread = (this.#spread + SPREAD) % 1;
    const topMs = (isThrottled ? THROTTLED_BASE_MS : TRANSIENT_BASE_MS) * 2 ** (count - 1);
    const delayMs = topMs * (0.5 + this.#spread / 2);
    return hint === undefined ? delayMs : Math.max(delayMs, hint.getTime() - this.#now());
  }
}
