/**
 * What both Regions hold of one source, read for a full cycle: every document record and every chunk digest. Only what is
 * equal in all declared Regions counts as held; everything else is written again.
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
import type { RegionPair } from '../dual-write/regions.ts';
import type { Page, RecordStore, StoredRecord } from '../stores/record-store.ts';

/** One key as the Regions hold it. */
export interface HeldPair {
  readonly home: RecordDigest | undefined;
  /** Equals `home` in a single-Region install. */
  readonly peer: RecordDigest | undefined;
}

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

export const isLive = (digest: RecordDigest | undefined): boolean => digest !== undefined && digest.del !== true;

/** Held by every declared Region in the same version with the same bytes, and not owed to anybody. */
export const isEqual = ({ home, peer }: HeldPair): boolean =>
  home !== undefined &&
  peer !== undefined &&
  home.v === peer.v &&
  home.h === peer.h &&
  home.del === peer.del &&
  home.owed === undefined &&
  peer.owed === undefined;

/** Reads all pages of one partition. */
export const readAllPages = async <T>(
  read: (after: string | undefined) => Promise<Result<Page<T>>>,
): Promise<Result<readonly T[]>> => {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const page = await read(after);
    if (page.kind === 'failed') {
      return page;
    }
    items.push(...page.value.items);
    after = page.value.next;
  } while (after !== undefined);
  return done(items);
};

const documentsOf = async (records: RecordStore, sourceId: string): Promise<Result<readonly StoredRecord[]>> =>
  readAllPages((after) =>
    records.query(sourceDocumentsPartition(sourceId), {
      skPrefix: documentPrefix,
      ...(after === undefined ? {} : { after }),
    }),
  );

const documentDigestsOf = async (records: RecordStore, sourceId: string): Promise<Result<readonly RecordDigest[]>> =>
  readAllPages((after) =>
    records.queryDigests(sourceDocumentsPartition(sourceId), {
      skPrefix: documentPrefix,
      ...(after === undefined ? {} : { after }),
    }),
  );

const chunkDigestsOf = async (records: RecordStore, sourceId: string): Promise<Result<readonly RecordDigest[]>> => {
  const partitions = await Promise.all(
    chunkPartitions(sourceId).map(async (pk) =>
      readAllPages((after) => records.queryDigests(pk, after === undefined ? {} : { after })),
    ),
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

const joinDocuments = (
  home: readonly StoredRecord[],
  peer: readonly RecordDigest[] | undefined,
): Map<string, KnownDocument> => {
  const peerBySk = new Map((peer ?? home).map((digest) => [digest.sk, digest]));
  const documents = new Map<string, KnownDocument>();
  for (const record of home) {
    const { data, op: _op, f: _f, ...digest } = record;
    const payload = isLive(digest) ? parseDocumentPayload(data) : undefined;
    documents.set(record.sk.slice(documentPrefix.length), { home: digest, peer: peerBySk.get(record.sk), payload });
    peerBySk.delete(record.sk);
  }
  for (const [sk, digest] of peerBySk) {
    documents.set(sk.slice(documentPrefix.length), { home: undefined, peer: digest, payload: undefined });
  }
  return documents;
};

const joinChunks = (
  home: readonly RecordDigest[],
  peer: readonly RecordDigest[] | undefined,
): Map<string, Map<string, HeldPair>> => {
  const chunks = new Map<string, Map<string, HeldPair>>();
  const add = (digest: RecordDigest, side: Partial<HeldPair>): void => {
    const { documentId, chunkId } = parseChunkKey(digest.sk);
    const ofDocument = chunks.get(documentId) ?? new Map<string, HeldPair>();
    chunks.set(documentId, ofDocument);
    ofDocument.set(chunkId, { home: undefined, peer: undefined, ...ofDocument.get(chunkId), ...side });
  };
  for (const digest of home) {
    add(digest, peer === undefined ? { home: digest, peer: digest } : { home: digest });
  }
  for (const digest of peer ?? []) {
    add(digest, { peer: digest });
  }
  return chunks;
};

const valueOf = <T>(read: Result<readonly T[]> | undefined): readonly T[] | undefined =>
  read?.kind === 'done' ? read.value : undefined;

/** Lists a source in every declared Region at once. */
export const listSource = async (regions: RegionPair, sourceId: string): Promise<ListingOutcome> => {
  const { home, peer } = regions;
  const [homeDocuments, homeChunks, peerDocuments, peerChunks] = await Promise.all([
    documentsOf(home.tables.graph, sourceId),
    chunkDigestsOf(home.tables.graph, sourceId),
    peer === undefined ? undefined : documentDigestsOf(peer.tables.graph, sourceId),
    peer === undefined ? undefined : chunkDigestsOf(peer.tables.graph, sourceId),
  ]);
  for (const read of [peerDocuments, peerChunks]) {
    if (read?.kind === 'failed') {
      return { kind: 'failed', side: 'peer', failure: read.failure };
    }
  }
  for (const read of [homeDocuments, homeChunks]) {
    if (read.kind === 'failed') {
      return { kind: 'failed', side: 'home', failure: read.failure };
    }
  }
  return {
    kind: 'listed',
    listing: {
      documents: joinDocuments(valueOf(homeDocuments) ?? [], valueOf(peerDocuments)),
      chunks: joinChunks(valueOf(homeChunks) ?? [], valueOf(peerChunks)),
    },
  };
};
