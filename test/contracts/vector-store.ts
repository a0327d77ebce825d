/**
 * What every vector store must do, whatever holds the vectors (DESIGN §3.7): the same float32 bytes back, batches of any
 * length, listings that are whole, queries by cosine distance and source. A run brings an empty index of four dimensions.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LIMITS } from '../../functions/domain/limits.ts';
import { makeVector, vectorHash } from '../../functions/stores/vector-hash.ts';
import type { StoredVector, VectorHit, VectorStore } from '../../functions/stores/vector-store.ts';
import { itemsOf, pagesOf, valueOf } from '../functions/stores/outcomes.ts';

export interface OpenVectorStore {
  readonly store: VectorStore;
  close(): Promise<void>;
}

const RUN = '01J00000000000000000000000';
const DIMENSIONS = 4;

interface Named {
  readonly src?: string;
  readonly chunk?: string;
  readonly run?: string;
}

const vector = (data: readonly number[], { src = 'handbook', chunk = 'c1', run = RUN }: Named = {}): StoredVector =>
  makeVector(Float32Array.from(data), { src, doc: `${src}~00000000000000000001`, chunk }, run);

const numbered = (count: number): readonly StoredVector[] =>
  Array.from({ length: count }, (_, at) => vector([1, at / 7, -at, 0.1], { chunk: `c${at}` }));

const keysOf = (vectors: readonly { readonly key: string }[]): readonly string[] => vectors.map(({ key }) => key);

/** As bits, so that a rounded value and a lost sign are seen. */
const bitsOf = ({ data }: StoredVector): readonly number[] => [
  ...new Uint32Array(data.buffer, data.byteOffset, data.length),
];

/** Every bit pattern that is a finite float32, tiny ones and both zeros included. */
const float32 = fc
  .integer({ min: 0, max: 0xff_ff_ff_ff })
  .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0)
  .filter((value) => Number.isFinite(value));

type Harness = () => VectorStore;

const listAll = async (store: VectorStore, segments = 1): Promise<readonly (readonly StoredVector[])[]> =>
  Promise.all(
    Array.from({ length: segments }, async (_, segment) =>
      itemsOf(async (after) => store.list({ segment, segments, ...after })),
    ),
  );

const describePuts = (store: Harness): void => {
  describe('put and get', () => {
    it('give back key, bytes and metadata', async () => {
      const one = vector([0.1, -2.5, 3, 0]);
      await store().put([one]);
      expect(valueOf(await store().get([one.key]))).toEqual([one]);
    });

    it('keep every float32 to the bit, and its hash with it', async () => {
      const extremes = [
        [1.401_298_464_324_817e-45, -1.175_494_35e-38, 3.402_823_466_385_288_6e38, Math.fround(0.1)],
        [-0, 0, -0, 1],
      ];
      const arrays = fc.sample(fc.array(float32, { minLength: DIMENSIONS, maxLength: DIMENSIONS }), {
        numRuns: 60,
        seed: 7,
      });
      const vectors = [...extremes, ...arrays]
        .filter((data) => data.some((value) => value !== 0))
        .map((data, at) => vector(data, { chunk: `c${at}` }));
      await store().put(vectors);
      const stored = new Map(valueOf(await store().get(keysOf(vectors))).map((one) => [one.key, one]));
      expect(stored.size).toBe(vectors.length);
      for (const one of vectors) {
        const found = stored.get(one.key) ?? one;
        expect(bitsOf(found)).toEqual(bitsOf(one));
        expect(vectorHash(found.data, found.metadata)).toBe(one.metadata.h);
      }
    });

    it('leave keys out that are not there, and need none at all', async () => {
      const [here, gone] = [vector([1, 0, 0, 0]), vector([0, 1, 0, 0])];
      await store().put([here]);
      expect(keysOf(valueOf(await store().get([gone.key, here.key])))).toEqual([here.key]);
      expect(valueOf(await store().get([gone.key]))).toEqual([]);
      expect(valueOf(await store().get([]))).toEqual([]);
      expect(await store().put([])).toEqual({ kind: 'done', value: undefined });
    });

    it('take the same vectors again, in any order and overlap, without a change', async () => {
      const vectors = numbered(6);
      await store().put(vectors.slice(0, 4));
      await store().put(vectors.toReversed());
      await store().put(vectors.slice(2));
      const [found = []] = await listAll(store());
      expect(keysOf(found).toSorted()).toEqual(keysOf(vectors).toSorted());
      expect(valueOf(await store().get(keysOf(vectors))).map((one) => bitsOf(one))).toEqual(
        vectors.map((one) => bitsOf(one)),
      );
    });

    it('are a copy: who changes a vector afterwards changes nothing stored', async () => {
      const one = vector([1, 2, 3, 4]);
      const { data } = one;
      await store().put([one]);
      data[0] = 9;
      expect(valueOf(await store().get([one.key]))[0]?.data[0]).toBe(1);
    });

    it.each([
      ['too few numbers', [1, 2, 3]],
      ['too many numbers', [1, 2, 3, 4, 5]],
      ['no direction', [0, 0, 0, 0]],
      ['a value that is no number', [Number.NaN, 1, 1, 1]],
      ['an infinite value', [Number.POSITIVE_INFINITY, 1, 1, 1]],
    ])('refuse a vector with %s, and store nothing of its batch', async (_what, data) => {
      const good = vector([1, 0, 0, 0]);
      const refused = await store().put([good, vector(data, { chunk: 'bad' })]);
      expect(refused).toMatchObject({ kind: 'failed', failure: { reason: 'refused' } });
      expect(valueOf(await store().get([good.key]))).toEqual([]);
    });
  });
};

