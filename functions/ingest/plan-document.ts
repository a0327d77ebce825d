/** Pure: from a split document and what is known of it to the records and vectors that have to be written. */
import {
  chunkContent,
  type ChunkEntry,
  chunkKey,
  type ChunkPayload,
  documentId,
  type DocumentPayload,
} from '../domain/corpus.ts';
import type { RecordKey } from '../domain/record.ts';
import { canonicalText, sha256Hex } from '../stores/envelope.ts';
import type { KnownDocuments } from './known-documents.ts';
import type { SplitDocument } from './split/split-document.ts';

export interface NewChunk {
  readonly chunkId: string;
  readonly key: RecordKey;
  readonly payload: ChunkPayload;
  /** What is embedded: the breadcrumb says where the text stands. */
  readonly embedText: string;
}

interface PlannedEntry {
  readonly chunkId: string;
  readonly lines: readonly [number, number];
  /** Set where every Region already lists this vector. */
  readonly vectorKey: string | undefined;
}

/** One chunk as it will be stored, whether or not it is new. */
export interface PlannedText {
  readonly chunkId: string;
  readonly payload: ChunkPayload;
}

export interface PlannedDocument {
  readonly id: string;
  /** In the order in which the document lists them. */
  readonly texts: readonly PlannedText[];
  readonly newChunks: readonly NewChunk[];
  readonly staleChunkIds: readonly string[];
  /** The payload, once the vectors of the new chunks have their keys. */
  complete(vectorKeys: ReadonlyMap<string, string>): DocumentPayload;
}

export interface PlanInput {
  readonly sourceId: string;
  /** The source's own id of the document. */
  readonly nativeId: string;
  readonly path: string;
  readonly rev: string;
  readonly index: string;
}

const CHUNK_ID_DIGITS = 32;

export const documentIdOf = (sourceId: string, nativeId: string): string => documentId(sourceId, sha256Hex(nativeId));

const chunkIdOf = (payload: ChunkPayload): string =>
  sha256Hex(canonicalText({ breadcrumb: payload.breadcrumb, text: payload.text })).slice(0, CHUNK_ID_DIGITS);

const entriesOf = (planned: readonly PlannedEntry[], vectorKeys: ReadonlyMap<string, string>): ChunkEntry[] =>
  planned.map(({ chunkId, lines, vectorKey }) => ({
    c: chunkId,
    k: vectorKey ?? vectorKeys.get(chunkId) ?? '',
    l: lines,
  }));

/** Plans a document with text. The same text twice in one document is one chunk record, listed twice. */
export const planDocument = (
  input: PlanInput,
  text: string,
  split: SplitDocument,
  known: KnownDocuments,
): PlannedDocument => {
  const { sourceId, index } = input;
  const id = documentIdOf(sourceId, input.nativeId);
  const entries: PlannedEntry[] = [];
  const texts: PlannedText[] = [];
  const newChunks = new Map<string, NewChunk>();
  for (const chunk of split.chunks) {
    const payload: ChunkPayload = {
      doc: id,
      src: sourceId,
      breadcrumb: chunk.breadcrumb,
      ...(chunk.heading === undefined ? {} : { heading: chunk.heading }),
      text: chunk.text,
    };
    const chunkId = chunkIdOf(payload);
    const vectorKey = known.reusableVector(id, chunkId);
    entries.push({ chunkId, lines: [chunk.startLine, chunk.endLine], vectorKey });
    texts.push({ chunkId, payload });
    if (vectorKey === undefined) {
      newChunks.set(chunkId, {
        chunkId,
        key: chunkKey(sourceId, id, chunkId),
        payload,
        embedText: chunkContent(chunk),
      });
    }
  }
  const wanted = new Set(entries.map(({ chunkId }) => chunkId));
  return {
    id,
    texts,
    newChunks: [...newChunks.values()],
    staleChunkIds: known.staleChunks(id, wanted),
    complete: (vectorKeys) => ({
      id,
      src: sourceId,
      path: input.path,
      rev: input.rev,
      index,
      kind: split.kind,
      title: split.title,
      ...(split.status === undefined ? {} : { status: split.status }),
      ...(split.language === undefined ? {} : { language: split.language }),
      chars: text.length,
      chunks: entriesOf(entries, vectorKeys),
    }),
  };
};

/** Plans a document that has no text here: it is recorded with the reason, so that it is reported and not read again. */
export const planSkipped = (input: PlanInput, reason: string, known: KnownDocuments): PlannedDocument => {
  const id = documentIdOf(input.sourceId, input.nativeId);
  return {
    id,
    texts: [],
    newChunks: [],
    staleChunkIds: known.staleChunks(id, new Set()),
    complete: () => ({
      id,
      src: input.sourceId,
      path: input.path,
      rev: input.rev,
      index: input.index,
      kind: 'skipped',
      title: input.path,
      chars: 0,
      chunks: [],
      skipped: reason,
    }),
  };
};
