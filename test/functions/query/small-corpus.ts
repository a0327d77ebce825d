/**
 * A small home Region for tests of the query side: real splitter, real records and vectors, in-memory stores, and an
 * embedder that hashes words, so that texts with common words are near each other.
 */
import {
  chunkContent,
  chunkKey,
  documentId,
  documentKey,
  parseDocumentId,
  parseDocumentPayload,
  type SourcePayload,
  sourceKey,
} from '../../../functions/domain/corpus.ts';
import { done, type Failure, failed } from '../../../functions/domain/failure.ts';
import type { RecordKey } from '../../../functions/domain/record.ts';
import { isRegionName, type RegionName } from '../../../functions/domain/region.ts';
import { encodeFence, type Fence, ingestVersion } from '../../../functions/domain/version.ts';
import type { Embedder } from '../../../functions/embed/embedder.ts';
import { tokenise } from '../../../functions/embed/tokenise.ts';
import { splitDocument } from '../../../functions/ingest/split/split-document.ts';
import { bucketKey, directoryKey } from '../../../functions/lexical/keys.ts';
import { buildUnit, type IndexedDocument, partOf } from '../../../functions/lexical/unit.ts';
import { canonicalText, makeRecord, makeTombstone, sha256Hex } from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import type { StoredVector } from '../../../functions/stores/vector-store.ts';
import type { Telemetry } from '../../../functions/telemetry/telemetry.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';

export const DIMENSIONS = 64;

export const regionOf = (text: string): RegionName => {
  if (!isRegionName(text)) {
    throw new Error(`${text} is no Region`);
  }
  return text;
};