const describeListings = (store: Harness): void => {
  describe('many vectors', () => {
    const MANY = 2 * LIMITS.vectorPutItemsMax + 101;

    it('are put, read, listed and deleted whatever one call of the service takes', async () => {
      const vectors = numbered(MANY);
      expect(await store().put(vectors)).toEqual({ kind: 'done', value: undefined });
      const found = valueOf(await store().get(keysOf(vectors)));
      expect(keysOf(found)).toEqual(keysOf(vectors));
      expect(found.map((one) => bitsOf(one))).toEqual(vectors.map((one) => bitsOf(one)));
      const pages = await pagesOf(async (after) => store().list({ segment: 0, segments: 1, ...after }));
      expect(pages.length).toBeGreaterThan(1);
      expect(keysOf(pages.flat()).toSorted()).toEqual(keysOf(vectors).toSorted());
      const kept = vectors.slice(0, 3);
      expect(await store().delete(keysOf(vectors.slice(3)))).toEqual({ kind: 'done', value: undefined });
      expect(keysOf((await listAll(store())).flat()).toSorted()).toEqual(keysOf(kept).toSorted());
    });
  });

  describe('list', () => {
    it('gives each vector in exactly one segment, with its bytes and metadata', async () => {
      const vectors = numbered(50);
      await store().put(vectors);
      const bySegment = await listAll(store(), 4);
      const found = bySegment.flat().toSorted((left, right) => (left.key < right.key ? -1 : 1));
      expect(found).toEqual(vectors.toSorted((left, right) => (left.key < right.key ? -1 : 1)));
      expect(bySegment.filter((segment) => segment.length > 0).length).toBeGreaterThan(1);
    });

    it('gives an empty index as one empty page', async () => {
      expect(valueOf(await store().list({ segment: 0, segments: 1 }))).toEqual({ items: [] });
    });

    it('sees puts and deletes at once', async () => {
      const [one, two] = [vector([1, 0, 0, 0]), vector([0, 1, 0, 0])];
      await store().put([one, two]);
      expect((await listAll(store())).flat()).toHaveLength(2);
      await store().delete([one.key]);
      expect(keysOf((await listAll(store())).flat())).toEqual([two.key]);
    });
  });

  describe('delete', () => {
    it('takes what is there, and says nothing of what is not', async () => {
      const [one, two] = [vector([1, 0, 0, 0]), vector([0, 1, 0, 0])];
      await store().put([one, two]);
      expect(await store().delete([one.key, 'never-put'])).toEqual({ kind: 'done', value: undefined });
      expect(await store().delete([])).toEqual({ kind: 'done', value: undefined });
      expect(keysOf(valueOf(await store().get([one.key, two.key])))).toEqual([two.key]);
    });

    it('that comes late for an older run leaves the vector of the newer one', async () => {
      const older = vector([1, 0, 0, 0]);
      const newer = vector([1, 0, 0, 0], { run: '01J00000000000000000000001' });
      await store().put([older]);
      await store().put([newer]);
      await store().delete([older.key]);
      expect(keysOf((await listAll(store())).flat())).toEqual([newer.key]);
    });
  });
};

