import { DeleteVectorsCommand } from '@aws-sdk/client-s3vectors';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { openRegion, type OpenRegion } from './open-region.ts';
import { createVectorIndex, entry, putVectors, queryVectors, refusalOf, TARGET } from './vector-index.ts';

const DATA = [
  entry('a', [1, 0, 0], { team: 'map', n: 1, live: true, tags: ['x', 'y'], text: 'one' }),
  entry('b', [1, 0.1, 0], { team: 'ops', n: 2, live: false, tags: ['y'], text: 'two' }),
  entry('c', [1, 0.2, 0], { team: 'maps', n: 3 }),
  entry('d', [1, 0.3, 0]),
];

let region: OpenRegion;

beforeAll(async () => {
  region = await openRegion();
  await createVectorIndex(region);
  await putVectors(region, DATA);
});

afterAll(async () => {
  await region.close();
});

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
  const { vectors } = await queryVectors(region, { vector: [1, 0, 0], filter: filter as never });
  expect(vectors?.map(({ key }) => key).join('')).toBe(expected);
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
  expect(await refusalOf(queryVectors(region, { vector: [1, 0, 0], filter: filter as never }))).toContain(reason);
});

test('a filter sees vectors that were put, replaced and deleted after the first filtered query', async () => {
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
