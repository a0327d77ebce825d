/**
 * The vector contract on S3 Vectors. No conditional write and no versions there, so keys are content-addressed and never
 * reused (DESIGN §3.7): a put that is repeated, late or half applied leaves the same bytes.
 */
import {
  DeleteVectorsCommand,
  GetVectorsCommand,
  type GetOutputVector,
  ListVectorsCommand,
  PutVectorsCommand,
  type QueryOutputVector,
  QueryVectorsCommand,
  S3VectorsClient,
} from '@aws-sdk/client-s3vectors';

import { boundedCall, clientOptions, type ClientTarget } from '../aws/client-options.ts';
import { DamagedRecordError } from '../domain/errors.ts';
import { DONE, done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Page } from './record-store.ts';
import type {
  StoredVector,
  VectorDigest,
  VectorHit,
  VectorListOptions,
  VectorMetadata,
  VectorQuery,
  VectorStore,
} from './vector-store.ts';
import { batchesOf } from './vector-batches.ts';

export interface S3VectorStoreOptions {
  readonly bucket: string;
  readonly index: string;
  readonly callTimeoutMs: number;
  /** Where bounds come from; absent means real time. */
  readonly deadline?: (timeoutMs: number) => AbortSignal;
}

export const openVectorsClient = (target: ClientTarget): S3VectorsClient => new S3VectorsClient(clientOptions(target));

const isFields = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const fieldOf = (fields: Record<string, unknown>, name: string): string => {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
};

const readMetadata = (metadata: unknown): VectorMetadata => {
  const fields = isFields(metadata) ? metadata : {};
  return {
    src: fieldOf(fields, 'src'),
    doc: fieldOf(fields, 'doc'),
    chunk: fieldOf(fields, 'chunk'),
    h: fieldOf(fields, 'h'),
  };
};

/** The SDK hands some numbers over as objects: whole ones beyond 2^53 (damaged bytes), and those with spare digits. */
const plainNumber: (value: unknown) => number = Number;

const readVector = (vector: GetOutputVector): StoredVector => {
  const values = vector.data?.float32;
  if (vector.key === undefined || values === undefined) {
    throw new DamagedRecordError('S3 Vectors returned a vector without key or data');
  }
  return { key: vector.key, data: Float32Array.from(values, plainNumber), metadata: readMetadata(vector.metadata) };
};

const readHash = (vector: GetOutputVector): VectorDigest => {
  if (vector.key === undefined) {
    throw new DamagedRecordError('S3 Vectors returned a vector without key');
  }
  return { key: vector.key, h: readMetadata(vector.metadata).h };
};

const readHit = (hit: QueryOutputVector): VectorHit => {
  if (hit.key === undefined || hit.distance === undefined) {
    throw new DamagedRecordError('S3 Vectors returned a hit without key or distance');
  }
  return { key: hit.key, distance: plainNumber(hit.distance), metadata: readMetadata(hit.metadata) };
};

export class S3VectorStore implements VectorStore {
  readonly #client: S3VectorsClient;
  readonly #index: { readonly vectorBucketName: string; readonly indexName: string };
  readonly #callTimeoutMs: number;
  readonly #deadline: ((timeoutMs: number) => AbortSignal) | undefined;

  constructor(client: S3VectorsClient, options: S3VectorStoreOptions) {
    this.#client = client;
    this.#index = { vectorBucketName: options.bucket, indexName: options.index };
    this.#callTimeoutMs = options.callTimeoutMs;
    this.#deadline = options.deadline;
  }

  async #bounded<T>(send: (bound: { readonly abortSignal: AbortSignal }) => Promise<T>): Promise<Result<T>> {
    return boundedCall(this.#callTimeoutMs, send, this.#deadline);
  }

