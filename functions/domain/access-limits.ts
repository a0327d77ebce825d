/** Bounds of access and of the audit log: part of `limits.ts`, which is where they are read. */

const KIB = 1024;

export const ACCESS_LIMITS = {
  // --- access ---
  keyNameCharsMax: 80,
  /** As many as one filter of a vector query takes, with room. */
  keySourcesMax: 50,
  keyLifetimeDaysDefault: 90,
  keyLifetimeDaysMax: 366,
  /** A revoked key opens nothing after this, in every Region that holds the revocation. */
  keyKeptMs: 5000,
  /** While the home Region's store can't be read, a key that it vouched for a moment ago goes on opening: people need it then. */
  keyGraceMs: 300_000,
  keysKeptMax: 1000,
  keysListedMax: 1000,
  settingsListedMax: 100,
  workspacesListedMax: 1000,
  workspaceMembersListedMax: 5000,
  /** By one request that deletes a workspace: each is a write to both Regions. */
  workspaceMembersBuriedMax: 1000,
  /** Clocks of an identity provider and of a Region may differ by this. */
  tokenSkewSeconds: 60,
  tokenCharsMax: 8 * KIB,
  tokenGroupsMax: 200,
  /** Base64url of the modulus of a 2048-bit RSA key; shorter ones are not believed. */
  tokenModulusCharsMin: 342,
  tokenKeysMax: 32,
  tokenKeysBytesMax: 128 * KIB,
  tokenKeysCallTimeoutMs: 2000,
  tokenKeysFreshMs: 10 * 60 * 1000,
  /** A provider that is out for longer than this is doubted: from then on only the pinned copy counts. */
  tokenKeysStaleMs: 24 * 60 * 60 * 1000,
  tokenKeysRetryMs: 30_000,
  tokenKeysUnknownIntervalMs: 60_000,
  /** How long a proof of who somebody is can be used: by whoever sees it, too. */
  callerProofSeconds: 300,
  callerIdentityTimeoutMs: 3000,
  reasonCharsMin: 8,
  /** Refusals of one's own account that one function records in this time; others are counted. */
  glassRefusalsRecordedMax: 5,
  glassRefusalsMs: 60_000,
  /** What one request waits longer, so that a fetch beside it ends before the function is frozen. */
  tokenKeysAfterwardsMs: 300,
  /** A drill a week and a failover a year: what is older is found by its id. */
  reportsListedMax: 500,
  surveyVotesListedMax: 200_000,

  // --- the audit log ---
  /** An actor, a target or a detail is a name or a count; what is longer is cut, so that nobody logs a payload. */
  auditTextCharsMax: 300,
  auditDetailsMax: 20,
  /** One link stays far under one record's limit. */
  auditLinkEventsMax: 200,
  auditLinksPerRunMax: 20,
  /** Steps along a numbered log in one run: a table that lost its items catches up over several. */
  auditStepsPerRunMax: 2000,
  /** An event that arrives after this (its Region was down for so long) is never sealed, and `audit verify` says so. */
  auditLookBackDaysMax: 35,
  auditSweepIntervalMs: 60 * 60 * 1000,
  auditSignIntervalMs: 60 * 60 * 1000,
  /** Ten missed runs: an event that is still unsealed then was overlooked, or nobody seals. */
  auditUnsealedAgeMs: 10 * 60 * 1000,
  auditFindingsListedMax: 100,
  signCallTimeoutMs: 3000,
} as const;
