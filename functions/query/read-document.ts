/** One document as the home Region holds it: its record, and the texts of its chunks in the order that it lists them. */
import {
  type ChunkEntry,
  type ChunkPayload,
  chunkPartition,
  chunkPrefix,
  documentKey,
  type DocumentPayload,
  parseChunkKey,
  parseChunkPayload,
  parseDocumentPayload,
} from '../domain/corpus.ts';
import { done, type Failure, type Result } from '../domain/failure.ts';
import type { RecordStore } from '../stores/record-store.ts';

export interface DocumentChunk {
  readonly entry: ChunkEntry;
  /** Undefined where the chunk's record is missing or damaged. */
  readonly chunk: ChunkPayload | undefined;
}

export type DocumentReading =
  | { readonly kind: 'found'; readonly document: DocumentPayload; readonly chunks: readonly DocumentChunk[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Far more than the chunks of one document and the tombstones of a week: an end to a store that never says "last page". */
const PAGES_MAX = 256;

const readChunks = async (
  records: RecordStore,
  sourceId: string,
  id: string,
): Promise<Result<ReadonlyMap<string, ChunkPayload>>> => {
  const chunks = new Map<string, ChunkPayload>();
  let after: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await records.query(chunkPartition(sourceId, id), {
      skPrefix: chunkPrefix(id),
      ...(after === undefined ? {} : { after }),
    });
    if (page.kind === 'failed') {
      return page;
    }
    for (const record of page.value.items) {
      const chunk = record.del === true ? undefined : parseChunkPayload(record.data);
      if (chunk !== undefined) {
        chunks.set(parseChunkKey(record.sk).chunkId, chunk);
      }
    }
    after = page.value.next;
    if (after === undefined) {
      break;
    }
  }
  return done(chunks);
};

const readOnce = async (records: RecordStore, sourceId: string, id: string): Promise<DocumentReading> => {
  const read = await records.get(documentKey(sourceId, id));
  if (read.kind === 'failed') {
    return read;
  }
  if (read.value === undefined || read.value.del === true) {
    return { kind: read.value === undefined ? 'absent' : 'deleted' };
  }
  const document = parseDocumentPayload(read.value.data);
  if (document === undefined) {
    return { kind: 'damaged' };
  }
  const chunks = await readChunks(records, sourceId, id);
  return chunks.kind === 'failed'
    ? chunks
    : {
        kind: 'found',
        document,
        chunks: document.chunks.map((entry) => ({ entry, chunk: chunks.value.get(entry.c) })),
      };
};

export const readDocument = async (records: RecordStore, sourceId: string, id: string): Promise<DocumentReading> => {
  const reading = await readOnce(records, sourceId, id);
  const isWhole = reading.kind !== 'found' || reading.chunks.every(({ chunk }) => chunk !== undefined);
  // A cycle may have replaced the document between its record and its chunks: read again what it lists now.
  return isWhole ? reading : readOnce(records, sourceId, id);
};
