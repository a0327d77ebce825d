import {
  DeleteVectorsCommand,
  GetVectorsCommand,
  ListVectorsCommand,
  type PutInputVector,
  QueryVectorsCommand,
} from '@aws-sdk/client-s3vectors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openRegion, type OpenRegion, TestClock } from './open-region.ts';
import { createVectorIndex, listAll, putVectors, queryVectors, refusalOf, TARGET } from './vector-index.ts';

let region: OpenRegion;
let clock: TestClock;

beforeEach(async () => {
  clock = new TestClock();
  region = await openRegion({ now: clock.now });
});

afterEach(async () => {
  await region.close();
});

const entry = (key: string, float32: number[], metadata?: PutInputVector['metadata']): PutInputVector =>
  metadata === undefined ? { key, data: { float32 } } : { key, data: { float32 }, metadata };

const entries = (count: number, dimension = 3): PutInputVector[] =>
  Array.from({ length: count }, (_, position) =>
    entry(`k${position}`, [position + 1, ...Array.from({ length: dimension - 1 }, () => 0.1)]),
  );

const sortedKeys = (pages: readonly (readonly { readonly key: string | undefined }[])[]): readonly string[] =>
  pages
    .flat()
    .map(({ key }) => key ?? '')
    .toSorted();

describe('put, get, delete', () => {
  test('float32 values and metadata come back as they were put; a put replaces the whole vector', async () => {
    await createVectorIndex(region);
    await putVectors(region, [entry('a', [0.1, -2.5, 3e-20], { region: 'us', n: 1, tags: ['x', 'y'], text: 'long' })]);
    const read = new GetVectorsCommand({ ...TARGET, keys: ['a', 'missing'], returnData: true, returnMetadata: true });
    await expect(region.s3vectors.send(read)).resolves.toMatchObject({
      vectors: [
        {
          key: 'a',
          data: { float32: [0.1, -2.5, 3e-20].map((value) => Math.fround(value)) },
          metadata: { region: 'us', n: 1, tags: ['x', 'y'], text: 'long' },
        },
      ],
    });
    await putVectors(region, [entry('a', [1, 1, 1])]);
    const { vectors } = await region.s3vectors.send(read);
    expect(vectors).toEqual([{ key: 'a', data: { float32: [1, 1, 1] } }]);
  });

  test('a deleted vector is gone from gets, listings and queries; deleting it again is fine', async () => {
    await createVectorIndex(region);
    await putVectors(region, entries(3));
    await queryVectors(region, { vector: [1, 0, 0] });
    for (const keys of [['k0', 'nobody'], ['k0']]) {
      await region.s3vectors.send(new DeleteVectorsCommand({ ...TARGET, keys }));
    }
    await expect(queryVectors(region, { vector: [1, 0, 0] })).resolves.toMatchObject({
      vectors: [{ key: 'k2' }, { key: 'k1' }],
    });
    expect(sortedKeys(await listAll(region))).toEqual(['k1', 'k2']);
  });

  test('everything is there after a restart', async () => {
    await createVectorIndex(region);
    await putVectors(region, [entry('a', [1, 2, 3], { text: 'kept' })]);
    region = await region.restart();
    await expect(
      queryVectors(region, { vector: [1, 2, 3], returnDistance: true, returnMetadata: true }),
    ).resolves.toMatchObject({ vectors: [{ key: 'a', distance: 0, metadata: { text: 'kept' } }] });
  });
});

describe('bounds', () => {
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
    await createVectorIndex(region);
    expect(await refusalOf(putVectors(region, vectors()))).toContain(reason);
    await expect(listAll(region)).resolves.toEqual([[]]);
  });

  test('500 vectors, 2 KB filterable and 39 KB of text in one vector are fine', async () => {
    await createVectorIndex(region);
    await putVectors(region, entries(500));
    await putVectors(region, [entry('rich', [1, 0, 0], { f: 'x'.repeat(2000), text: 'y'.repeat(37 * 1024) })]);
    expect((await listAll(region, { maxResults: 1000 })).flat()).toHaveLength(501);
  });

  test('a zero vector is fine under euclidean', async () => {
    await createVectorIndex(region, { distanceMetric: 'euclidean' });
    await putVectors(region, [entry('zero', [0, 0, 0]), entry('far', [3, 4, 0])]);
    await expect(queryVectors(region, { vector: [0, 0, 0], returnDistance: true })).resolves.toMatchObject({
      distanceMetric: 'euclidean',
      vectors: [
        { key: 'zero', distance: 0 },
        { key: 'far', distance: 5 },
      ],
    });
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
    await createVectorIndex(region);
    const refusal = await refusalOf(call());
    expect(refusal).toContain('ValidationException');
    expect(refusal).toContain(reason);
  });

  test('a refusal names its field', async () => {
    await createVectorIndex(region);
    const refused = putVectors(region, [entry('a', [1, 2])]);
    await expect(refused).rejects.toMatchObject({ fieldList: [{ path: 'vectors[0].data' }] });
  });
});

