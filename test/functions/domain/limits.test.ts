/** The bounds fit together: what one of them lets through, the next one takes. The largest documents are built and measured. */
import { describe, expect, it } from 'vitest';

import {
  chunkKey,
  type ChunkPayload,
  documentId,
  documentKey,
  type DocumentPayload,
  sourceKey,
  type SourcePayload,
} from '../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { ReplicatedRecord } from '../../../functions/domain/record.ts';
import { encodeFence, ingestVersion } from '../../../functions/domain/version.ts';
import { canonicalText, makeRecord, sha256Hex } from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import { regionNamed } from '../stores/region-named.ts';

const {
  recordBytesMax,
  dynamoItemBytesMax,
  chunksPerDocumentMax,
  chunkEntryBytesMax,
  chunkCharsTarget,
  chunkCharsMax,
  fileBytesMax,
  fetchBytesMax,
  fetchDocumentsMax,
  handoverMarginMs,
} = LIMITS;

const KIB = 1024;
const SECOND_MS = 1000;
const syncTimeoutMs = LIMITS.syncTimeoutSeconds * SECOND_MS;

/** One write at its slowest: in both Regions, the write itself and the read that tells what became of it. */
const slowestWriteMs = 2 * (LIMITS.homeCallTimeoutMs + LIMITS.peerCallTimeoutMs);

const AT_MOST: readonly (readonly [string, number, number])[] = [
  [
    'the chunks that a document lists, and 4 KiB beside them, are one record',
    chunksPerDocumentMax * chunkEntryBytesMax + 4 * KIB,
    recordBytesMax,
  ],
  [
    'a record leaves room in an item for its keys, its version and a debt',
    recordBytesMax + 4 * KIB,
    dynamoItemBytesMax,
  ],
  [
    'the chunks of the largest file, all of them small, are listed',
    fileBytesMax / (chunkCharsTarget / 2) + 1,
    chunksPerDocumentMax,
  ],
  ['a chunk of the target size is not over the hard end', chunkCharsTarget, chunkCharsMax],
  ['one file is one download', fileBytesMax, fetchBytesMax],
  [
    'a run ends, with a call that is half a day late, before an orphan that it could list is swept',
    LIMITS.runAgeMaxMs + syncTimeoutMs + 12 * 3600 * SECOND_MS,
    LIMITS.orphanAgeMs,
  ],
  ['a batch of orphans is one delete', LIMITS.orphanBatchItemsMax, LIMITS.vectorDeleteItemsMax],
  ['one download has room for a full batch of ordinary files', fetchDocumentsMax * 100 * KIB, fetchBytesMax],
  ['the candidates of a search are one query', LIMITS.searchCandidatesMax, LIMITS.vectorQueryTopKMax],
  ['the results of a search are among its candidates', LIMITS.searchResultsMax, LIMITS.searchCandidatesMax],
  ['who asks for no number gets an allowed one', LIMITS.searchResultsDefault, LIMITS.searchResultsMax],
  ['a batch to embed fits one put of vectors', LIMITS.embedTextsMax, LIMITS.vectorWriteItemsMax],
  ['a put of vectors of a cycle is one that the service takes', LIMITS.vectorWriteItemsMax, LIMITS.vectorPutItemsMax],
  [
    'a connection at home is given up before its call',
    LIMITS.homeConnectTimeoutMs,
    LIMITS.homeCallTimeoutMs - SECOND_MS,
  ],
  [
    'a connection to the peer is given up before its call',
    LIMITS.peerConnectTimeoutMs,
    LIMITS.peerCallTimeoutMs - SECOND_MS,
  ],
  ['the margin for handing over is a small part of a run', handoverMarginMs, syncTimeoutMs / 10],
  [
    'a commit at its slowest, and the message behind it, fit the margin',
    slowestWriteMs + LIMITS.homeCallTimeoutMs,
    handoverMarginMs,
  ],
  [
    'all attempts, if each took a whole call, fit the margin too',
    LIMITS.ingestAttemptsMax * slowestWriteMs,
    handoverMarginMs,
  ],
  ['the gate is read and kept long before a run would hand over', 4 * LIMITS.gateCallTimeoutMs, handoverMarginMs],
  ['a run is within what Lambda allows', LIMITS.syncTimeoutSeconds, 15 * 60],
  ['several runs fit between two full cycles', 4 * syncTimeoutMs, LIMITS.fullCycleIntervalMs],
  [
    'filterable metadata is a part of the metadata',
    LIMITS.vectorFilterableMetadataBytesMax,
    LIMITS.vectorMetadataBytesMax,
  ],
  ['a question is smaller than a request', 4 * LIMITS.queryCharsMax, LIMITS.albBodyBytesMax],
  ['a chunk is embedded whole', LIMITS.chunkCharsMax + LIMITS.pathCharsMax, LIMITS.embedTextCharsMax],
  [
    'a model that throttles is given up, call included, within the margin for handing over',
    LIMITS.embedPatienceMs + LIMITS.embedCallTimeoutMs,
    LIMITS.handoverMarginMs,
  ],
  [
    'a question is given up by the embedder before the request is',
    LIMITS.embedAttemptsMax * LIMITS.embedQueryCallTimeoutMs + LIMITS.embedQueryPatienceMs,
    20_000,
  ],
];

