import {
  DeleteVectorsCommand,
  GetVectorsCommand,
  ListVectorsCommand,
  type PutInputVector,
} from '@aws-sdk/client-s3vectors';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { openRegion, type OpenRegion } from './open-region.ts';
import {
  createVectorIndex,
  entries,
  entry,
  listAll,
  putVectors,
  queryVectors,
  refusalOf,
  TARGET,
} from './vector-index.ts';

let region: OpenRegion;

beforeAll(async () => {
  region = await openRegion();
  await createVectorIndex(region);
});

afterAll(async () => {
  await region.close();
});

const long = 'x'.repeat(1025);
const manyKeys = Object.fromEntries(Array.from({ length: 51 }, (_, position) => [`k${position}`, position]));

test.each<[string, () => PutInputVector[], string]>([
  ['501 vectors', () => entries(501), 'vectors: must be a list of 1 to 500'],
  ['no vectors', () => [], 'vectors: must be a list of 1 to 500'],
  ['a wrong dimension', () => [entry('a', [1, 2])], 'vectors[0].data: has 2 components'],
  ['a zero vector under cosine', () => [entry('a', [0, 0, 0])], 'a zero vector has no direction'],
  ['NaN', () => [entry('a', [1, Number.NaN, 0])], 'must consist of finite numbers'],
  ['infinity', () => [entry('a', [1, Infinity, 0])], 'must consist of finite numbers'],
  ['float32 overflow', () => [entry('a', [1e39, 0, 0])], 'finite as float32'],
  ['an empty key', () => [entry('', [1, 0, 0])], 'vectors[0].key'],
  ['a key of 1025 characters', () => [entry(long, [1, 0, 0])], 'vectors[0].key'],
  ['51 metadata keys', () => [entry('a', [1, 0, 0], manyKeys)], 'at most 50 keys'],
  ['over 2 KB filterable', () => [entry('a', [1, 0, 0], { f: 'x'.repeat(2048) })], 'at most 2048 bytes'],
  ['over 40 KB in total', () => [entry('a', [1, 0, 0], { text: 'x'.repeat(40 * 1024) })], 'at most 40960 bytes'],
  ['nested filterable values', () => [entry('a', [1, 0, 0], { f: { g: 1 } })], 'filterable values must be'],
])('a put of %s is refused, and nothing of it is stored', async (_title, vectors, reason) => {
  expect(await refusalOf(putVectors(region, vectors()))).toContain(reason);
  await expect(listAll(region)).resolves.toEqual([[]]);
});

test.each<[string, () => Promise<unknown>, string]>([
  [
    '101 keys in a get',
    async () =>
      region.s3vectors.send(new GetVectorsCommand({ ...TARGET, keys: entries(101).map(({ key }) => key ?? '') })),
    'keys: must be a list of 1 to 100',
  ],
  [
    '501 keys in a delete',
    async () =>
      region.s3vectors.send(new DeleteVectorsCommand({ ...TARGET, keys: entries(501).map(({ key }) => key ?? '') })),
    'keys: must be a list of 1 to 500',
  ],
  ['topK 0', async () => queryVectors(region, { vector: [1, 0, 0], topK: 0 }), 'topK'],
  ['topK 10001', async () => queryVectors(region, { vector: [1, 0, 0], topK: 10_001 }), 'topK'],
  ['a query of another dimension', async () => queryVectors(region, { vector: [1] }), 'has 1 components'],
  ['1001 results of a listing', async () => listAll(region, { maxResults: 1001 }), 'maxResults'],
  ['17 segments', async () => listAll(region, { segmentCount: 17, segmentIndex: 0 }), 'segmentCount'],
  ['a segment beyond the last', async () => listAll(region, { segmentCount: 4, segmentIndex: 4 }), 'segmentIndex'],
  ['a segment without a count', async () => listAll(region, { segmentIndex: 0 }), 'segmentIndex'],
  [
    'a token that is none',
    async () => region.s3vectors.send(new ListVectorsCommand({ ...TARGET, nextToken: 'x' })),
    'nextToken',
  ],
])('%s is refused as invalid', async (_title, call, reason) => {
  const refusal = await refusalOf(call());
  expect(refusal).toContain('ValidationException');
  expect(refusal).toContain(reason);
});

test('a refusal names its field', async () => {
  const refused = putVectors(region, [entry('a', [1, 2])]);
  await expect(refused).rejects.toMatchObject({ fieldList: [{ path: 'vectors[0].data' }] });
});