describe('listing', () => {
  test('pages and segments show every vector exactly once', async () => {
    await createVectorIndex(region);
    await putVectors(region, entries(500));
    await putVectors(region, entries(900).slice(500));
    const keys = entries(900)
      .map(({ key }) => key ?? '')
      .toSorted();
    const pages = await listAll(region, { maxResults: 70 });
    expect(pages).toHaveLength(13);
    expect(sortedKeys(pages)).toEqual(keys);
    const segments = await Promise.all(
      Array.from({ length: 7 }, async (_, segmentIndex) =>
        (await listAll(region, { segmentCount: 7, segmentIndex, maxResults: 50 })).flat(),
      ),
    );
    expect(Math.min(...segments.map(({ length }) => length))).toBeGreaterThan(50);
    expect(sortedKeys(segments)).toEqual(keys);
  });

  test('a page ends at 1 MB, and shows data and metadata only when asked', async () => {
    await createVectorIndex(region);
    const text = 'x'.repeat(30 * 1024);
    await putVectors(
      region,
      Array.from({ length: 100 }, (_, position) => entry(`k${position}`, [position + 1, 0.1, 0.1], { text })),
    );
    const pages = await listAll(region, { returnMetadata: true, returnData: true });
    expect(pages.map(({ length }) => length)).toEqual([34, 34, 32]);
    expect(pages[0]?.[0]).toMatchObject({
      data: { float32: [expect.any(Number), expect.any(Number), expect.any(Number)] },
    });
    const [bare] = await listAll(region);
    expect(bare).toHaveLength(100);
    expect(Object.keys(bare?.[0] ?? {})).toEqual(['key']);
  });
});

