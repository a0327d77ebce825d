/**
 * From what the lanes name to passages that may be shown. Neither vectors nor postings are the truth: an index may name chunks
 * of documents that were changed or deleted, or of a cycle that never committed. The home document record decides, read strongly:
 * what it does not list is dropped. Documents and chunks are read in one batch each.
 */
import {
  type ChunkEntry,
  chunkKey,
  type ChunkPayload,
  documentKey,
  type DocumentPayload,
  parseChunkKey,
  parseChunkPayload,
  parseDocumentId,
  parseDocumentPayload,
} from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { RecordKey } from '../domain/record.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import type { VectorHit } from '../stores/vector-store.ts';
import type { CallBudget } from './call-budget.ts';

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
  /** The store did not answer for it, or there were more than one search reads. */
  | 'unreadable';

export type Read<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly failure?: Failure };

type Records = Pick<RecordStore, 'getMany'>;

interface BatchRead {
  readonly records: ReadonlyMap<string, StoredRecord>;
  /** Keys of batches that could not be read, or that there were no calls for. */
  readonly unread: ReadonlySet<string>;
  readonly failure: Failure | undefined;
}

const nameOf = ({ pk, sk }: RecordKey): string => `${pk}\n${sk}`;

const readBatches = async (records: Records, keys: readonly RecordKey[], calls: CallBudget): Promise<BatchRead> => {
  const found = new Map<string, StoredRecord>();
  const unread = new Set<string>();
  let failure: Failure | undefined;
  await Promise.all(
    batchesOf(keys, LIMITS.searchGetItemsMax).map(async (batch) => {
      const read = calls.take() ? await records.getMany(batch, { batchItemsMax: LIMITS.searchGetItemsMax }) : undefined;
      if (read?.kind === 'done') {
        for (const record of read.value) {
          found.set(nameOf(record), record);
        }
        return;
      }
      failure = read?.failure ?? failure;
      for (const key of batch) {
        unread.add(nameOf(key));
      }
    }),
  );
  return { records: found, unread, failure };
};

const keyOfDocument = (id: string): RecordKey | undefined => {
  const source = parseDocumentId(id)?.source;
  return source === undefined ? undefined : documentKey(source, id);
};

const documentIn = (read: BatchRead, key: RecordKey | undefined): Read<DocumentPayload> => {
  if (key === undefined) {
    return { kind: 'dropped', reason: 'no-document' };
  }
  if (read.unread.has(nameOf(key))) {
    return { kind: 'dropped', reason: 'unreadable', ...(read.failure === undefined ? {} : { failure: read.failure }) };
  }
  const record = read.records.get(nameOf(key));
  if (record?.del === true) {
    return { kind: 'dropped', reason: 'deleted' };
  }
  const payload = record === undefined ? undefined : parseDocumentPayload(record.data);
  return payload === undefined ? { kind: 'dropped', reason: 'no-document' } : { kind: 'found', value: payload };
};

/** The documents of these ids, each with why it is none. */
export const readDocuments = async (
  records: Records,
  ids: readonly string[],
  calls: CallBudget,
): Promise<ReadonlyMap<string, Read<DocumentPayload>>> => {
  const keys = ids.flatMap((id) => keyOfDocument(id) ?? []);
  const read = await readBatches(records, keys, calls);
  return new Map(ids.map((id) => [id, documentIn(read, keyOfDocument(id))]));
};

/** The chunk that a vector is of, where the document lists exactly this vector. */
export const entryOfVector = (document: DocumentPayload, { key, metadata }: VectorHit): ChunkEntry | undefined => {
  const unchecked: ChunkEntry = { c: metadata.chunk, k: key, l: [1, 1] };
  return isMutant('query-without-check') ? unchecked : document.chunks.find(({ k }) => k === key);
};

/** The chunk that a posting is of; undefined where the document has changed since. */
export const entryOfHandle = ({ chunks }: DocumentPayload, handle: string): ChunkEntry | undefined =>
  chunks.find(({ c }) => c.startsWith(handle));

/** The chunk that a line is in, else the first. */
export const entryOfLine = ({ chunks }: DocumentPayload, line: number): ChunkEntry | undefined =>
  chunks.find(({ l }) => l[0] <= line && line <= l[1]) ?? chunks[0];

export interface Listed {
  readonly document: DocumentPayload;
  readonly entry: ChunkEntry;
}

/** The texts of listed chunks, in their order. */
export const readTexts = async (
  records: Records,
  listed: readonly Listed[],
  calls: CallBudget,
): Promise<readonly Read<Candidate>[]> => {
  const keyOf = ({ document, entry }: Listed): RecordKey => chunkKey(document.src, document.id, entry.c);
  const keys = new Map(listed.map((one) => [nameOf(keyOf(one)), keyOf(one)]));
  const read = await readBatches(records, [...keys.values()], calls);
  return listed.map((one): Read<Candidate> => {
    const name = nameOf(keyOf(one));
    if (read.unread.has(name)) {
      return {
        kind: 'dropped',
        reason: 'unreadable',
        ...(read.failure === undefined ? {} : { failure: read.failure }),
      };
    }
    const record = read.records.get(name);
    const chunk = record === undefined || record.del === true ? undefined : parseChunkPayload(record.data);
    const isOwn = record === undefined || parseChunkKey(record.sk).documentId === one.document.id;
    return chunk === undefined || !isOwn
      ? { kind: 'dropped', reason: 'no-chunk' }
      : { kind: 'found', value: { document: one.document, entry: one.entry, chunk } };
  });
};
