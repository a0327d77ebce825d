import { DeleteVectorsCommand, GetVectorsCommand, QueryVectorsCommand } from '@aws-sdk/client-s3vectors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openRegion, type OpenRegion, TestClock } from './open-region.ts';
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
let clock: TestClock;

beforeEach(async () => {
  clock = new TestClock();
  region = await openRegion({ now: clock.now });
});

afterEach(async () => {
  await region.close();
});

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

describe('largest and smallest', () => {
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
