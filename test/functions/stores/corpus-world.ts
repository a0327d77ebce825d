/** A small corpus as a sync cycle leaves it in a Region: vectors, chunk records, document records, one tombstone. */
import {
  chunkKey,
  type ChunkPayload,
  documentKey,
  documentId,
  type DocumentPayload,
  sourceKey,
} from '../../../functions/domain/corpus.ts';
import type { ReplicatedRecord } from '../../../functions/domain/record.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import { makeRecord, makeTombstone, sha256Hex } from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import type { StoredVector } from '../../../functions/stores/vector-store.ts';

export const SOURCE_ID = 'handbook';
const RUN = '01J00000000000000000000000';
const CHUNKS_PER_DOCUMENT = 3;

export interface CorpusDocument {
  readonly document: ReplicatedRecord;
  readonly chunks: readonly ReplicatedRecord[];
  readonly vectors: readonly StoredVector[];
}

export const idOf = (name: string): string => documentId(SOURCE_ID, sha256Hex(name));

const chunkOf = (id: string, at: number): { payload: ChunkPayload; chunkId: string; vector: StoredVector } => {
  const payload: ChunkPayload = {
    doc: id,
    src: SOURCE_ID,
    breadcrumb: `handbook > ${id}`,
    text: `text ${at} of ${id}`,
  };
  const chunkId = sha256Hex(payload.text).slice(0, 32);
  const numbers = [0, 2, 4, 6].map((digit) => Number.parseInt(chunkId.slice(digit, digit + 2), 16) / 7 + 1);
  const metadata = { src: SOURCE_ID, doc: id, chunk: chunkId };
  return { payload, chunkId, vector: makeVector(Float32Array.from(numbers), metadata, RUN) };
};

export const documentNamed = (name: string, v = '1', more: Partial<DocumentPayload> = {}): CorpusDocument => {
  const id = idOf(name);
  const chunks = Array.from({ length: CHUNKS_PER_DOCUMENT }, (_, at) => chunkOf(id, at));
  const write = { v, op: RUN };
  const payload: DocumentPayload = {
    id,
    src: SOURCE_ID,
    path: `${name}.md`,
    rev: sha256Hex(name).slice(0, 40),
    index: 'test/4/split-1',
    kind: 'markdown',
    title: name,
    chars: 100,
    chunks: chunks.map(({ chunkId, vector }, at) => ({ c: chunkId, k: vector.key, l: [at + 1, at + 2] as const })),
    ...more,
  };
  return {
    document: makeRecord(documentKey(SOURCE_ID, id), write, payload),
    chunks: chunks.map(({ chunkId, payload: chunk }) => makeRecord(chunkKey(SOURCE_ID, id, chunkId), write, chunk)),
    vectors: chunks.map(({ vector }) => vector),
  };
};

export type Act = (stores: RegionStores) => Promise<unknown>;

/** The writes of a corpus, each for itself, so that a test can reorder and repeat them. */
export const corpusWrites = (names: readonly string[]): readonly Act[] => [
  ...names.flatMap((name): readonly Act[] => {
    const { document, chunks, vectors } = documentNamed(name);
    return [
      async ({ vectors: store }) => store.put(vectors),
      ...chunks.map(
        (chunk): Act =>
          async ({ tables }) =>
            tables.graph.put(chunk),
      ),
      async ({ tables }) => tables.graph.put(document),
    ];
  }),
  async ({ tables }) => tables.graph.put(makeTombstone(documentKey(SOURCE_ID, idOf('gone')), { v: '2', op: RUN })),
  async ({ tables }) => tables.audit.put(makeRecord({ pk: 'audit', sk: RUN }, { v: '1', op: RUN }, { what: 'sync' })),
  async ({ tables }) =>
    tables.workspaces.put(makeRecord({ pk: 'team', sk: 'name' }, { v: '1', op: RUN }, { name: 'Platform' })),
];

/** What is local to one Region and must not show in its proof. */
export const writeLocals = async ({ tables }: RegionStores, fence: string): Promise<void> => {
  await tables.workspaces.putLocal({ pk: 'LOCAL#GATE', sk: 'GATE', order: fence.length, data: fence });
  await tables.graph.claim(sourceKey(SOURCE_ID), fence);
};
