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
  embedTextsMax: 32,
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

  // --- API ---
  queryCharsMax: 1000,
  searchResultsMax: 50,
  searchResultsDefault: 8,
  searchCandidatesMax: 50,
  searchReadsInFlightMax: 32,
} as const;
