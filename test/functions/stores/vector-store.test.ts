/** Vectors in memory and on S3 Vectors keep one contract; a key stands for one content and one run. */
import type { S3VectorsClient } from '@aws-sdk/client-s3vectors';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { openVectorsClient, S3VectorStore } from '../../../functions/stores/s3-vector-store.ts';
import { batchesOf } from '../../../functions/stores/vector-batches.ts';
import { makeVector, vectorHash } from '../../../functions/stores/vector-hash.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';
import { MemoryVectorStore } from '../../support/memory-stores.ts';
import {
  CALM,
  declareIndex,
  DIMENSIONS,
  type EmbeddedRegion,
  openEmbeddedRegion,
  operationsOf,
} from './embedded-region.ts';
import { valueOf } from './outcomes.ts';
import { openRawServer } from './raw-server.ts';

let region: EmbeddedRegion;
let client: S3VectorsClient;
let indexes = 0;

const openIndex = async (): Promise<S3VectorStore> => {
  indexes += 1;
  const index = `vectors-${indexes}`;
  await declareIndex(region.services, region.names, index);
  return new S3VectorStore(client, { bucket: region.names.vectorBucket, index, callTimeoutMs: CALM.callTimeoutMs });
};

beforeAll(async () => {
  region = await openEmbeddedRegion();
  client = openVectorsClient(region.target(CALM, 's3vectors'));
});

afterAll(async () => {
  client.destroy();
  await region.close();
});

vectorStoreContract('vectors in memory', async () => ({
  store: new MemoryVectorStore(DIMENSIONS, { pageItemsMax: 40 }),
  close: async () => undefined,
}));

vectorStoreContract('vectors on S3 Vectors', async () => ({
  store: await openIndex(),
  close: async () => undefined,
}));

describe('what S3 Vectors is asked for', () => {
  const metadata = { src: 's', doc: 's~1', chunk: 'c' };
  const vectors = Array.from({ length: 501 }, (_, at) => makeVector(Float32Array.of(1, at, 0, 0), metadata, 'run'));
  const keys = vectors.map(({ key }) => key);

  it('stays within the batches that it takes', async () => {
    const store = await openIndex();
    const before = region.calls.length;
    await store.put(vectors);
    await store.get(keys.slice(0, 201));
    await store.delete(keys);
    expect(operationsOf(region.calls.slice(before))).toEqual([
      'PutVectors',
      'PutVectors',
      'GetVectors',
      'GetVectors',
      'GetVectors',
      'DeleteVectors',
      'DeleteVectors',
    ]);
  });

  it('is nothing for nothing', async () => {
    const store = await openIndex();
    const before = region.calls.length;
    await store.put([]);
    await store.get([]);
    await store.delete([]);
    await store.query({ vector: Float32Array.of(1, 0, 0, 0), topK: 5, sources: [] });
    expect(region.calls.length).toBe(before);
  });

  it('ends at the first batch that fails', async () => {
    const store = await openIndex();
    const before = region.calls.length;
    region.services.faults.set({ service: 's3vectors', mode: 'error-500', times: 2 });
    expect(await store.put(vectors)).toMatchObject({ kind: 'failed', failure: { reason: 'unreachable' } });
    region.services.faults.clear();
    // Two attempts at the first batch, none at the second.
    expect(operationsOf(region.calls.slice(before))).toEqual(['PutVectors', 'PutVectors']);
  });
});

describe('what S3 Vectors answers', () => {
  const storeAt = (endpoint: string): S3VectorStore =>
    new S3VectorStore(openVectorsClient({ ...region.target(), endpoint }), {
      bucket: 'b',
      index: 'i',
      callTimeoutMs: CALM.callTimeoutMs,
    });

  it.each(['0.1', '1E-1', '0.10000000149011612', '0.100000001490116119384765625', '1.0000000149011612e-1'])(
    'is read as a number, spelled %s',
    async (text) => {
      const metadata = '{"src":"s","doc":"s~1","chunk":"c","h":"h"}';
      const server = await openRawServer((response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          `{"vectors":[{"key":"k","data":{"float32":[${text},1]},"distance":${text},"metadata":${metadata}}],"distanceMetric":"cosine"}`,
        );
      });
      const store = storeAt(server.endpoint);
      const [vector] = valueOf(await store.get(['k']));
      const [hit] = valueOf(await store.query({ vector: Float32Array.of(1, 0), topK: 1 }));
      await server.close();
      expect(vector?.data).toEqual(Float32Array.of(0.1, 1));
      expect(hit?.distance).toBeCloseTo(0.1, 6);
    },
  );
});

describe('makeVector', () => {
  const metadata = { src: 'handbook', doc: 'handbook~1', chunk: 'c1' };
  const data = Float32Array.of(0.5, -1, 2, 3);

  it('names document, content and run in the key', () => {
    const one = makeVector(data, metadata, 'run1');
    expect(one.key).toBe(`handbook~1#${vectorHash(data, metadata)}#run1`);
    expect(one.metadata).toEqual({ ...metadata, h: vectorHash(data, metadata) });
    expect(one.metadata.h).toMatch(/^[0-9a-f]{64}$/u);
  });

  it.each([
    ['another number', Float32Array.of(0.5, -1, 2, 3.000_000_2), metadata, 'run1'],
    ['numbers in another order', Float32Array.of(-1, 0.5, 2, 3), metadata, 'run1'],
    ['another source', data, { ...metadata, src: 'other' }, 'run1'],
    ['another chunk', data, { ...metadata, chunk: 'c2' }, 'run1'],
    ['another run', data, metadata, 'run2'],
  ])('makes another key of %s', (_what, otherData, otherMetadata, run) => {
    expect(makeVector(otherData, otherMetadata, run).key).not.toBe(makeVector(data, metadata, 'run1').key);
  });

  it('makes one key of one content, computed twice', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, maxLength: 8, noNaN: true }), (numbers) => {
        expect(makeVector(Float32Array.from(numbers), metadata, 'r').key).toBe(makeVector(numbers, metadata, 'r').key);
      }),
    );
  });

  it('knows one zero only: JSON carries no sign of it, and a hash that does would call a healthy vector damaged', () => {
    const signed = makeVector(Float32Array.of(-0, 1), metadata, 'r');
    expect(signed.key).toBe(makeVector(Float32Array.of(0, 1), metadata, 'r').key);
    expect(Object.is(signed.data[0], 0)).toBe(true);
  });
});

describe('batchesOf', () => {
  it('cuts a list into full batches and a rest, in order', () => {
    expect(batchesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(batchesOf([1, 2], 2)).toEqual([[1, 2]]);
    expect(batchesOf([], LIMITS.vectorPutItemsMax)).toEqual([]);
  });
});
