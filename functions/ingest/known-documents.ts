/**
 * What a cycle knows of the documents that are stored. In a full cycle everything was listed; in an incremental one the
 * few documents that changed are read when they are met, in every judged Region. Both answer the same questions.
 */
import { documentKey, type DocumentPayload, parseDocumentPayload } from '../domain/corpus.ts';
import { isMutant } from '../domain/mutants.ts';
import type { SideFailure } from '../dual-write/outcome.ts';
import type { StoredRecord } from '../stores/record-store.ts';
import { type HeldPair, isDeadEverywhere, isEqual, isLive, type Judge } from './held.ts';
import { digestOf, type KnownDocument, type Listing } from './listing.ts';

export interface KnownDocuments {
  /** Reads what is not known yet; answers with the side that failed. */
  load(ids: readonly string[]): Promise<SideFailure | undefined>;
  get(id: string): KnownDocument | undefined;
  /** Held, made by this index, from this revision: nothing to do. */
  isCurrent(id: string, rev: string): boolean;
  /** The vector key under which a held record lists this chunk; undefined where it must be put again. */
  reusableVector(id: string, chunkId: string): string | undefined;
  /** Chunk records of a document that are not in `wanted` and must become tombstones. */
  staleChunks(id: string, wanted: ReadonlySet<string>): readonly string[];
  forget(id: string): void;
}

const payloadIsCurrent = (known: KnownDocument | undefined, rev: string, index: string): boolean =>
  known?.payload !== undefined &&
  isEqual(known) &&
  known.payload.rev === rev &&
  known.payload.index === index &&
  // What could not be read is tried again: the damage may have been the server's.
  known.payload.skipped !== 'unreadable';

const listedVector = (known: KnownDocument | undefined, chunkId: string, index: string): string | undefined =>
  // Judged by every Region's own record: what only home lists is new for the peer.
  known?.payload !== undefined && (isMutant('new-vector-at-home') || isEqual(known)) && known.payload.index === index
    ? known.payload.chunks.find(({ c }) => c === chunkId)?.k
    : undefined;

/** After a full listing: everything is known, nothing is read. */
export const knownFromListing = (listing: Listing, index: string): KnownDocuments => {
  const chunkHeld = (id: string, chunkId: string): boolean => {
    const pair = listing.chunks.get(id)?.get(chunkId);
    return pair !== undefined && isEqual(pair) && isLive(pair.home);
  };
  return {
    load: async () => undefined,
    get: (id) => listing.documents.get(id),
    isCurrent: (id, rev) => {
      const known = listing.documents.get(id);
      return (
        payloadIsCurrent(known, rev, index) && (known?.payload?.chunks.every(({ c }) => chunkHeld(id, c)) ?? false)
      );
    },
    reusableVector: (id, chunkId) =>
      isMutant('new-vector-at-home') || chunkHeld(id, chunkId)
        ? listedVector(listing.documents.get(id), chunkId, index)
        : undefined,
    staleChunks: (id, wanted) => {
      const stale = (entry: readonly [string, HeldPair]): boolean =>
        !wanted.has(entry[0]) && !isDeadEverywhere(entry[1]);
      return [...(listing.chunks.get(id) ?? [])].filter((entry) => stale(entry)).map(([chunkId]) => chunkId);
    },
    forget: () => undefined,
  };
};

interface LoadedDocument extends KnownDocument {
  /** Chunk ids that either Region's record lists. */
  readonly listed: ReadonlySet<string>;
}

const payloadOf = (record: StoredRecord | undefined): DocumentPayload | undefined =>
  record === undefined || record.del === true ? undefined : parseDocumentPayload(record.data);

const loadOne = async (
  judge: Judge,
  sourceId: string,
  id: string,
): Promise<
  { readonly kind: 'loaded'; readonly document: LoadedDocument } | ({ readonly kind: 'failed' } & SideFailure)
> => {
  const { regions } = judge;
  const key = documentKey(sourceId, id);
  const [home, peer] = await Promise.all([regions.home.tables.graph.get(key), regions.peer?.tables.graph.get(key)]);
  if (peer?.kind === 'failed') {
    return { kind: 'failed', side: 'peer', failure: peer.failure };
  }
  if (home.kind === 'failed') {
    return { kind: 'failed', side: 'home', failure: home.failure };
  }
  const payload = payloadOf(home.value);
  const pair = judge.pairOf(
    home.value === undefined ? undefined : digestOf(home.value),
    peer?.value === undefined ? undefined : digestOf(peer.value),
  );
  return {
    kind: 'loaded',
    document: {
      ...pair,
      payload,
      listed: new Set([...(payload?.chunks ?? []), ...(payloadOf(peer?.value)?.chunks ?? [])].map(({ c }) => c)),
    },
  };
};

/**
 * In an incremental cycle. It runs only where the last one committed in every judged Region and no run came after it, so a
 * record that is held has held chunk records too (they are written before it).
 */
export const knownOnDemand = (judge: Judge, sourceId: string, index: string): KnownDocuments => {
  const loaded = new Map<string, LoadedDocument>();
  return {
    load: async (ids) => {
      const missing = ids.filter((id) => !loaded.has(id));
      const outcomes = await Promise.all(missing.map(async (id) => loadOne(judge, sourceId, id)));
      for (const [at, outcome] of outcomes.entries()) {
        if (outcome.kind === 'failed') {
          return outcome;
        }
        loaded.set(missing[at] ?? '', outcome.document);
      }
      return undefined;
    },
    get: (id) => loaded.get(id),
    isCurrent: (id, rev) => payloadIsCurrent(loaded.get(id), rev, index),
    reusableVector: (id, chunkId) => listedVector(loaded.get(id), chunkId, index),
    staleChunks: (id, wanted) => [...(loaded.get(id)?.listed ?? [])].filter((chunkId) => !wanted.has(chunkId)),
    forget: (id) => {
      loaded.delete(id);
    },
  };
};
