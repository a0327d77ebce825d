/**
 * Takes documents in as a cycle does: the product's splitter, its breadcrumbs, its embedder and its lexical derivation; only the
 * stores are in memory.
 */
import {
  chunkContent,
  type ChunkPayload,
  documentId,
  type DocumentPayload,
  parseChunkPayload,
} from '../../../functions/domain/corpus.ts';
import type { SourceDefinition } from '../../../functions/domain/source-definition.ts';
import type { Embedder } from '../../../functions/embed/embedder.ts';
import type { HeldChunk } from '../../../functions/ingest/derive/derivation.ts';
import { lexicalDerivation } from '../../../functions/ingest/derive/lexical/lexical-derivation.ts';
import { splitDocument } from '../../../functions/ingest/split/split-document.ts';
import { canonicalText, sha256Hex } from '../../../functions/stores/envelope.ts';
import { batchesOf } from '../../../functions/stores/vector-batches.ts';
import { chunkKey } from '../../../functions/domain/corpus.ts';
import type { CorpusDocument } from './data-set.ts';
import type { MemoryRegion } from './memory-region.ts';

const CHUNK_ID_DIGITS = 32;
const BATCH = 256;

interface PlannedChunk {
  readonly id: string;
  readonly payload: ChunkPayload;
  readonly vectorKey: string;
}

const planOf = (
  source: string,
  { id: native, title, text, path }: CorpusDocument,
): { readonly payload: DocumentPayload; readonly chunks: readonly PlannedChunk[] } => {
  const id = documentId(source, sha256Hex(native));
  // In these sets a title is a part of the text, and of some documents all of it.
  const split = splitDocument({
    sourceName: path === undefined ? '' : source,
    path: path ?? '',
    text: text.trim() === '' ? title : text,
  });
  const name = title === '' ? split.title : title;
  const chunks = split.chunks.map(
    ({ breadcrumb, heading, text: words }): PlannedChunk & { l: readonly [number, number] } => {
      const payload: ChunkPayload = {
        doc: id,
        src: source,
        breadcrumb: breadcrumb === '' ? name : breadcrumb,
        ...(heading === undefined ? {} : { heading }),
        text: words,
      };
      const chunk = sha256Hex(canonicalText({ breadcrumb: payload.breadcrumb, text: words })).slice(0, CHUNK_ID_DIGITS);
      return { id: chunk, payload, vectorKey: `${id}#${chunk}#run`, l: [1, 1] };
    },
  );
  const payload: DocumentPayload = {
    id,
    src: source,
    path: path ?? native,
    rev: '',
    index: '',
    kind: split.kind,
    title: name,
    ...(split.status === undefined ? {} : { status: split.status }),
    chars: text.length,
    chunks: chunks.map(({ id: c, vectorKey: k, l }) => ({ c, k, l })),
  };
  return { payload, chunks };
};

const embedChunks = async (
  region: MemoryRegion,
  embedder: Embedder,
  chunks: readonly PlannedChunk[],
): Promise<void> => {
  for (const batch of batchesOf(chunks, BATCH)) {
    const embedded = await embedder.embed(
      batch.map(({ payload }) => chunkContent(payload)),
      AbortSignal.timeout(600_000),
    );
    if (embedded.kind === 'failed') {
      throw new Error(embedded.failure.message);
    }
    for (const [at, { id, payload, vectorKey }] of batch.entries()) {
      const numbers = embedded.value[at];
      if (numbers !== undefined) {
        region.putVector({ key: vectorKey, src: payload.src, doc: payload.doc, chunk: id }, numbers);
      }
    }
  }
};

/** Everything of one source, through the derivation that cycles run. */
const deriveLexical = async (
  region: MemoryRegion,
  source: SourceDefinition,
  documents: readonly DocumentPayload[],
  see: (what: string) => void,
): Promise<void> => {
  const readChunks = (wanted: readonly DocumentPayload[]): ReadonlyMap<string, readonly HeldChunk[]> =>
    new Map(
      wanted.map(({ id, src, chunks }) => [
        id,
        chunks.flatMap((entry): readonly HeldChunk[] => {
          const payload = parseChunkPayload(region.get(chunkKey(src, id, entry.c))?.data ?? '');
          return payload === undefined ? [] : [{ entry, payload }];
        }),
      ]),
    );
  const steps = lexicalDerivation.derive({
    source,
    snapshot: '',
    cursor: {},
    full: true,
    changed: new Set(),
    deleted: new Set(),
    from: undefined,
    pathsBefore: new Map(),
    chunks: 0,
    documents: async () => ({ kind: 'read', value: documents }),
    readDocuments: async () => ({ kind: 'read', value: [] }),
    readChunks: async (wanted) => ({ kind: 'read', value: readChunks(wanted) }),
    list: async () => ({ kind: 'read', value: new Map() }),
    readRecords: async () => ({ kind: 'read', value: [] }),
  });
  for await (const step of steps) {
    if (step.op === 'put') {
      region.put(step.key, step.payload);
    }
    see(`the lexical index of ${documents.length} documents is derived`);
  }
};

export interface IndexedCorpus {
  /** The documents' own ids by the product's. */
  readonly idOf: ReadonlyMap<string, string>;
  readonly chunks: number;
}

/** `see` is told of progress. */
export const indexCorpus = async (
  region: MemoryRegion,
  embedder: Embedder,
  corpus: AsyncIterable<CorpusDocument>,
  see: (what: string) => void = () => undefined,
): Promise<IndexedCorpus> => {
  const bySource = new Map<string, DocumentPayload[]>();
  const idOf = new Map<string, string>();
  let waiting: PlannedChunk[] = [];
  let chunks = 0;
  for await (const document of corpus) {
    const planned = planOf(document.source, document);
    idOf.set(planned.payload.id, document.id);
    const documents = bySource.get(document.source) ?? [];
    bySource.set(document.source, documents);
    documents.push(planned.payload);
    region.putDocument(planned.payload);
    for (const { id, payload } of planned.chunks) {
      region.putChunk(payload.src, payload.doc, id, payload);
    }
    waiting.push(...planned.chunks);
    chunks += planned.chunks.length;
    if (waiting.length >= BATCH) {
      await embedChunks(region, embedder, waiting);
      waiting = [];
      see(`${idOf.size} documents read`);
    }
  }
  await embedChunks(region, embedder, waiting);
  for (const [id, documents] of bySource) {
    await deriveLexical(
      region,
      { id, kind: 'git', name: id, config: {} } as unknown as SourceDefinition,
      documents,
      see,
    );
  }
  return { idOf, chunks };
};
