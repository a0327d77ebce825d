/** What the breaker says and hears: states, transitions with their cause, probes and their results. */

export type HealthState = 'closed' | 'suspect' | 'open' | 'half-open';
export type TripCause = 'failures' | 'failure-share' | 'hedge-loss' | 'silence' | 'probes' | 'drill';

export interface Transition {
  readonly region: string;
  readonly atMs: number;
  readonly from: HealthState;
  readonly to: HealthState;
  readonly why: string;
}

/** `confirm`: is the silence real? `status`: the routine question. `recover`: may it come back? */
export type ProbeKind = 'confirm' | 'status' | 'recover';

export interface Probe {
  readonly region: string;
  readonly kind: ProbeKind;
  readonly timeoutMs: number;
}

export interface ProbeResult {
  readonly kind: ProbeKind;
  readonly isGood: boolean;
  readonly latencyMs: number;
  /** What went wrong. */
  readonly why?: string;
}