  async put(vectors: readonly StoredVector[]): Promise<Result<void>> {
    for (const batch of batchesOf(vectors, LIMITS.vectorPutItemsMax)) {
      const put = await this.#bounded((bound) =>
        this.#client.send(
          new PutVectorsCommand({
            ...this.#index,
            vectors: batch.map((vector) => ({
              key: vector.key,
              data: { float32: [...vector.data] },
              metadata: { ...vector.metadata },
            })),
          }),
          bound,
        ),
      );
      if (put.kind === 'failed') {
        return put;
      }
    }
    return DONE;
  }

  async get(keys: readonly string[]): Promise<Result<readonly StoredVector[]>> {
    return this.#getAll(keys, true, readVector);
  }

  async getHashes(keys: readonly string[]): Promise<Result<readonly VectorDigest[]>> {
    return this.#getAll(keys, false, readHash);
  }

  async #getAll<T>(
    keys: readonly string[],
    returnData: boolean,
    read: (vector: GetOutputVector) => T,
  ): Promise<Result<readonly T[]>> {
    const found: T[] = [];
    for (const batch of batchesOf(keys, LIMITS.vectorGetKeysMax)) {
      const got = await this.#bounded(async (bound) => {
        const command = new GetVectorsCommand({ ...this.#index, keys: [...batch], returnData, returnMetadata: true });
        return ((await this.#client.send(command, bound)).vectors ?? []).map((vector) => read(vector));
      });
      if (got.kind === 'failed') {
        return got;
      }
      found.push(...got.value);
    }
    return done(found);
  }

  async delete(keys: readonly string[]): Promise<Result<void>> {
    for (const batch of batchesOf(keys, LIMITS.vectorDeleteItemsMax)) {
      const deleted = await this.#bounded((bound) =>
        this.#client.send(new DeleteVectorsCommand({ ...this.#index, keys: [...batch] }), bound),
      );
      if (deleted.kind === 'failed') {
        return deleted;
      }
    }
    return DONE;
  }

  async list(options: VectorListOptions): Promise<Result<Page<StoredVector>>> {
    return this.#listPage(options, true, readVector);
  }

  async listHashes(options: VectorListOptions): Promise<Result<Page<VectorDigest>>> {
    return this.#listPage(options, false, readHash);
  }

  async #listPage<T>(
    options: VectorListOptions,
    returnData: boolean,
    read: (vector: GetOutputVector) => T,
  ): Promise<Result<Page<T>>> {
    return this.#bounded(async (bound) => {
      const command = new ListVectorsCommand({
        ...this.#index,
        maxResults: LIMITS.vectorListItemsMax,
        segmentCount: options.segments,
        segmentIndex: options.segment,
        returnData,
        returnMetadata: true,
        ...(options.after === undefined ? {} : { nextToken: options.after }),
      });
      const { vectors, nextToken } = await this.#client.send(command, bound);
      const items = (vectors ?? []).map((vector) => read(vector));
      return nextToken === undefined ? { items } : { items, next: nextToken };
    });
  }

  async query(query: VectorQuery): Promise<Result<readonly VectorHit[]>> {
    if (query.sources?.length === 0) {
      // The service refuses an empty list, where the answer is known: nothing.
      return done([]);
    }
    if (query.sources === undefined || query.sources.length <= LIMITS.vectorFilterSourcesMax) {
      return this.#queryOnce(query);
    }
    // How long a filter may be is not documented: somebody who may read hundreds of sources asks in parts.
    const parts = batchesOf([...query.sources], LIMITS.vectorFilterSourcesMax);
    const answers = await Promise.all(parts.map(async (sources) => this.#queryOnce({ ...query, sources })));
    const hits: VectorHit[] = [];
    for (const answer of answers) {
      if (answer.kind === 'failed') {
        return answer;
      }
      hits.push(...answer.value);
    }
    return done(
      hits
        .toSorted((left, right) => left.distance - right.distance)
        .slice(0, Math.min(query.topK, LIMITS.vectorQueryTopKMax)),
    );
  }

  async #queryOnce(query: VectorQuery): Promise<Result<readonly VectorHit[]>> {
    return this.#bounded(async (bound) => {
      const command = new QueryVectorsCommand({
        ...this.#index,
        topK: Math.min(query.topK, LIMITS.vectorQueryTopKMax),
        queryVector: { float32: [...query.vector] },
        returnMetadata: true,
        returnDistance: true,
        ...(query.sources === undefined ? {} : { filter: { src: { $in: [...query.sources] } } }),
      });
      return ((await this.#client.send(command, bound)).vectors ?? []).map((hit) => readHit(hit));
    });
  }
}
