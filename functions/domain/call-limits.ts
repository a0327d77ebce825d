/** Bounds of calls to services, to the peer and to name servers: part of `limits.ts`, which is where they are read. */

export const CALL_LIMITS = {
  // --- calls ---
  homeConnectTimeoutMs: 1000,
  homeCallTimeoutMs: 5000,
  peerConnectTimeoutMs: 1000,
  peerCallTimeoutMs: 5000,
  ingestAttemptsMax: 2,
  readAttemptsMax: 2,
  sourceCallTimeoutMs: 60_000,
  /** A server that drips one byte a minute is never silent; this ends it all the same. */
  sourceCallTotalTimeoutMs: 300_000,
  gateCallTimeoutMs: 3000,
  /** What a person waits for the peer at most, beside home: connection, call and read-back together. */
  peerBudgetMs: 1000,
  peerBudgetConnectTimeoutMs: 400,
  /** A retry inside the budget would only take its time; the debt is what is tried again. */
  peerBudgetAttemptsMax: 1,
  /** The most that one role gets of another, and how long before its end it is renewed: an outage of STS shorter than that is not seen. */
  peerRoleSessionSeconds: 3600,
  peerRoleRenewMs: 20 * 60 * 1000,
  /** After a renewal that failed, calls go on with what there is and don't wait for STS. */
  peerRoleRetryMs: 30_000,
  breakerFailuresMax: 3,
  breakerProbeDelayMs: 5000,
  /** A resolver in the same VPC answers in a few ms; a client's look-ups have three quarters of its time to connect. */
  dnsTimeoutMs: 300,
  /** AWS gives its Regional names 5 s; below a second every new socket would ask. */
  dnsFreshMinMs: 1000,
  dnsFreshMaxMs: 60_000,
  /** Four times the longest DNS failure of a Regional name that is known; the certificate is checked all the same. */
  dnsLastGoodMs: 12 * 60 * 60 * 1000,
} as const;
