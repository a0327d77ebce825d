/**
 * One request on its way: at most one attempt per Region, started first, as a hedge, after a failure, or because the first
 * Region tripped meanwhile. Transport and timers are the host's; the same life runs in Node, in workerd, in the browser and
 * in the simulator, so what the simulator proves is what runs.
 */
import type { Decision } from '../policy/router-policy.ts';
import { mayResend, type Phase, type RequestTraits } from '../policy/phase.ts';
import type { Attempt, AttemptFailure, AttemptKind, ExchangeHost, Timers, Verdict } from './attempt.ts';
import type { ExchangeTracker } from './exchange-tracker.ts';

export type RouteDecision = Extract<Decision, { kind: 'route' }>;

export interface ExchangeOptions<Io> {
  readonly tracker: ExchangeTracker;
  readonly timers: Timers;
  readonly traits: RequestTraits;
  readonly decision: RouteDecision;
  readonly host: ExchangeHost<Io>;
}

export class Exchange<Io> {
  readonly startedMs: number;
  readonly failures: AttemptFailure[] = [];
  /** So many were sent; the last one's number. */
  attempts = 0;
  readonly #o: ExchangeOptions<Io>;
  #live: Attempt<Io> | undefined;
  #hedge: Attempt<Io> | undefined;
  #timer: unknown;
  #isSettled = false;
  #isHedgeOver: boolean;

  constructor(options: ExchangeOptions<Io>) {
    this.#o = options;
    this.startedMs = options.timers.now();
    this.#isHedgeOver = options.decision.hedgeAfterMs === undefined;
  }

  start(): void {
    this.#live = this.#send(this.#o.decision.first, 'first');
    this.#arm();
  }

  /** The header of an answer came. */
  answered(attempt: Attempt<Io>, verdict: Verdict, code: string): void {
    if (attempt.isOver) {
      return;
    }
    const { tracker, timers } = this.#o;
    const { region, startedMs } = attempt;
    const nowMs = timers.now();
    const health = tracker.policy.health(region);
    const isBad = verdict !== 'good';
    this.#over(attempt);
    if (isBad && verdict !== 'draining') {
      health.failed(nowMs, code, true);
    } else {
      health.answered(nowMs, nowMs - startedMs);
    }
    const isOnly = this.#other(attempt) === undefined;
    if (!isBad || (isOnly && (verdict === 'final' || !this.#mayMoveOn('ambiguous')))) {
      this.#deliver(attempt, nowMs);
      return;
    }
    this.#lose(attempt, 'ambiguous', code, 'failover');
  }

  /** Nothing came, or not all of it. */
  failed(attempt: Attempt<Io>, phase: Phase, code: string): void {
    if (attempt.isOver) {
      return;
    }
    const { tracker, timers } = this.#o;
    // Before the breaker hears of it: a trip evacuates, and this exchange must not be moved twice.
    this.#over(attempt);
    tracker.policy.health(attempt.region).failed(timers.now(), code, false);
    this.#lose(attempt, phase, code, 'failover');
  }

  /**
   * The Region is in doubt, or out, while this waits for it. In doubt: a read is hedged now. Out: whatever may be sent twice
   * is moved and does not wait longer.
   */
  evacuate(region: string): void {
    const live = this.#live;
    if (this.#isSettled || live?.region !== region) {
      return;
    }
    const health = this.#o.tracker.policy.health(region);
    if (!health.isOpen) {
      if (!this.#isHedgeOver) {
        this.#fire(true);
      }
    } else if (!this.#isSecondOut && this.#mayMoveOn('ambiguous')) {
      health.abandoned(this.#o.timers.now(), live.startedMs);
      this.#lose(live, 'ambiguous', 'EVACUATED', 'evacuation');
    }
  }

  /** The client went away. */
  abandon(): void {
    if (!this.#isSettled) {
      this.#settle();
      const nowMs = this.#o.timers.now();
      for (const attempt of [this.#live, this.#hedge]) {
        if (attempt !== undefined) {
          this.#o.tracker.policy.health(attempt.region).abandoned(nowMs, attempt.startedMs);
          this.#end(attempt);
        }
      }
    }
  }

  // --- parts ---

  #send(region: string, kind: AttemptKind): Attempt<Io> {
    const { tracker, timers, host } = this.#o;
    this.attempts += 1;
    const attempt: Attempt<Io> = {
      region,
      number: this.attempts,
      kind,
      startedMs: timers.now(),
      io: undefined,
      isOver: false,
      slot: -1,
      owner: this,
    };
    tracker.policy.health(region).started(attempt.startedMs);
    tracker.enter(attempt);
    tracker.count(kind, region);
    host.send(attempt);
    return attempt;
  }

  /** Aborted by us: marked first, because some transports report the abort at once. */
  #end(attempt: Attempt<Io>): void {
    this.#over(attempt);
    this.#o.host.abort(attempt);
  }

  #over(attempt: Attempt<Io>): void {
    attempt.isOver = true;
    this.#o.tracker.leave(attempt);
  }

  #other(attempt: Attempt<Io>): Attempt<Io> | undefined {
    return attempt === this.#live ? this.#hedge : this.#live;
  }

