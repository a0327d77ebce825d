/**
 * Runs calls to one service of one Region behind its breaker and within a budget. While it is open a call fails in 0 ms,
 * without having been made; that is a failure value like any other, so that callers need not know of breakers.
 */
import { type Failure, failed } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import {
  admit,
  type BreakerSettings,
  type BreakerState,
  CLOSED,
  settle,
  type Verdict,
  verdictOf,
} from './breaker-state.ts';

export interface BreakerOptions {
  /** In a sentence: `dynamodb in us-west-2`. */
  readonly name: string;
  readonly now: () => number;
  /** The service answered a probe: what waited for it may start. */
  readonly onClosed?: () => void;
  readonly settings?: BreakerSettings;
  /** One operation with all its calls; absent means that only the calls are bounded. */
  readonly budgetMs?: number;
}

/** Any outcome of a store: failures have one shape, everything else is an answer. */
export interface Outcome {
  readonly kind: string;
  readonly failure?: Failure;
}

export type Failed = ReturnType<typeof failed>;

const SETTINGS: BreakerSettings = {
  failuresMax: LIMITS.breakerFailuresMax,
  // Timers may end a moment early: a call that took the whole budget counts as one.
  waitedMsMax: LIMITS.peerBudgetMs * 0.9,
  probeDelayMs: LIMITS.breakerProbeDelayMs,
};

const verdictOn = (outcome: Outcome): Verdict =>
  outcome.failure === undefined ? 'answered' : verdictOf(outcome.failure.reason);

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #settings: BreakerSettings;
  #state: BreakerState = CLOSED;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#settings = options.settings ?? SETTINGS;
  }

  get state(): BreakerState {
    return this.#state;
  }

  async run<T extends Outcome>(work: () => Promise<T>): Promise<T | Failed> {
    const { name, now } = this.#options;
    const { state, admission } = admit(this.#state, now(), this.#settings);
    this.#state = state;
    if (admission.kind === 'refused') {
      const message = `${name} failed ${this.#settings.failuresMax} times in a row and is asked again in a moment`;
      return failed({ reason: 'unreachable', code: 'BreakerOpen', message });
    }
    let verdict: Verdict = 'inconclusive';
    const startedAtMs = now();
    try {
      const outcome = await this.#withinBudget(work());
      verdict = verdictOn(outcome);
      return outcome;
    } finally {
      // Also where the work threw: a probe that is never settled would keep everybody else out.
      this.#settle(admission.generation, verdict, now() - startedAtMs);
    }
  }

  #settle(generation: number, verdict: Verdict, waitedMs: number): void {
    const before = this.#state;
    this.#state = settle(before, { generation, verdict, waitedMs }, this.#options.now(), this.#settings);
    if (before.kind === 'half-open' && this.#state.kind === 'closed') {
      this.#options.onClosed?.();
    }
  }

  /**
   * What is late goes on in its own bounds and may still be applied, as a call may whose reply was lost; its caller does
   * not wait for it.
   */
  async #withinBudget<T extends Outcome>(work: Promise<T>): Promise<T | Failed> {
    const { budgetMs, name } = this.#options;
    if (budgetMs === undefined) {
      return work;
    }
    const late = Promise.withResolvers<Failed>();
    const timer = setTimeout(() => {
      const message = `${name} did not answer within ${budgetMs} ms`;
      late.resolve(failed({ reason: 'unreachable', code: 'BudgetSpent', message }));
    }, budgetMs);
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
