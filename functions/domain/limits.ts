/**
 * Every bound of the product, its unit last in its name, with the failure that it avoids.
 * `test/functions/domain/limits.test.ts` asserts the relations between them.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  // --- services (facts: DynamoDB and S3 Vectors developer guides) ---
  /** DynamoDB refuses items over 400 KB; ours stay under 350 KB, so that `owed` and a longer version always fit. */
  recordBytesMax: 350 * KIB,
  dynamoItemBytesMax: 400 * KIB,
  /** A batch read takes 100 keys and 16 MB: at the item limit 25 stay under both. */
  recordGetItemsMax: 25,
  /** Without payloads the service's own limit of a batch read is the only one. */
  digestGetItemsMax: 100,
  vectorPutItemsMax: 500,
  vectorDeleteItemsMax: 500,
  vectorGetKeysMax: 100,
  vectorListItemsMax: 1000,
  vectorBodyBytesMax: 20 * MIB,
  vectorMetadataBytesMax: 40 * KIB,
  vectorFilterableMetadataBytesMax: 2 * KIB,
  vectorKeyCharsMax: 1024,
  vectorQueryTopKMax: 100,
  /** An ALB hands a Lambda at most 1 MiB and takes at most 1 MiB back. */
  albBodyBytesMax: MIB,
  lambdaEnvironmentBytesMax: 4 * KIB,

  // --- documents and chunks ---
  /** A file over this is reported, not read: nobody asks a question whose answer is a 1 MiB file. */
  fileBytesMax: MIB,
  chunkCharsTarget: 1600,
  /** A hard end for one chunk, breadcrumb included: what no structure splits is cut here. */
  chunkCharsMax: 3200,
  /** A document record lists its chunks; this many entries of this size stay under one record's limit. */
  chunksPerDocumentMax: 1400,
  chunkEntryBytesMax: 250,
  pathCharsMax: 1024,
  titleCharsMax: 200,

  // --- the sync cycle ---
  /** Documents that one download brings: bounds what is in memory at once. */
  fetchDocumentsMax: 128,
  fetchBytesMax: 32 * MIB,
  /** Files and folders of one snapshot; a small "tree bomb" names billions by repeating one folder. */
  sourceEntriesMax: 500_000,
  sourceRedirectsMax: 3,
  sourceRetryDelayMs: 500,
  /** A server may ask for more patience than this; the next cycle has it. */
  sourceRetryDelayMaxMs: 20_000,
  /** One answer of a service; a page of a hundred issues with their texts is about 2 MiB. */
  sourceAnswerBytesMax: 16 * MIB,
  /** Pages of one walk: a service that always has a next page ends here. */
  sourcePagesMax: 20_000,
  sourceReadsInFlightMax: 4,
  /** A source's clock may differ: only its own times are used. Beyond this a person hears of it. */
  sourceSkewMs: 5 * 60 * 1000,
  /** Parts (repositories, drives) of one source. */
  sourcePartsMax: 500,
  /** Documents that a cursor remembers as failed; more than these is a source in trouble, not a poisoned document. */
  failuresKeptMax: 200,
  /** So many in a row, and it is the source that fails, not its documents. */
  failuresInRowMax: 5,
  failureRetryMinMs: 5 * 60 * 1000,
  failureRetryMaxMs: 24 * 60 * 60 * 1000,
  secretKeptMs: 5 * 60 * 1000,
  /** Before its end a token is replaced, so that no request carries one that ends on the way. */
  tokenMarginMs: 2 * 60 * 1000,
  /** Text from office files and PDF: what one file may cost. */
  extractTimeoutMs: 20_000,
  extractInputBytesMax: 32 * MIB,
  /** A small archive may unpack to gigabytes. */
  extractExpandedBytesMax: 128 * MIB,
  extractHeapBytesMax: 512 * MIB,
  extractTextCharsMax: MIB,
  treeDepthMax: 2048,
  /** One folder's own listing; a million names in one folder are about 40 MiB. */
  treeBytesMax: 64 * MIB,
  /** A 1 MiB download may unpack to 1 GiB: what is larger than this is not even read past. */
  skipBytesMax: 512 * MIB,
  /** Contents kept while deltas are applied: without it a chain of n deltas costs n² inflations. */
  deltaCacheBytesMax: 16 * MIB,
  /** More unreadable files than this are not a damaged disk but a repository without contents. */
  unreadableMax: 100,
  /** Trees of one commit: the listing of half a million files is about 30 MiB. */
  treePackBytesMax: 256 * MIB,
  /** Fewer deletions than these are never held for a person. */
  pruneDocumentsMax: 50,
  prunePercentMax: 20,
  embedTextsMax: 32,
  /** Titan Text Embeddings V2 takes this many characters, and 8,192 tokens: what is over is cut, and cut again where tokens are short. */
  embedTextCharsMax: 50_000,
  embedCutsMax: 6,
  /** One text a call: so many calls of one function are under way, fewer while the model throttles. */
  embedCallsInFlightMax: 16,
  embedAttemptsMax: 3,
  embedConnectTimeoutMs: 1000,
  embedCallTimeoutMs: 10_000,
  /** How long a cycle goes on asking a model that throttles everybody; the next run starts over. */
  embedPatienceMs: 30_000,
  /** A person waits: after this the search says that it can't be answered. */
  embedQueryCallTimeoutMs: 3000,
  embedQueryPatienceMs: 4000,
  /** One for each socket of a client; more would only queue. */
  recordWritesInFlightMax: 64,
  /** Small batches, several at once: reading, embedding and both Regions' writes overlap. */
  batchDocumentsMax: 16,
  batchCharsMax: 256 * KIB,
  batchesInFlightMax: 6,
  /** Kept free at the end of an invocation, so that the cycle commits or hands over before Lambda ends it. */
  handoverMarginMs: 60_000,
  syncTimeoutSeconds: 900,
  fullCycleIntervalMs: 24 * 60 * 60 * 1000,
  /** After this, no invocation that was running at a claim can still be writing. */
  overlapMs: 960_000,
  /** A run that is older is not resumed: its id names vectors, and an orphan of that name may have been swept since. */
  runAgeMaxMs: 6 * 60 * 60 * 1000,
  /** From the first sight of an orphan vector to its end: no run that could still list it, and no late call, lives so long. */
  orphanAgeMs: 24 * 60 * 60 * 1000,
  /** Of one source at once; what is over waits for the next day. */
  orphanMarksMax: 50_000,
  orphanBatchItemsMax: 100,
  /** As many as a listing can be split into; a sweep that runs out of time goes on with the next one. */
  sweepSegmentsMax: 16,
  sweepIntervalMs: 24 * 60 * 60 * 1000,

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

  // --- interactive writes and debts ---
  /** A change that took longer has met a slow peer: its audit event is owed, not waited for. */
  auditInlineMsMax: 250,
  /** Clocks beyond a higher version that one write tries, before it says that it could not get through. */
  interactiveAttemptsMax: 8,
  /** How long an `Idempotency-Key` is remembered. */
  operationKeptSeconds: 7 * 24 * 60 * 60,
  drainInFlightMax: 64,
  /** One batch read; with the shards at once it fills the sockets of a client, and no more. */
  drainPageItemsMax: 25,
  drainShardsAtOnceMax: 3,
  /** Half of what a fresh on-demand table takes at once, so that a drain never throttles the writes of people. */
  drainItemsPerSecondMax: 2000,
  /** What one request waits longer, when its write has shown that the peer answers again. */
  drainAfterProbeMs: 500,
  /** How often a drain asks again a peer that does not answer, and for how long: until the next minute's drain begins. */
  drainRetryDelayMs: 5000,
  drainPatienceMs: 50_000,
  /** Kept free at the end of a drain, for the page that is under way. */
  drainMarginMs: 20_000,
  settlePassesMax: 3,
  transferAttemptsMax: 3,
  /** Debts that a status counts one by one; above it says "at least". */
  owedCountMax: 10_000,

  // --- proof, catch-up and repair ---
  /** A tombstone outlives every write that can still arrive: 15 minutes of a function, its calls, and all skew. */
  tombstoneKeptMs: 7 * 24 * 60 * 60 * 1000,
  /** Between leaving the digests and being collected: a peer whose clock is behind has left them too by then. */
  tombstoneMarginMs: 60 * 60 * 1000,
  /** What two Regions prove is named by one of these; both take the same watermark from it. */
  proofSlotMs: 5 * 60 * 1000,
  comparisonIntervalMs: 60 * 60 * 1000,
  /** A daily comparison recomputes every hash from the stored bytes. */
  deepComparisonIntervalMs: 24 * 60 * 60 * 1000,
  /** A proof that the peer has not answered after this is given up for a new one. */
  proofAnswerMs: 15 * 60 * 1000,
  /** Half of the vector index's write limits: the other half stays with sync cycles. */
  vectorsPerSecondMax: 2500,
  vectorRequestsPerSecondMax: 1000,
  repairVectorsPerSecondMax: 1250,
  repairVectorRequestsPerSecondMax: 500,
  repairInFlightMax: 32,
  /** Debts that stay longer while the peer answers are not in flight: the Regions are apart. */
  owedLagMs: 15 * 60 * 1000,
  /** Pages of up to 1 MB that one run reads for tombstones, and how long it rests after a pass over all tables. */
  collectPagesMax: 64,
  collectIntervalMs: 6 * 60 * 60 * 1000,
  repairMarginMs: 30_000,

  // --- API ---
  queryCharsMax: 1000,
  searchResultsMax: 50,
  searchResultsDefault: 8,
  searchCandidatesMax: 50,
  searchReadsInFlightMax: 32,
  /** Of a request: a setting, a vote or a key is a few lines. */
  requestBodyBytesMax: 16 * KIB,
  idempotencyKeyCharsMax: 128,
  auditEventsListedMax: 200,

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

  // --- the graph ---
  /** One file; what takes longer is listed as unknown. */
  graphParseMs: 2000,
  /** Deeper nesting than this is not configuration; it would end the stack. */
  graphDepthMax: 200,
  /** Facts of one file continue in part records above this; it leaves room for the part's own fields. */
  graphFactsBytesMax: 320 * KIB,
  graphEdgesPerFileMax: 20_000,
  graphSymbolsPerFileMax: 1000,
  /** An expression that stopped an evaluation, as it is shown. */
  graphExpressionCharsMax: 200,
  /** Modules within modules, and instances that `for_each` makes of one. */
  graphModuleDepthMax: 12,
  graphInstancesMax: 100,
  graphResourcesMax: 20_000,
  /** Nodes that one answer may reach; what lies beyond is said to be cut. */
  graphReachMax: 20_000,
  /** Ids come from files; a name that is longer is no name. */
  graphIdCharsMax: 600,
  graphHopsMax: 64,
  /** Names without a place that one incident answer checks. */
  graphUnplacedMax: 2000,
} as const;