const describeQueries = (store: Harness): void => {
  describe('query', () => {
    const near = vector([2, 0, 0, 0], { chunk: 'near' });
    const mid = vector([1, 1, 0, 0], { chunk: 'mid' });
    const far = vector([-1, 0, 0, 0], { chunk: 'far' });
    const foreign = vector([1, 0.1, 0, 0], { src: 'runbooks' });

    const query = async (topK: number, sources?: readonly string[]): Promise<readonly VectorHit[]> =>
      valueOf(
        await store().query({
          vector: Float32Array.of(1, 0, 0, 0),
          topK,
          ...(sources === undefined ? {} : { sources }),
        }),
      );

    beforeEach(async () => {
      await store().put([far, foreign, mid, near]);
    });

    it('gives the nearest first, by cosine distance, with metadata', async () => {
      const hits = await query(10);
      expect(keysOf(hits)).toEqual(keysOf([near, foreign, mid, far]));
      expect(hits[0]?.distance).toBeCloseTo(0, 5);
      expect(hits[2]?.distance).toBeCloseTo(1 - Math.SQRT1_2, 5);
      expect(hits[3]?.distance).toBeCloseTo(2, 5);
      expect(hits.map(({ metadata }) => metadata)).toEqual([near, foreign, mid, far].map(({ metadata }) => metadata));
    });

    it('gives no more than was asked for', async () => {
      expect(keysOf(await query(2))).toEqual(keysOf([near, foreign]));
    });

    it.each([
      [['handbook'], [near, mid, far]],
      [['runbooks'], [foreign]],
      [
        ['handbook', 'runbooks'],
        [near, foreign, mid, far],
      ],
      [['nobody'], []],
    ] as const)('of the sources %j gives theirs alone', async (sources, expected) => {
      expect(keysOf(await query(10, sources))).toEqual(keysOf(expected));
    });

    it('of more sources than one filter takes is the same', async () => {
      const others = Array.from({ length: 3 * LIMITS.vectorFilterSourcesMax }, (_none, at) => `other-${at}`);
      const sources = ['handbook', ...others, 'runbooks'];
      expect(keysOf(await query(10, sources))).toEqual(keysOf([near, foreign, mid, far]));
      expect(keysOf(await query(2, sources))).toEqual(keysOf([near, foreign]));
    });

    it('of no source at all gives nothing, and is no failure', async () => {
      expect(await query(10, [])).toEqual([]);
    });

    it('counts only the asked sources towards the number', async () => {
      expect(keysOf(await query(1, ['runbooks']))).toEqual([foreign.key]);
    });

    it('never gives more than the service does in one answer', async () => {
      await store().put(numbered(LIMITS.vectorQueryTopKMax + 20));
      expect(await query(LIMITS.vectorQueryTopKMax + 10)).toHaveLength(LIMITS.vectorQueryTopKMax);
    });

    it('forgets a deleted vector', async () => {
      await store().delete([near.key]);
      expect(keysOf(await query(1))).toEqual([foreign.key]);
    });

    it.each([
      ['too few numbers', [1, 0, 0]],
      ['no direction', [0, 0, 0, 0]],
    ])('refuses a vector with %s', async (_what, data) => {
      const refused = await store().query({ vector: Float32Array.from(data), topK: 1 });
      expect(refused).toMatchObject({ kind: 'failed', failure: { reason: 'refused' } });
    });
  });
};

export const vectorStoreContract = (name: string, open: () => Promise<OpenVectorStore>): void => {
  describe(`${name} keep the contract`, () => {
    let opened: OpenVectorStore;

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(async () => {
      await opened.close();
    });

    const store = (): VectorStore => opened.store;
    describePuts(store);
    describeListings(store);
    describeQueries(store);
  });
};
