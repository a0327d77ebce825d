/** One attempt of a request at one Region, and what its transport has to do for it. */
import type { Phase } from '../policy/phase.ts';

export type AttemptKind = 'first' | 'hedge' | 'failover' | 'evacuation';

export interface Attempt<Io> {
  readonly region: string;
  /** From 1. */
  readonly number: number;
  readonly kind: AttemptKind;
  readonly startedMs: number;
  /** What the transport needs to abort it. */
  io: Io | undefined;
  /** Nothing that still comes of it counts. */
  isOver: boolean;
  /** Its place among those in flight, kept by the tracker; -1 outside. */
  slot: number;
  /** Whose attempt it is: what is moved when the Region trips. */
  readonly owner: { readonly evacuate: (region: string) => void };
}

export interface AttemptFailure {
  readonly region: string;
  readonly phase: Phase;
  /** A stable code: of the transport, `TIMEOUT`, or `HTTP_503`. */
  readonly code: string;
}

/**
 * What an answer means: `bad` counts against the Region and may go elsewhere, `final` counts and may not, `draining` goes
 * elsewhere without counting.
 */
export type Verdict = 'good' | 'bad' | 'final' | 'draining';

export interface Timers {
  readonly now: () => number;
  readonly after: (delayMs: number, fire: () => void) => unknown;
  readonly cancel: (timer: unknown) => void;
}

/** The transport of one request. It never reports on an attempt before `send` has returned. */
export interface ExchangeHost<Io> {
  readonly send: (attempt: Attempt<Io>) => void;
  readonly abort: (attempt: Attempt<Io>) => void;
  /** This attempt's answer is the client's. */
  readonly deliver: (attempt: Attempt<Io>) => void;
  /** No Region answered. */
  readonly giveUp: (failures: readonly AttemptFailure[]) => void;
}