const vectorOf = (text: string): Float32Array => {
  const vector = new Float32Array(DIMENSIONS);
  vector[0] = 0.01;
  for (const word of tokenise(text)) {
    const at = Number.parseInt(sha256Hex(word).slice(0, 8), 16) % DIMENSIONS;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
};

export const hashEmbedder: Embedder = {
  model: 'hash-of-words',
  dimensions: DIMENSIONS,
  embed: async (texts) => done(texts.map((text) => vectorOf(text))),
};

export const failingEmbedder = (failure: Failure): Embedder => ({
  ...hashEmbedder,
  embed: async () => failed(failure),
});

export interface CountedTelemetry extends Telemetry {
  readonly counts: string[];
  readonly logs: string[];
}

export const countedTelemetry = (): CountedTelemetry => {
  const counts: string[] = [];
  const logs: string[] = [];
  return {
    counts,
    logs,
    log: (level, event, fields = {}) => {
      logs.push(`${level} ${event} ${JSON.stringify(fields)}`);
    },
    write: () => undefined,
    count: (metric, dimensions, value) => {
      counts.push(`${metric} ${Object.values(dimensions).join('/')} ${value}`);
    },
    flush: () => undefined,
  };
};

const RUN = '01JD0000000000000000000001';
const REGION = regionOf('us-east-2');

/** Under which everything here is written. */
export const FENCE: Fence = { epoch: 7, region: REGION, run: 1, op: RUN };

export class SmallCorpus {
  readonly failures = new Set<string>();
  /** Pages of one item: who forgets to ask for the next page sees almost nothing. */
  readonly records: MemoryRecordStore;
  readonly vectors = new MemoryVectorStore(DIMENSIONS, { fault: (name) => this.#failureOf(`vectors.${name}`) });
  readonly #added = new Map<string, Map<string, IndexedDocument>>();
  #seq = 0;

  constructor(pageItemsMax = 1) {
    this.records = new MemoryRecordStore({ fault: (name) => this.#failureOf(`records.${name}`), pageItemsMax });
  }

  /** Commits a source as a finished cycle would; without documents. */
  async commitSource(id: string, more: Partial<SourcePayload> = {}): Promise<void> {
    const fence = encodeFence(FENCE);
    const payload: SourcePayload = {
      id,
      kind: 'git',
      name: id,
      url: `https://git.example.com/${id}`,
      snapshot: 'a'.repeat(40),
      cursor: { commit: 'a'.repeat(40) },
      counts: { documents: 2, chunks: 3, skipped: 1 },
      lastFullAt: 1,
      index: 'hash-of-words/64',
      cycle: { op: RUN, epoch: 7, region: REGION, finishedAt: 2, changed: 2, deleted: 0 },
      ...more,
    };
    await this.records.claim(sourceKey(id), fence);
    await this.records.commit(makeRecord(sourceKey(id), { v: ingestVersion(fence, 1), op: RUN }, payload), fence);
  }

  /** Splits and stores one document with its chunks and vectors; answers its id. */
  async add(source: string, path: string, text: string): Promise<string> {
    const id = documentId(source, sha256Hex(path));
    const split = splitDocument({ sourceName: source, path, text });
    const vectors: StoredVector[] = [];
    const chunks = split.chunks.map(({ startLine, endLine, ...chunk }) => {
      const c = sha256Hex(canonicalText(chunk)).slice(0, 32);
      const vector = makeVector(vectorOf(chunkContent(chunk)), { src: source, doc: id, chunk: c }, RUN);
      vectors.push(vector);
      return { entry: { c, k: vector.key, l: [startLine, endLine] }, payload: { doc: id, src: source, ...chunk } };
    });
    await this.vectors.put(vectors);
    for (const { entry, payload } of chunks) {
      await this.put(chunkKey(source, id, entry.c), payload);
    }
    const { chunks: _chunks, ...described } = split;
    const own = this.#added.get(source) ?? new Map<string, IndexedDocument>();
    this.#added.set(source, own);
    own.set(id, {
      hash: parseDocumentId(id)?.hash ?? '',
      title: split.title,
      chunks: chunks.map(({ entry, payload }) => ({
        id: entry.c,
        breadcrumb: payload.breadcrumb,
        text: payload.text,
      })),
    });
    await this.put(documentKey(source, id), {
      id,
      src: source,
      path,
      rev: sha256Hex(text),
      index: 'hash-of-words/64',
      ...described,
      chars: text.length,
      chunks: chunks.map(({ entry }) => entry),
    });
    return id;
  }

  async put(key: RecordKey, payload: unknown): Promise<void> {
    await this.records.put(makeRecord(key, this.#nextWrite(), payload));
  }

  /** What a cycle derives after its documents: the lexical index of everything that was added. */
  async indexWords(parts = 1): Promise<void> {
    for (const [source, documents] of this.#added) {
      const units = Map.groupBy(documents.values(), ({ hash }) => partOf(hash, parts));
      for (const [part, own] of units) {
        const { buckets, directory } = buildUnit(own, parts, part);
        for (const [bucket, payload] of buckets) {
          await this.put(bucketKey({ source, part }, bucket), payload);
        }
        await this.put(directoryKey({ source, part }), directory);
      }
    }
  }

  get sources(): readonly string[] {
    return [...this.#added.keys()];
  }

  /** Gives the chunks of a document another text, under the old ids. */
  async replaceTexts(source: string, id: string, text: string): Promise<void> {
    const read = await this.records.get(documentKey(source, id));
    const chunks = read.kind === 'done' ? (parseDocumentPayload(read.value?.data ?? '')?.chunks ?? []) : [];
    for (const { c } of chunks) {
      await this.put(chunkKey(source, id, c), { doc: id, src: source, breadcrumb: source, text });
    }
  }

  async remove(key: RecordKey): Promise<void> {
    await this.records.put(makeTombstone(key, this.#nextWrite()));
  }

  #nextWrite(): { readonly v: string; readonly op: string } {
    this.#seq += 1;
    const fence = encodeFence(FENCE);
    return { v: ingestVersion(fence, this.#seq), op: RUN };
  }

  #failureOf(operation: string): Failure | undefined {
    return this.failures.has(operation)
      ? { reason: 'unreachable', code: 'ECONNREFUSED', message: `${operation} is down` }
      : undefined;
  }
}