describe('LIMITS', () => {
  it.each(AT_MOST)('%s: %d is at most %d', (_relation, part, whole) => {
    expect(part).toBeLessThanOrEqual(whole);
  });

  it('are positive whole numbers', () => {
    expect(Object.values(LIMITS).filter((limit) => !Number.isSafeInteger(limit) || limit < 1)).toEqual([]);
  });
});

/** As long as the stack's settings, the origin and the splitter let them become. */
const SOURCE_ID = 's'.repeat(63);
const RUN = 'Z'.repeat(26);
const DOCUMENT_ID = documentId(SOURCE_ID, sha256Hex('x'));
const FENCE = encodeFence({ epoch: 99_999_999, region: regionNamed('ap-southeast-10'), run: 999_999_999, op: RUN });
const WRITE = { v: ingestVersion(FENCE, 999_999_999), op: RUN };
/** A control character is the longest in canonical JSON: six bytes for one. */
const WIDE = '\u0001';

const entry = (): DocumentPayload['chunks'][number] => {
  const c = sha256Hex('chunk').slice(0, 32);
  const metadata = { src: SOURCE_ID, doc: DOCUMENT_ID, chunk: c };
  return { c, k: makeVector(Float32Array.of(1), metadata, RUN).key, l: [fileBytesMax, fileBytesMax] };
};

const itemBytes = (record: ReplicatedRecord): number =>
  Object.entries({ ...record, f: FENCE, owed: 'ap-southeast-10', owedShard: 'ap-southeast-10#15' }).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(String(value)),
    0,
  );

describe('the largest', () => {
  it('document record is one item', () => {
    const payload: DocumentPayload = {
      id: DOCUMENT_ID,
      src: SOURCE_ID,
      path: WIDE.repeat(LIMITS.pathCharsMax),
      rev: sha256Hex('rev'),
      index: 'i'.repeat(100),
      kind: 'decision',
      title: WIDE.repeat(LIMITS.titleCharsMax),
      status: 'superseded',
      language: 'typescript',
      chars: fileBytesMax,
      chunks: Array.from({ length: chunksPerDocumentMax }, () => entry()),
    };
    const record = makeRecord(documentKey(SOURCE_ID, DOCUMENT_ID), WRITE, payload);
    expect(itemBytes(record)).toBeLessThan(dynamoItemBytesMax);
    expect(Buffer.byteLength(record.data)).toBeGreaterThan(recordBytesMax * 0.9);
  });

  it('chunk record is a small part of an item', () => {
    const wide = WIDE.repeat(chunkCharsMax);
    const payload: ChunkPayload = { doc: DOCUMENT_ID, src: SOURCE_ID, breadcrumb: wide, heading: wide, text: wide };
    const record = makeRecord(chunkKey(SOURCE_ID, DOCUMENT_ID, 'c'.repeat(32)), WRITE, payload);
    expect(itemBytes(record)).toBeLessThan(dynamoItemBytesMax / 4);
  });

  it('source record is a small part of an item', () => {
    const payload: SourcePayload = {
      id: SOURCE_ID,
      kind: 'git',
      name: WIDE.repeat(200),
      url: `https://git.example/${'p'.repeat(2000)}`,
      snapshot: sha256Hex('snapshot'),
      cursor: { snapshot: sha256Hex('snapshot'), pin: sha256Hex('pin'), after: WIDE.repeat(LIMITS.pathCharsMax) },
      counts: { documents: 500_000, chunks: 500_000_000, skipped: 500_000 },
      lastFullAt: 1_760_000_000_000,
      index: 'i'.repeat(100),
      cycle: { op: RUN, epoch: 99_999_999, region: 'r', finishedAt: 1, changed: 1, deleted: 1 },
    };
    expect(itemBytes(makeRecord(sourceKey(SOURCE_ID), WRITE, payload))).toBeLessThan(dynamoItemBytesMax / 4);
  });

  it('keys fit where they are stored', () => {
    const { k } = entry();
    expect(k.length).toBeLessThanOrEqual(LIMITS.vectorKeyCharsMax);
    // DynamoDB: 2048 bytes for a partition key, 1024 for a sort key, which a version is in the index of debts.
    const { pk, sk } = chunkKey(SOURCE_ID, DOCUMENT_ID, 'c'.repeat(32));
    expect([pk.length <= 2048, sk.length <= 1024, WRITE.v.length <= 1024]).toEqual([true, true, true]);
  });

  it('metadata of a vector fits what may be filtered by', () => {
    const metadata = { src: SOURCE_ID, doc: DOCUMENT_ID, chunk: 'c'.repeat(32), h: sha256Hex('') };
    expect(canonicalText(metadata).length).toBeLessThan(LIMITS.vectorFilterableMetadataBytesMax / 4);
  });

  it('put of vectors is one request, up to 1,536 numbers each', () => {
    // The longest text of a float32 in JSON.
    const data = Array.from({ length: 1536 }, () => -1.175_494_350_822_287_5e-38);
    const { k: key } = entry();
    const metadata = { src: SOURCE_ID, doc: DOCUMENT_ID, chunk: 'c'.repeat(32), h: sha256Hex('') };
    const vector = JSON.stringify({ key, data: { float32: data }, metadata });
    expect(vector.length * LIMITS.vectorPutItemsMax).toBeLessThan(LIMITS.vectorBodyBytesMax);
  });
});
