/**
 * Writes a batch of planned documents to every declared Region, in the order that keeps readers right: vectors and new chunk
 * records, then the document records that list them, then tombstones of what no document lists any more. A document
 * record that is equal in both Regions therefore vouches for all that it lists, and no reader meets a list of the dead.
 */
import { chunkKey, documentKey, type DocumentPayload } from '../domain/corpus.ts';
import { InvariantError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { ReplicatedRecord } from '../domain/record.ts';
import { ingestVersion } from '../domain/version.ts';
import type { DualWriter } from '../dual-write/dual-writer.ts';
import { failureOf, type SideFailure } from '../dual-write/outcome.ts';
import type { Embedder } from '../embed/embedder.ts';
import { makeRecord, makeTombstone } from '../stores/envelope.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import { makeVector } from '../stores/vector-hash.ts';
import type { StoredVector } from '../stores/vector-store.ts';
import { type CycleStop, stopAt } from './cycle-types.ts';
import type { Limiter } from './limiter.ts';
import type { PlannedDocument } from './plan-document.ts';

/** The fence that a run writes under, and the numbers that order its records. */
export interface RunVersions {
  readonly op: string;
  next(): string;
}

export const runVersions = (fence: string, op: string, start: number): RunVersions & { seq(): number } => {
  let seq = start;
  return {
    op,
    next: () => {
      seq += 1;
      return ingestVersion(fence, seq);
    },
    seq: () => seq,
  };
};

export interface WriteDependencies {
  readonly sourceId: string;
  readonly writer: DualWriter;
  readonly embedder: Embedder;
  readonly versions: RunVersions;
  readonly signal: AbortSignal;
  /** Shared by all batches of the cycle: of records, and of puts of vectors. */
  readonly limiter: Limiter;
  readonly vectorLimiter: Limiter;
}

const putAll = async (
  dependencies: WriteDependencies,
  records: readonly ReplicatedRecord[],
): Promise<SideFailure | undefined> =>
  dependencies.limiter.run(
    records.map((record) => async () => failureOf(await dependencies.writer.put('graph', record))),
  );

const putVectors = async (
  { writer, vectorLimiter }: WriteDependencies,
  vectors: readonly StoredVector[],
): Promise<SideFailure | undefined> =>
  vectorLimiter.run(
    batchesOf(vectors, LIMITS.vectorWriteItemsMax).map(
      (batch) => async () => failureOf(await writer.putVectors(batch)),
    ),
  );

const embedVectors = async (
  dependencies: WriteDependencies,
  documents: readonly PlannedDocument[],
): Promise<{ readonly kind: 'embedded'; readonly vectors: readonly StoredVector[] } | CycleStop> => {
  const chunks = documents.flatMap(({ newChunks }) => newChunks);
  const embedded = await Promise.all(
    batchesOf(chunks, LIMITS.embedTextsMax).map(async (batch) => ({
      batch,
      result: await dependencies.embedder.embed(
        batch.map(({ embedText }) => embedText),
        dependencies.signal,
      ),
    })),
  );
  const vectors: StoredVector[] = [];
  for (const { batch, result } of embedded) {
    if (result.kind === 'failed') {
      return stopAt('embed', 'home', result.failure);
    }
    for (const [at, { payload, chunkId }] of batch.entries()) {
      const data = result.value[at];
      if (data === undefined) {
        throw new InvariantError('the embedder answered with fewer vectors than texts');
      }
      const metadata = { src: payload.src, doc: payload.doc, chunk: chunkId };
      vectors.push(makeVector(data, metadata, dependencies.versions.op));
    }
  }
  return { kind: 'embedded', vectors };
};

const chunkRecords = (
  { versions }: WriteDependencies,
  documents: readonly PlannedDocument[],
): readonly ReplicatedRecord[] =>
  documents.flatMap(({ newChunks }) =>
    newChunks.map(({ key, payload }) => makeRecord(key, { v: versions.next(), op: versions.op }, payload)),
  );

const staleTombstones = (
  { sourceId, versions }: WriteDependencies,
  documents: readonly PlannedDocument[],
): readonly ReplicatedRecord[] =>
  documents.flatMap(({ id, staleChunkIds }) =>
    staleChunkIds.map((chunkId) =>
      makeTombstone(chunkKey(sourceId, id, chunkId), { v: versions.next(), op: versions.op }),
    ),
  );

const documentRecords = (
  { sourceId, versions }: WriteDependencies,
  payloads: readonly DocumentPayload[],
): readonly ReplicatedRecord[] =>
  payloads.map((payload) =>
    makeRecord(documentKey(sourceId, payload.id), { v: versions.next(), op: versions.op }, payload),
  );

/** The payloads, now that the vectors of their new chunks have keys. */
const completePayloads = (
  documents: readonly PlannedDocument[],
  vectors: readonly StoredVector[],
): readonly DocumentPayload[] => {
  const keys = new Map(vectors.map(({ key, metadata }) => [`${metadata.doc}#${metadata.chunk}`, key]));
  return documents.map((document) =>
    document.complete(
      new Map(document.newChunks.map(({ chunkId }) => [chunkId, keys.get(`${document.id}#${chunkId}`) ?? ''])),
    ),
  );
};

export type BatchOutcome = { readonly kind: 'written'; readonly documents: readonly DocumentPayload[] } | CycleStop;

/** Writes one batch; after a failure nothing further of it is started. Every step may be repeated. */
export const writeDocuments = async (
  dependencies: WriteDependencies,
  documents: readonly PlannedDocument[],
): Promise<BatchOutcome> => {
  const embedded = await embedVectors(dependencies, documents);
  if (embedded.kind !== 'embedded') {
    return embedded;
  }
  const { vectors } = embedded;
  if (isMutant('record-before-vectors')) {
    await putAll(dependencies, documentRecords(dependencies, completePayloads(documents, vectors)));
  }
  const payloads = completePayloads(documents, vectors);
  // Only a document record lists vectors and chunks, so these two need not wait for each other: a round trip less.
  const [vectorsRefused, chunksRefused] = await Promise.all([
    putVectors(dependencies, vectors),
    putAll(dependencies, chunkRecords(dependencies, documents)),
  ]);
  const refused =
    vectorsRefused ??
    chunksRefused ??
    (await putAll(dependencies, documentRecords(dependencies, payloads))) ??
    (await putAll(dependencies, staleTombstones(dependencies, documents)));
  return refused === undefined
    ? { kind: 'written', documents: payloads }
    : stopAt('write', refused.side, refused.failure);
};

/** Tombstones for documents that are gone, then for their chunks: no live document ever lists a dead chunk. */
export const writeTombstones = async (
  dependencies: WriteDependencies,
  documents: readonly { readonly id: string; readonly chunkIds: readonly string[]; readonly document: boolean }[],
): Promise<CycleStop | undefined> => {
  const { sourceId, versions } = dependencies;
  const write = (): { v: string; op: string } => ({ v: versions.next(), op: versions.op });
  const chunks = documents.flatMap(({ id, chunkIds }) =>
    chunkIds.map((chunkId) => makeTombstone(chunkKey(sourceId, id, chunkId), write())),
  );
  const records = documents
    .filter(({ document }) => document && !isMutant('no-tombstone'))
    .map(({ id }) => makeTombstone(documentKey(sourceId, id), write()));
  const refused = (await putAll(dependencies, records)) ?? (await putAll(dependencies, chunks));
  return refused === undefined ? undefined : stopAt('delete', refused.side, refused.failure);
};