describe('query', () => {
  test('results come nearest first, equal ones by key, with distance and metadata only when asked', async () => {
    await createVectorIndex(region);
    await putVectors(region, [
      entry('far', [-1, 0, 0]),
      entry('b', [2, 0, 0], { n: 1 }),
      entry('side', [0, 1, 0]),
      entry('a', [1, 0, 0]),
    ]);
    const { vectors } = await queryVectors(region, { vector: [5, 0, 0], returnDistance: true, returnMetadata: true });
    expect(vectors).toEqual([
      { key: 'a', distance: 0 },
      { key: 'b', distance: 0, metadata: { n: 1 } },
      { key: 'side', distance: 1 },
      { key: 'far', distance: 2 },
    ]);
    const top = await queryVectors(region, { vector: [5, 0, 0], topK: 2 });
    expect(top.vectors).toEqual([{ key: 'a' }, { key: 'b' }]);
  });

  test('the nearest of many are those that sorting all distances gives', async () => {
    await createVectorIndex(region, { dimension: 8, distanceMetric: 'euclidean' });
    const vectors = Array.from({ length: 400 }, (_, position) =>
      entry(
        `k${position}`,
        Array.from({ length: 8 }, (_unused, axis) => Math.sin(position * 13.7 + axis * 5.1)),
      ),
    );
    await putVectors(region, vectors);
    const query = Array.from({ length: 8 }, (_, axis) => Math.cos(axis));
    const distanceTo = (values: readonly number[]): number =>
      Math.hypot(...values.map((value, axis) => Math.fround(value) - Math.fround(query[axis] ?? 0)));
    const expected = vectors
      .map(({ key, data }) => ({ key, distance: distanceTo(data?.float32 ?? []) }))
      .toSorted((left, right) => left.distance - right.distance)
      .slice(0, 25);
    const found = await queryVectors(region, { vector: query, topK: 25, returnDistance: true });
    expect(found.vectors?.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
    expect(found.vectors?.[24]?.distance).toBeCloseTo(expected[24]?.distance ?? 0, 6);
  });

  test('more than 100 results come in pages of the list that the first page was cut from', async () => {
    await createVectorIndex(region, { distanceMetric: 'euclidean' });
    await putVectors(region, entries(250));
    const query = { vector: [0, 0.1, 0.1], topK: 230 };
    const first = await queryVectors(region, query);
    await region.s3vectors.send(new DeleteVectorsCommand({ ...TARGET, keys: ['k150'] }));
    await putVectors(region, [entry('nearer', [0, 0.1, 0.1])]);
    const second = await queryVectors(region, { ...query, nextToken: first.nextToken });
    const third = await queryVectors(region, { ...query, nextToken: second.nextToken });
    const keys = [first, second, third].flatMap(({ vectors }) => vectors ?? []).map(({ key }) => key);
    expect(keys).toEqual(entries(230).map(({ key }) => key));
    expect(third.nextToken).toBeUndefined();
  });

  test('a page token ends after five minutes and belongs to its index', async () => {
    await createVectorIndex(region);
    await putVectors(region, entries(150));
    const query = { vector: [1, 0, 0], topK: 150 };
    const { nextToken } = await queryVectors(region, query);
    clock.advance(5 * 60 * 1000);
    expect(await refusalOf(queryVectors(region, { ...query, nextToken }))).toContain('no longer valid');
  });

  test('a missing index is not found', async () => {
    const query = new QueryVectorsCommand({ ...TARGET, topK: 1, queryVector: { float32: [1] } });
    expect(await refusalOf(region.s3vectors.send(query))).toContain('NotFoundException: The specified index');
  });
});

describe('filters', () => {
  const DATA = [
    entry('a', [1, 0, 0], { team: 'map', n: 1, live: true, tags: ['x', 'y'], text: 'one' }),
    entry('b', [1, 0.1, 0], { team: 'ops', n: 2, live: false, tags: ['y'], text: 'two' }),
    entry('c', [1, 0.2, 0], { team: 'maps', n: 3 }),
    entry('d', [1, 0.3, 0]),
  ];

  test.each<[object, string]>([
    [{ team: 'map' }, 'a'],
    [{ team: { $eq: 'ops' } }, 'b'],
    [{ tags: 'y' }, 'ab'],
    [{ team: { $ne: 'map' } }, 'bcd'],
    [{ n: { $gt: 1 } }, 'bc'],
    [{ n: { $gte: 2, $lt: 3 } }, 'b'],
    [{ n: { $lte: 1 } }, 'a'],
    [{ team: { $in: ['map', 'ops'] } }, 'ab'],
    [{ team: { $nin: ['map', 'ops'] } }, 'cd'],
    [{ team: { $startsWith: 'map' } }, 'ac'],
    [{ live: { $exists: true } }, 'ab'],
    [{ live: { $exists: false } }, 'cd'],
    [{ live: false }, 'b'],
    [{ $or: [{ n: 1 }, { team: 'maps' }] }, 'ac'],
    [{ $and: [{ tags: 'y' }, { n: { $gt: 1 } }] }, 'b'],
    [{ n: { $gte: 1 }, team: { $startsWith: 'm' } }, 'ac'],
    [{ n: '1' }, ''],
  ])('%j finds %s', async (filter, expected) => {
    await createVectorIndex(region);
    await putVectors(region, DATA);
    const { vectors } = await queryVectors(region, { vector: [1, 0, 0], filter: filter as never });
    expect(vectors?.map(({ key }) => key).join('')).toBe(expected);
  });

  test('a filter sees vectors that were put, replaced and deleted after the first filtered query', async () => {
    await createVectorIndex(region);
    await putVectors(region, DATA);
    const find = async (): Promise<string | undefined> => {
      const { vectors } = await queryVectors(region, { vector: [1, 0, 0], filter: { team: 'map' } });
      return vectors?.map(({ key }) => key).join('');
    };
    await expect(find()).resolves.toBe('a');
    await putVectors(region, [entry('e', [1, 0.5, 0], { team: 'map' }), entry('a', [1, 0, 0], { team: 'other' })]);
    await expect(find()).resolves.toBe('e');
    await region.s3vectors.send(new DeleteVectorsCommand({ ...TARGET, keys: ['e'] }));
    await expect(find()).resolves.toBe('');
  });

  test.each<[object, string]>([
    [{ text: 'one' }, 'names text, which this index declares as non-filterable'],
    [{ $or: [{ n: 1 }, { text: { $exists: true } }] }, 'non-filterable'],
    [{}, 'not empty'],
    [{ n: { $near: 1 } }, 'unknown operator $near'],
    [{ $not: { n: 1 } }, 'unknown operator $not'],
    [{ n: { $gt: 'x' } }, '$gt takes a number'],
    [{ n: { $in: [] } }, '$in takes a list'],
    [{ $and: [] }, '$and takes a list'],
    [{ n: {} }, 'without a constraint'],
    [{ n: [1, 2] }, '$eq takes'],
    [{ $or: Array.from({ length: 101 }, (_, n) => ({ n })) }, 'more than 100 constraints'],
  ])('%j is refused', async (filter, reason) => {
    await createVectorIndex(region);
    await putVectors(region, DATA);
    expect(await refusalOf(queryVectors(region, { vector: [1, 0, 0], filter: filter as never }))).toContain(reason);
  });
});
