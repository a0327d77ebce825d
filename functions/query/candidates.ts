/**
 * From vector hits to passages that may be shown. Vectors are never the truth: an index may hold vectors of documents that
 * were changed or deleted, or of a cycle that never committed. The home document record decides, read strongly: what it
 * does not list is dropped, and counted.
 */
import {
  type ChunkEntry,
  chunkKey,
  type ChunkPayload,
  documentKey,
  type DocumentPayload,
  parseChunkPayload,
  parseDocumentPayload,
} from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { VectorHit } from '../stores/vector-store.ts';
import { mapLimited } from './map-limited.ts';

export interface Candidate {
  readonly document: DocumentPayload;
  readonly entry: ChunkEntry;
  readonly chunk: ChunkPayload;
}

export type DropReason =
  /** No record of the document, or one that can't be read as such. */
  | 'no-document'
  /** The document is a tombstone. */
  | 'deleted'
  /** The document does not list this vector. */
  | 'unlisted'
  /** Listed, but the text of the chunk is not there. */
  | 'no-chunk'
  /** The store did not answer for it. */
  | 'unreadable';

export interface Candidates {
  /** In the order of the hits. */
  readonly listed: readonly Candidate[];
  readonly dropped: ReadonlyMap<DropReason, number>;
  /** The last failure of a read, where there was one. */
  readonly failure: Failure | undefined;
}

type Read<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly failure?: Failure };

const readDocument = async (records: RecordStore, hit: VectorHit): Promise<Read<DocumentPayload>> => {
  const { src, doc } = hit.metadata;
  const read = await records.get(documentKey(src, doc));
  if (read.kind === 'failed') {
    return { kind: 'dropped', reason: 'unreadable', failure: read.failure };
  }
  if (read.value?.del === true) {
    return { kind: 'dropped', reason: 'deleted' };
  }
  const payload = read.value === undefined ? undefined : parseDocumentPayload(read.value.data);
  return payload === undefined ? { kind: 'dropped', reason: 'no-document' } : { kind: 'found', value: payload };
};

const readChunk = async (
  records: RecordStore,
  document: DocumentPayload,
  entry: ChunkEntry,
): Promise<Read<Candidate>> => {
  const read = await records.get(chunkKey(document.src, document.id, entry.c));
  if (read.kind === 'failed') {
    return { kind: 'dropped', reason: 'unreadable', failure: read.failure };
  }
  const chunk = read.value === undefined || read.value.del === true ? undefined : parseChunkPayload(read.value.data);
  return chunk === undefined
    ? { kind: 'dropped', reason: 'no-chunk' }
    : { kind: 'found', value: { document, entry, chunk } };
};

const readCandidate = async (
  records: RecordStore,
  hit: VectorHit,
  document: Read<DocumentPayload>,
): Promise<Read<Candidate>> => {
  if (document.kind === 'dropped') {
    return document;
  }
  const unchecked: ChunkEntry = { c: hit.metadata.chunk, k: hit.key, l: [1, 1] };
  const entry = isMutant('query-without-check') ? unchecked : document.value.chunks.find(({ k }) => k === hit.key);
  return entry === undefined ? { kind: 'dropped', reason: 'unlisted' } : readChunk(records, document.value, entry);
};

/** Reads each document of the hits once, then the chunks that it lists. */
export const readCandidates = async (records: RecordStore, hits: readonly VectorHit[]): Promise<Candidates> => {
  const byDocument = new Map(hits.map((hit) => [hit.metadata.doc, hit]));
  const documents = new Map(
    await mapLimited([...byDocument], LIMITS.searchReadsInFlightMax, async ([id, hit]) => {
      const read: readonly [string, Read<DocumentPayload>] = [id, await readDocument(records, hit)];
      return read;
    }),
  );
  const reads = await mapLimited(hits, LIMITS.searchReadsInFlightMax, async (hit) =>
    readCandidate(records, hit, documents.get(hit.metadata.doc) ?? { kind: 'dropped', reason: 'no-document' }),
  );
  const listed: Candidate[] = [];
  const dropped = new Map<DropReason, number>();
  let failure: Failure | undefined;
  for (const read of reads) {
    if (read.kind === 'found') {
      listed.push(read.value);
    } else {
      dropped.set(read.reason, (dropped.get(read.reason) ?? 0) + 1);
      failure = read.failure ?? failure;
    }
  }
  return { listed, dropped, failure };
};
