/**
 * The breaker of one service of one Region, as a pure state machine: time comes in, and every answer says why. It opens
 * after a few failures in a row of the kind that a dead service makes, or when failures in a row have cost as much waiting
 * as one caller may be asked for; then nobody waits for it, but for exactly one probe at a time.
 */
import type { FailureReason } from '../domain/failure.ts';

export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failuresMax: number;
  /**
   * Waiting, in failures in a row, that opens it. One request may make several writes, and pays for a silent peer once; a
   * service that fails fast is asked until its failures are enough.
   */
  readonly waitedMsMax: number;
  readonly probeDelayMs: number;
}

/** `generation` grows with every change of kind: what was admitted under another one is too late to judge this one. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly generation: number; readonly failures: number; readonly waitedMs: number }
  | { readonly kind: 'open'; readonly generation: number; readonly sinceMs: number }
  | { readonly kind: 'half-open'; readonly generation: number; readonly sinceMs: number };

export type Admission =
  | { readonly kind: 'pass'; readonly generation: number; readonly why: 'closed' | 'probe' }
  | { readonly kind: 'refused'; readonly why: 'open' | 'probing' };

/** `inconclusive`: neither an answer nor a failure that tells of the service, for instance an answer that nobody can read. */
export type Verdict = 'answered' | 'failed' | 'inconclusive';

export const CLOSED: BreakerState = { kind: 'closed', generation: 0, failures: 0, waitedMs: 0 };

/** A refusal comes from a service that is there; only silence, trouble and throttling count against it. */
export const verdictOf = (reason: FailureReason): Verdict => {
  switch (reason) {
    case 'unreachable':
    case 'throttled': {
      return 'failed';
    }
    case 'refused':
    case 'fenced': {
      return 'answered';
    }
    case 'unknown': {
      return 'inconclusive';
    }
  }
};

/** A clock that was set back must not keep a breaker open for as long. */
const isDue = (sinceMs: number, nowMs: number, delayMs: number): boolean =>
  nowMs - sinceMs >= delayMs || nowMs < sinceMs;

export const admit = (
  state: BreakerState,
  nowMs: number,
  { probeDelayMs }: BreakerSettings,
): { readonly state: BreakerState; readonly admission: Admission } => {
  const { generation } = state;
  switch (state.kind) {
    case 'closed': {
      return { state, admission: { kind: 'pass', generation, why: 'closed' } };
    }
    case 'open':
    case 'half-open': {
      // A probe whose end nobody hears of, because its process was frozen for instance, is replaced after the same time.
      if (!isDue(state.sinceMs, nowMs, probeDelayMs)) {
        return { state, admission: { kind: 'refused', why: state.kind === 'open' ? 'open' : 'probing' } };
      }
      const probing: BreakerState = { kind: 'half-open', generation: generation + 1, sinceMs: nowMs };
      return { state: probing, admission: { kind: 'pass', generation: probing.generation, why: 'probe' } };
    }
  }
};

/** What one admitted call tells. A call of an earlier generation tells nothing any more. */
export const settle = (
  state: BreakerState,
  call: { readonly generation: number; readonly verdict: Verdict; readonly waitedMs: number },
  nowMs: number,
  { failuresMax, waitedMsMax }: BreakerSettings,
): BreakerState => {
  if (call.generation !== state.generation) {
    return state;
  }
  const next = state.generation + 1;
  switch (state.kind) {
    case 'closed': {
      if (call.verdict === 'inconclusive') {
        return state;
      }
      if (call.verdict === 'answered') {
        return { ...state, failures: 0, waitedMs: 0 };
      }
      const failures = state.failures + 1;
      const waitedMs = state.waitedMs + Math.max(0, call.waitedMs);
      return failures >= failuresMax || waitedMs >= waitedMsMax
        ? { kind: 'open', generation: next, sinceMs: nowMs }
        : { ...state, failures, waitedMs };
    }
    case 'half-open': {
      return call.verdict === 'answered'
        ? { kind: 'closed', generation: next, failures: 0, waitedMs: 0 }
        : { kind: 'open', generation: next, sinceMs: nowMs };
    }
    case 'open': {
      return state;
    }
  }
};
