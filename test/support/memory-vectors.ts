/** The vector contract in memory: complete, and as strict as the service. */
import { createHash } from 'node:crypto';

import { InvariantError } from '../../functions/domain/errors.ts';
import { done, DONE, type Failure, failed, type Result } from '../../functions/domain/failure.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import type { Page } from '../../functions/stores/record-store.ts';
import { vectorHash } from '../../functions/stores/vector-hash.ts';
import type {
  StoredVector,
  VectorDigest,
  VectorHit,
  VectorListOptions,
  VectorQuery,
  VectorStore,
} from '../../functions/stores/vector-store.ts';

export interface MemoryVectorOptions {
  /** Asked before every operation, with its name; a failure that it answers with is what the caller gets. */
  readonly fault?: (operation: string) => Failure | undefined;
  readonly pageItemsMax?: number;
}

const PAGE_ITEMS = 100;

/** Spreads keys over segments in the same way in every run. */
const segmentOf = (text: string, segments: number): number =>
  createHash('sha256').update(text).digest().readUInt32BE() % segments;

const byCodeUnit = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

const refusal = (message: string): Failure => ({ reason: 'refused', code: 'ValidationException', message });

/** What the service would refuse, in the words of a validation error; undefined for a vector that it takes. */
const refusalOf = (vector: StoredVector, dimensions: number): Failure | undefined => {
  const { key, data, metadata } = vector;
  if (key.length === 0 || key.length > LIMITS.vectorKeyCharsMax) {
    return refusal('a vector key is 1 to 1024 characters long');
  }
  if (data.length !== dimensions) {
    return refusal(`the index takes ${dimensions} dimensions, not ${data.length}`);
  }
  if (data.some((value) => !Number.isFinite(value)) || data.every((value) => value === 0)) {
    return refusal('a vector for cosine distance is finite and not zero');
  }
  const { h: _h, ...filterable } = metadata;
  return Buffer.byteLength(JSON.stringify(filterable)) > LIMITS.vectorFilterableMetadataBytesMax ||
    Buffer.byteLength(JSON.stringify(metadata)) > LIMITS.vectorMetadataBytesMax
    ? refusal('the metadata of a vector is too large')
    : undefined;
};

const copyOf = ({ key, data, metadata }: StoredVector): StoredVector => ({
  key,
  data: Float32Array.from(data),
  metadata: { ...metadata },
});

const isSame = (left: StoredVector, right: StoredVector): boolean =>
  left.metadata.h === right.metadata.h &&
  left.data.length === right.data.length &&
  left.data.every((value, at) => Object.is(value, right.data[at]));

const isHealthy = ({ data, metadata }: StoredVector): boolean => vectorHash(data, metadata) === metadata.h;

const cosineDistance = (left: Float32Array, right: Float32Array): number => {
  let dot = 0;
  let leftSquare = 0;
  let rightSquare = 0;
  for (const [at, value] of left.entries()) {
    const other = right[at] ?? 0;
    dot += value * other;
    leftSquare += value * value;
    rightSquare += other * other;
  }
  return 1 - dot / Math.sqrt(leftSquare * rightSquare);
};

export class MemoryVectorStore implements VectorStore {
  /** Open to tests that damage or inspect them. */
  readonly vectors = new Map<string, StoredVector>();
  readonly #dimensions: number;
  readonly #options: MemoryVectorOptions;

  constructor(dimensions: number, options: MemoryVectorOptions = {}) {
    this.#dimensions = dimensions;
    this.#options = options;
  }

  async put(vectors: readonly StoredVector[]): Promise<Result<void>> {
    const failure =
      this.#options.fault?.('put') ??
      vectors.map((one) => refusalOf(one, this.#dimensions)).find((one) => isPresent(one));
    if (failure !== undefined) {
      return failed(failure);
    }
    for (const vector of vectors) {
      const stored = this.vectors.get(vector.key);
      if (stored !== undefined && !isSame(stored, vector) && !(isHealthy(vector) && !isHealthy(stored))) {
        // The service would overwrite it in silence; no caller may ever ask for that, but to mend damaged bytes.
        throw new InvariantError(`the vector key ${vector.key} was used again for other bytes`);
      }
      this.vectors.set(vector.key, copyOf(vector));
    }
    return DONE;
  }

  async get(keys: readonly string[]): Promise<Result<readonly StoredVector[]>> {
    return this.#attempt('get', () =>
      keys
        .map((key) => this.vectors.get(key))
        .filter((vector) => isPresent(vector))
        .map((vector) => copyOf(vector)),
    );
  }

  async getHashes(keys: readonly string[]): Promise<Result<readonly VectorDigest[]>> {
    return this.#attempt('getHashes', () =>
      keys
        .map((key) => this.vectors.get(key))
        .filter((vector) => isPresent(vector))
        .map(({ key, metadata }) => ({ key, h: metadata.h })),
    );
  }

  async delete(keys: readonly string[]): Promise<Result<void>> {
    return this.#attempt('delete', () => {
      for (const key of keys) {
        this.vectors.delete(key);
      }
    });
  }

  async list(options: VectorListOptions): Promise<Result<Page<StoredVector>>> {
    return this.#attempt('list', () => this.#page(options, copyOf));
  }

  async listHashes(options: VectorListOptions): Promise<Result<Page<VectorDigest>>> {
    return this.#attempt('listHashes', () => this.#page(options, ({ key, metadata }) => ({ key, h: metadata.h })));
  }

  #page<T extends VectorDigest | StoredVector>(options: VectorListOptions, read: (vector: StoredVector) => T): Page<T> {
    const { after } = options;
    const found = [...this.vectors.values()]
      .filter(({ key }) => segmentOf(key, options.segments) === options.segment)
      .filter(({ key }) => after === undefined || byCodeUnit(key, after) > 0)
      .toSorted((left, right) => byCodeUnit(left.key, right.key));
    const items = found.slice(0, this.#options.pageItemsMax ?? PAGE_ITEMS).map((vector) => read(vector));
    const last = items.at(-1);
    return found.length > items.length && last !== undefined ? { items, next: last.key } : { items };
  }

  async query(query: VectorQuery): Promise<Result<readonly VectorHit[]>> {
    if (query.vector.length !== this.#dimensions || query.vector.every((value) => value === 0)) {
      return failed(refusal('the query vector does not fit the index'));
    }
    return this.#attempt('query', () =>
      [...this.vectors.values()]
        .filter(({ metadata }) => query.sources === undefined || query.sources.includes(metadata.src))
        .map(({ key, data, metadata }) => ({
          key,
          distance: cosineDistance(query.vector, data),
          metadata: { ...metadata },
        }))
        .toSorted((left, right) => left.distance - right.distance || byCodeUnit(left.key, right.key))
        .slice(0, Math.min(query.topK, LIMITS.vectorQueryTopKMax)),
    );
  }

  async #attempt<T>(operation: string, run: () => T): Promise<Result<T>> {
    const failure = this.#options.fault?.(operation);
    return failure === undefined ? done(run()) : failed(failure);
  }
}
