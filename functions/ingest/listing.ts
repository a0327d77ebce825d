/**
 * What the Regions hold of one source, read for a full cycle: every document record and every chunk digest. Only what counts
 * as held (`held.ts`) is left alone; everything else is written again.
 */
import {
  chunkPartitions,
  type DocumentPayload,
  documentPrefix,
  parseChunkKey,
  parseDocumentPayload,
  sourceDocumentsPartition,
} from '../domain/corpus.ts';
import { done, type Failure, type Result } from '../domain/failure.ts';
import type { RecordDigest } from '../domain/record.ts';
import type { Side } from '../domain/region.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import { type HeldPair, isLive, type Judge } from './held.ts';

export interface KnownDocument extends HeldPair {
  /** The home record's payload, where it is live and can be read. */
  readonly payload: DocumentPayload | undefined;
}

export interface Listing {
  readonly documents: ReadonlyMap<string, KnownDocument>;
  /** By document, then by chunk id. */
  readonly chunks: ReadonlyMap<string, ReadonlyMap<string, HeldPair>>;
}

export type ListingOutcome =
  | { readonly kind: 'listed'; readonly listing: Listing }
  | { readonly kind: 'failed'; readonly side: Side; readonly failure: Failure };

const documentsOf = async (records: RecordStore, sourceId: string): Promise<Result<readonly StoredRecord[]>> =>
  readAllPages((after) =>
    records.query(sourceDocumentsPartition(sourceId), {
      skPrefix: documentPrefix,
      ...pageAfter(after),
    }),
  );

const documentDigestsOf = async (records: RecordStore, sourceId: string): Promise<Result<readonly RecordDigest[]>> =>
  readAllPages((after) =>
    records.queryDigests(sourceDocumentsPartition(sourceId), {
      skPrefix: documentPrefix,
      ...pageAfter(after),
    }),
  );

const chunkDigestsOf = async (records: RecordStore, sourceId: string): Promise<Result<readonly RecordDigest[]>> => {
  const partitions = await Promise.all(
    chunkPartitions(sourceId).map(async (pk) => readAllPages((after) => records.queryDigests(pk, pageAfter(after)))),
  );
  const digests: RecordDigest[] = [];
  for (const partition of partitions) {
    if (partition.kind === 'failed') {
      return partition;
    }
    digests.push(...partition.value);
  }
  return done(digests);
};

/** Without the payload, and without what belongs to one Region's item alone. */
export const digestOf = (record: StoredRecord): RecordDigest => {
  const { data: _data, op: _op, f: _f, ...digest } = record;
  return digest;
};

const joinDocuments = (
  judge: Judge,
  home: readonly StoredRecord[],
  peer: readonly RecordDigest[],
): Map<string, KnownDocument> => {
  const peerBySk = new Map(peer.map((digest) => [digest.sk, digest]));
  const documents = new Map<string, KnownDocument>();
  for (const record of home) {
    const payload = isLive(record) ? parseDocumentPayload(record.data) : undefined;
    const pair = judge.pairOf(digestOf(record), peerBySk.get(record.sk));
    documents.set(record.sk.slice(documentPrefix.length), { ...pair, payload });
    peerBySk.delete(record.sk);
  }
  for (const [sk, digest] of peerBySk) {
    documents.set(sk.slice(documentPrefix.length), { ...judge.pairOf(undefined, digest), payload: undefined });
  }
  return documents;
};

const joinChunks = (
  judge: Judge,
  home: readonly RecordDigest[],
  peer: readonly RecordDigest[],
): Map<string, Map<string, HeldPair>> => {
  const chunks = new Map<string, Map<string, HeldPair>>();
  const add = (digest: RecordDigest, pair: HeldPair): void => {
    const { documentId, chunkId } = parseChunkKey(digest.sk);
    const ofDocument = chunks.get(documentId) ?? new Map<string, HeldPair>();
    chunks.set(documentId, ofDocument);
    ofDocument.set(chunkId, pair);
  };
  const peerByKey = new Map(peer.map((digest) => [digest.sk, digest]));
  for (const digest of home) {
    add(digest, judge.pairOf(digest, peerByKey.get(digest.sk)));
    peerByKey.delete(digest.sk);
  }
  for (const digest of peerByKey.values()) {
    add(digest, judge.pairOf(undefined, digest));
  }
  return chunks;
};

type Read<T> = Result<readonly T[]> | undefined;

const valueOf = <T>(read: Read<T>): readonly T[] => (read?.kind === 'done' ? read.value : []);

/** The first that failed, the peer's before home's: a report names the Region that a person has to look at. */
const failedRead = (
  peer: readonly Read<unknown>[],
  home: readonly Read<unknown>[],
): Extract<ListingOutcome, { kind: 'failed' }> | undefined => {
  for (const [side, reads] of [
    ['peer', peer],
    ['home', home],
  ] as const) {
    const failed = reads.find((read) => read?.kind === 'failed');
    if (failed?.kind === 'failed') {
      return { kind: 'failed', side, failure: failed.failure };
    }
  }
  return undefined;
};

/** Lists a source in every judged Region at once. */
export const listSource = async (judge: Judge, sourceId: string): Promise<ListingOutcome> => {
  const { home, peer } = judge.regions;
  const [homeDocuments, homeChunks, peerDocuments, peerChunks] = await Promise.all([
    documentsOf(home.tables.graph, sourceId),
    chunkDigestsOf(home.tables.graph, sourceId),
    peer === undefined ? undefined : documentDigestsOf(peer.tables.graph, sourceId),
    peer === undefined ? undefined : chunkDigestsOf(peer.tables.graph, sourceId),
  ]);
  return (
    failedRead([peerDocuments, peerChunks], [homeDocuments, homeChunks]) ?? {
      kind: 'listed',
      listing: {
        documents: joinDocuments(judge, valueOf(homeDocuments), valueOf(peerDocuments)),
        chunks: joinChunks(judge, valueOf(homeChunks), valueOf(peerChunks)),
      },
    }
  );
};

export type DocumentsOutcome =
  | { readonly kind: 'listed'; readonly documents: ReadonlyMap<string, KnownDocument> }
  | Extract<ListingOutcome, { kind: 'failed' }>;

/** The document records alone. */
export const listDocuments = async (judge: Judge, sourceId: string): Promise<DocumentsOutcome> => {
  const { home, peer } = judge.regions;
  const [homeDocuments, peerDocuments] = await Promise.all([
    documentsOf(home.tables.graph, sourceId),
    peer === undefined ? undefined : documentDigestsOf(peer.tables.graph, sourceId),
  ]);
  return (
    failedRead([peerDocuments], [homeDocuments]) ?? {
      kind: 'listed',
      documents: joinDocuments(judge, valueOf(homeDocuments), valueOf(peerDocuments)),
    }
  );
};
