/**
 * Every threshold of the decision, its unit last in its name, with the failure that it avoids. The values are those of the
 * simulator's healthy cases (no false trip); all of them may be set in the router's config.
 */

export interface PolicySettings {
  /** A run of failures this long opens the breaker. */
  readonly consecutiveFailuresMax: number;
  /** Within the window, this share of failures (with enough samples) opens it: a Region that answers every other request. */
  readonly failureShareMax: number;
  readonly failureSamplesMin: number;
  readonly failureWindowMs: number;
  /** Hedge wins in a row over this span, with the first Region silent, open it: otherwise the wins hide the failures. */
  readonly hedgeLossesMax: number;
  readonly hedgeLossSpanMs: number;
  /** Silence: this many requests out and no answer for max(floor, factor × usual gap between answers). Confirmed by probes. */
  readonly silentRequestsMin: number;
  readonly silenceMinMs: number;
  readonly silenceGapFactor: number;
  /** A confirming probe may take max(floor, factor × usual probe latency). */
  readonly confirmTimeoutMinMs: number;
  readonly confirmLatencyFactor: number;
  readonly hedgeDelayMinMs: number;
  readonly hedgeDelayMaxMs: number;
  readonly hedgeLatencyFactor: number;
  /** Tokens for hedges: gained per request, held at the start, held at most. A hedge costs one. */
  readonly budgetPerRequest: number;
  readonly budgetAtStart: number;
  readonly budgetMax: number;
  readonly attemptTimeoutMs: number;
  readonly deadlineMs: number;
  /** How often a Region is asked for its status, and how long it may take. */
  readonly statusIntervalMs: number;
  readonly probeTimeoutMs: number;
  /** Half-open by probe, never by a user's request: how the wait between bad ones grows. */
  readonly recoveryGapMs: number;
  readonly recoveryDelayMinMs: number;
  readonly recoveryDelayMaxMs: number;
  /** After a recovery the fallback stays in use this long, so that a flapping Region does not drag its users to and fro. */
  readonly failbackDelayMs: number;
}

export const POLICY_DEFAULTS: PolicySettings = {
  consecutiveFailuresMax: 5,
  failureShareMax: 0.5,
  failureSamplesMin: 20,
  failureWindowMs: 10_000,
  hedgeLossesMax: 5,
  hedgeLossSpanMs: 300,
  silentRequestsMin: 3,
  silenceMinMs: 100,
  silenceGapFactor: 10,
  confirmTimeoutMinMs: 75,
  confirmLatencyFactor: 3,
  hedgeDelayMinMs: 30,
  hedgeDelayMaxMs: 500,
  hedgeLatencyFactor: 3,
  budgetPerRequest: 0.2,
  budgetAtStart: 10,
  budgetMax: 100,
  attemptTimeoutMs: 5000,
  deadlineMs: 30_000,
  statusIntervalMs: 5000,
  probeTimeoutMs: 2000,
  recoveryGapMs: 250,
  recoveryDelayMinMs: 1000,
  recoveryDelayMaxMs: 30_000,
  failbackDelayMs: 0,
};
