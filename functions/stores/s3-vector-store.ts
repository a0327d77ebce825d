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

  constructor(client: S3VectorsClient, options: S3VectorStoreOptions) {
    this.#client = client;
    this.#index = { vectorBucketName: options.bucket, indexName: options.index };
    this.#callTimeoutMs = options.callTimeoutMs;
  }

  async put(vectors: readonly StoredVector[]): Promise<Result<void>> {
    for (const batch of batchesOf(vectors, LIMITS.vectorPutItemsMax)) {
      const put = await boundedCall(this.#callTimeoutMs, (bound) =>
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
    const found: StoredVector[] = [];
    for (const batch of batchesOf(keys, LIMITS.vectorGetKeysMax)) {
      const got = await boundedCall(this.#callTimeoutMs, async (bound) => {
        const command = new GetVectorsCommand({
          ...this.#index,
          keys: [...batch],
          returnData: true,
          returnMetadata: true,
        });
        return ((await this.#client.send(command, bound)).vectors ?? []).map((vector) => readVector(vector));
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
      const deleted = await boundedCall(this.#callTimeoutMs, (bound) =>
        this.#client.send(new DeleteVectorsCommand({ ...this.#index, keys: [...batch] }), bound),
      );
      if (deleted.kind === 'failed') {
        return deleted;
      }
    }
    return DONE;
  }

  async list(options: VectorListOptions): Promise<Result<Page<StoredVector>>> {
    return boundedCall(this.#callTimeoutMs, async (bound) => {
      const command = new ListVectorsCommand({
        ...this.#index,
        maxResults: LIMITS.vectorListItemsMax,
        segmentCount: options.segments,
        segmentIndex: options.segment,
        returnData: true,
        returnMetadata: true,
        ...(options.after === undefined ? {} : { nextToken: options.after }),
      });
      const { vectors, nextToken } = await this.#client.send(command, bound);
      const items = (vectors ?? []).map((vector) => readVector(vector));
      return nextToken === undefined ? { items } : { items, next: nextToken };
    });
  }

  async query(query: VectorQuery): Promise<Result<readonly VectorHit[]>> {
    if (query.sources?.length === 0) {
      // The service refuses an empty list, where the answer is known: nothing.
      return done([]);
    }
    return boundedCall(this.#callTimeoutMs, async (bound) => {
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
