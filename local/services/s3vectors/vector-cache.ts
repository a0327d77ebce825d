/**
 * What exact search keeps in memory per index: the matrix, built from the file at the first query, and the filterable
 * metadata, built at the first filtered one. Both follow every write after that.
 */
import { isJsonObject, type JsonObject } from '../service.ts';
import type { MetadataPredicate } from './metadata-filter.ts';
import { filterablePart } from './metadata.ts';
import type { IndexRow, VectorDatabase, VectorRow } from './vector-database.ts';
import { type Hit, VectorMatrix } from './vector-matrix.ts';

interface CachedIndex {
  readonly index: IndexRow;
  readonly matrix: VectorMatrix;
  filterable: Map<string, JsonObject> | undefined;
}

/** Metadata text that no longer parses counts as none: the vector itself is still there. */
export const parseMetadata = (text: string | undefined): JsonObject | undefined => {
  if (text === undefined) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
};

const filterableOf = (index: IndexRow, row: VectorRow): JsonObject =>
  filterablePart(parseMetadata(row.metadata) ?? {}, index.nonFilterableKeys);

export class VectorCache {
  readonly #database: VectorDatabase;
  readonly #indexes = new Map<number, CachedIndex>();

  constructor(database: VectorDatabase) {
    this.#database = database;
  }

  put(indexId: number, rows: readonly VectorRow[]): void {
    const cached = this.#indexes.get(indexId);
    if (cached !== undefined) {
      for (const row of rows) {
        cached.matrix.set(row.key, row.vector);
        cached.filterable?.set(row.key, filterableOf(cached.index, row));
      }
    }
  }

  delete(indexId: number, keys: readonly string[]): void {
    const cached = this.#indexes.get(indexId);
    if (cached !== undefined) {
      for (const key of keys) {
        cached.matrix.delete(key);
        cached.filterable?.delete(key);
      }
    }
  }

  drop(indexId: number): void {
    this.#indexes.delete(indexId);
  }

  search(index: IndexRow, query: Float32Array, topK: number, filter: MetadataPredicate | undefined): Hit[] {
    const cached = this.#indexes.get(index.id) ?? this.#load(index);
    if (filter === undefined) {
      return cached.matrix.search(query, topK, undefined);
    }
    const filterable = (cached.filterable ??= this.#loadFilterable(index));
    return cached.matrix.search(query, topK, (key) => filter(filterable.get(key) ?? {}));
  }

  #load(index: IndexRow): CachedIndex {
    const matrix = new VectorMatrix(index.dimension, index.metric, this.#database.countVectors(index.id));
    for (const row of this.#database.all(index.id)) {
      matrix.set(row.key, row.vector);
    }
    const cached: CachedIndex = { index, matrix, filterable: undefined };
    this.#indexes.set(index.id, cached);
    return cached;
  }

  #loadFilterable(index: IndexRow): Map<string, JsonObject> {
    const filterable = new Map<string, JsonObject>();
    for (const row of this.#database.all(index.id)) {
      filterable.set(row.key, filterableOf(index, row));
    }
    return filterable;
  }
}