  #drop(attempt: Attempt<Io>): void {
    if (attempt === this.#live) {
      this.#live = this.#hedge;
    }
    this.#hedge = undefined;
  }

  #mayMoveOn(phase: Phase): boolean {
    return this.attempts < 2 && this.#o.decision.second !== undefined && mayResend(phase, this.#o.traits);
  }

  /** To leave a Region that is silent for one that is known to be out gains nothing: it may only have stalled. */
  get #isSecondOut(): boolean {
    const { tracker, decision } = this.#o;
    return decision.second === undefined || tracker.policy.health(decision.second).isOpen;
  }

  #lose(attempt: Attempt<Io>, phase: Phase, code: string, next: AttemptKind): void {
    this.failures.push({ region: attempt.region, phase, code });
    this.#end(attempt);
    this.#drop(attempt);
    if (this.#isSettled || this.#live !== undefined) {
      return; // The other one is still out.
    }
    if (!this.#mayMoveOn(phase)) {
      this.#settle();
      this.#o.host.giveUp(this.failures);
      return;
    }
    this.#live = this.#send(this.#o.decision.second ?? '', next);
    this.#arm();
  }

  #deliver(attempt: Attempt<Io>, nowMs: number): void {
    const loser = this.#other(attempt);
    this.#settle();
    if (loser !== undefined) {
      const { tracker } = this.#o;
      this.#end(loser);
      const health = tracker.policy.health(loser.region);
      if (attempt.kind === 'hedge') {
        health.lostHedge(nowMs, loser.startedMs);
        tracker.count('hedge-won', '');
      } else {
        health.abandoned(nowMs, loser.startedMs);
        tracker.count('hedge-lost', '');
      }
    }
    this.#o.host.deliver(attempt);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#o.timers.cancel(this.#timer);
  }

  /** One timer at a time: the next of hedge, attempt time-out and deadline. */
  #arm(): void {
    const { timers, decision } = this.#o;
    timers.cancel(this.#timer);
    if (this.#isSettled) {
      return;
    }
    const nowMs = timers.now();
    const hedgeMs = this.#isHedgeOver ? Infinity : this.startedMs + (decision.hedgeAfterMs ?? 0);
    const nextMs = Math.min(hedgeMs, this.#timeoutMs(this.#live), this.#timeoutMs(this.#hedge));
    this.#timer = timers.after(Math.max(0, nextMs - nowMs), () => {
      this.#fire(hedgeMs <= nextMs);
    });
  }

  /** A request that may not be sent again gets the whole deadline: giving up early would gain nothing. */
  #timeoutMs(attempt: Attempt<Io> | undefined): number {
    if (attempt === undefined) {
      return Infinity;
    }
    const { attemptTimeoutMs, deadlineMs } = this.#o.tracker.policy.settings;
    const endMs = this.startedMs + deadlineMs;
    const isLast = !this.#mayMoveOn('ambiguous') && this.#hedge === undefined;
    return isLast ? endMs : Math.min(endMs, attempt.startedMs + attemptTimeoutMs);
  }

  #fire(isHedge: boolean): void {
    if (isHedge) {
      this.#isHedgeOver = true;
      this.#sendHedge();
      this.#arm();
      return;
    }
    const nowMs = this.#o.timers.now();
    for (const attempt of [this.#live, this.#hedge]) {
      if (attempt !== undefined && !this.#isSettled && nowMs >= this.#timeoutMs(attempt)) {
        this.failed(attempt, 'ambiguous', 'TIMEOUT');
      }
    }
    this.#arm();
  }

  #sendHedge(): void {
    const { tracker, decision } = this.#o;
    if (this.attempts > 1 || this.#isSecondOut) {
      return;
    }
    if (tracker.policy.takeHedge(decision.first)) {
      this.#hedge = this.#send(decision.second ?? '', 'hedge');
    } else {
      tracker.count('hedge-denied', '');
    }
  }
}
