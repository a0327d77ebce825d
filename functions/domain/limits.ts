/**
 * Every bound of the product, its unit last in its name, with the failure that it avoids.
 * `test/functions/domain/limits.test.ts` asserts the relations between them.
 */
import { ACCESS_LIMITS } from './access-limits.ts';
import { CALL_LIMITS } from './call-limits.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  ...CALL_LIMITS,
  ...ACCESS_LIMITS,

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
  vectorFilterSourcesMax: 50,
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
  /** Of one ticket: one page of the services; the newest, since they say how it ended. */
  ticketCommentsMax: 100,
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
  /** DetectPiiEntities takes 100 KB of UTF-8; longer documents go in pieces, cut where a line ends. */
  detectTextBytesMax: 100_000,
  detectCallTimeoutMs: 5000,
  /** Of one pull; each waits for its own answer. */
  detectDocumentsInFlightMax: 8,
  /** So many calls in a row without an answer, and the rest of the invocation does not wait for any. */
  detectFailuresMax: 3,
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
  /** A put of as many as the service takes is ten megabytes: several of those at once, and all calls of a busy process run out of time. */
  vectorWriteItemsMax: 32,
  vectorWritesInFlightMax: 6,
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
  /** A comparison that was left out, because a part could not be read, is tried again after this. */
  uncomparedRetryMs: 60 * 60 * 1000,
  /** How long the vectors of a source that was removed are looked for: marked on one day, deleted on the next, with room. */
  purgeSweepsMs: 4 * 24 * 60 * 60 * 1000,
  /** Of one source, as its record and a handed-over cycle carry them; how many there are in all is counted. */
  failuresListedMax: 50,
  failureTextCharsMax: 300,
  /** A check asks the source a few things; whoever waits for it hears this late that it goes on. */
  sourceCheckMs: 60_000,
  sourceCheckWaitMs: 15_000,
  sourceNameCharsMax: 200,
  sourcesMax: 500,

  /** Texts of one invocation that derivations find in memory; the others are read back. */
  derivedTextCharsMax: 48 * MIB,

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
  /** Of an agent's answer, which carries its content twice; well under what a load balancer takes back from a function. */
  agentAnswerBytesMax: 640 * KIB,
  agentRequestBytesMax: 64 * KIB,
  auditEventsListedMax: 200,
  /** Looked at by who chooses among them; older ones are asked for by their time. */
  auditEventsReadMax: 2000,
  /** In one request: a longer log is verified from a terminal. */
  auditVerifiedRecordsMax: 20_000,
  /** A browser keeps cookies of 4 KiB, name and attributes included. */
  consoleTokenCharsMax: 3500,
  /** As far back as a Region keeps its own measurements; CloudWatch has them for longer. */
  metricsMinutesMax: 360,
  metricsMinutesDefault: 60,
  metricsSeriesMax: 100,
  /** A run ends, whether its measurements could be kept or not. */
  metricsKeepMs: 300,

  // --- the lexical index ---
  /** Chunks of one unit: what an edit derives anew, and a search reads of each term. A unit grows to the second before it is split. */
  lexicalUnitChunksTarget: 512,
  lexicalUnitChunksMax: 768,
  /** From so many units on, units grow first and then become more. */
  lexicalSmallUnitsMax: 8,
  lexicalLargeUnitChunksTarget: 4096,
  lexicalLargeUnitChunksMax: 6144,
  lexicalUnitsMax: 65_536,
  /** Characters of one bucket; what is over comes from texts that were made to be so. */
  lexicalBucketBytesMax: 300 * KIB,
  /** Keys of one batch read: what the service takes. */
  searchGetItemsMax: 100,
  /** Of one search, whatever the corpus: vectors, buckets, directories, documents, chunks and the graph. */
  searchStoreCallsMax: 12,
  searchLexicalCallsMax: 6,
  searchGraphCallsMax: 2,
  /** Of postings that one search reads by their keys: a long question over a large source asks for fewer of its words. */
  searchLexicalBytesMax: 24 * 1024 * KIB,
  searchLexicalHitsMax: 60,
  searchTermsMax: 64,
  searchGraphHitsMax: 20,
  /** How often a search has the names that it keeps of the graph compared with the store, beside its own answer. */
  searchGraphKeptMs: 5000,
  /** What was read longer ago than this stands a little behind. */
  searchStaleMs: 7 * 24 * 60 * 60 * 1000,

  // --- the graph ---
  /** One file; what takes longer is listed as unknown. */
  graphParseMs: 2000,
  /** Deeper nesting than this is not configuration; it would end the stack. */
  graphDepthMax: 200,
  /** Facts of one file continue in part records above this; it leaves room for the part's own fields. */
  graphFactsBytesMax: 320 * KIB,
  graphEdgesPerFileMax: 20_000,
  graphSymbolsPerFileMax: 1000,
  /** Texts that are read together; the files that decide for others are read each time. */
  graphBatchCharsMax: 8 * MIB,
  graphContextCharsMax: 32 * MIB,
  /** Of one repository; what is over is listed as not read. */
  graphUnitCharsMax: 192 * MIB,
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
  /** Ties of one component that one answer shows. */
  graphNeighborsMax: 1000,
  /** Names without a place that one incident answer checks. */
  graphUnplacedMax: 2000,
} as const;
