/** No payload leaves a store in words: neither in a failure that is reported nor in an error that ends a run. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { InvariantError, TwinmapError } from '../../../functions/domain/errors.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import {
  canonicalText,
  makeRecord,
  makeTombstone,
  sha256Hex,
  TOMBSTONE_HASH,
} from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import { MemoryVectorStore } from '../../support/memory-stores.ts';
import { CALM, DIMENSIONS, type EmbeddedRegion, openEmbeddedRegion } from './embedded-region.ts';

const CANARY = 'canary-7f3a91';
const KEY = { pk: 'p', sk: 's' };
const WRITE = { v: '1', op: 'op' };
const RECORD = makeRecord(KEY, WRITE, { text: `a password: ${CANARY}` });

let region: EmbeddedRegion;
let stores: RegionStores;

beforeAll(async () => {
  region = await openEmbeddedRegion();
  stores = region.connect({ ...CALM, attemptsMax: 1 });
});

afterEach(() => {
  region.services.faults.clear();
});

afterAll(async () => {
  await region.close();
});

const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('a failure', () => {
  it.each(['refuse', 'reset', 'error-500', 'error-503', 'throttle', 'lost-reply'] as const)(
    'of a write that meets %s holds nothing of what was written',
    async (mode) => {
      const source = { ...RECORD, sk: mode };
      await stores.tables.graph.claim(source, 'f');
      region.services.faults.set({ service: '*', mode });
      const outcomes = await Promise.all([
        stores.tables.graph.put(RECORD),
        stores.tables.graph.commit(source, 'f'),
        stores.tables.workspaces.putLocal({ pk: 'LOCAL#x', sk: mode, order: 1, data: CANARY }),
      ]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'failed', 'failed']);
      expect(JSON.stringify(outcomes)).not.toContain(CANARY);
    },
  );

  it('of an item that the service refuses for its size holds nothing of it', async () => {
    const data = CANARY.repeat(LIMITS.dynamoItemBytesMax / CANARY.length + 1);
    const outcome = await stores.tables.graph.put({ ...RECORD, v: '2', data });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { reason: 'refused', code: 'ValidationException' } });
    expect(JSON.stringify(outcome)).not.toContain(CANARY);
  });

  it('of a vector that the service refuses holds nothing of its metadata', async () => {
    const metadata = { src: CANARY.repeat(300), doc: 's~1', chunk: 'c' };
    const vector = { ...makeVector(Float32Array.of(1, 0, 0, 0), metadata, 'run'), key: 'k' };
    for (const store of [stores.vectors, new MemoryVectorStore(DIMENSIONS)]) {
      const outcome = await store.put([vector]);
      expect(outcome).toMatchObject({ kind: 'failed', failure: { reason: 'refused' } });
      expect(JSON.stringify(outcome)).not.toContain(CANARY);
    }
  });
});

describe('an error', () => {
  it('about a record that is too large names the record, not its payload', () => {
    const error = thrownBy(() => makeRecord(KEY, WRITE, { text: CANARY.repeat(30_000) }));
    expect(error).toBeInstanceOf(InvariantError);
    expect(String(error)).toContain(`record ${KEY.sk} is over`);
    expect(String(error)).not.toContain(CANARY);
  });

  it('about a payload that is no JSON holds nothing of it', () => {
    const error = thrownBy(() => canonicalText(() => CANARY));
    expect(error).toBeInstanceOf(TwinmapError);
    expect(String(error)).not.toContain(CANARY);
  });
});

describe('the envelope', () => {
  it('has one text for one value, whatever the order of its keys', () => {
    expect(canonicalText({ b: [1, { d: 2, c: 3 }], a: 'ü' })).toBe('{"a":"ü","b":[1,{"c":3,"d":2}]}');
    expect(makeRecord(KEY, WRITE, { b: 1, a: 2 })).toEqual(makeRecord(KEY, WRITE, { a: 2, b: 1 }));
  });

  it('hashes the stored text itself', () => {
    expect(RECORD.h).toBe(sha256Hex(RECORD.data));
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('takes a payload of exactly the limit, and not one byte more', () => {
    const frame = canonicalText({ text: '' }).length;
    const text = 'x'.repeat(LIMITS.recordBytesMax - frame);
    expect(makeRecord(KEY, WRITE, { text }).data).toHaveLength(LIMITS.recordBytesMax);
    expect(() => makeRecord(KEY, WRITE, { text: `${text}x` })).toThrow(InvariantError);
  });

  it('makes a tombstone without a payload, under the hash of nothing', () => {
    expect(makeTombstone(KEY, WRITE)).toEqual({ ...KEY, ...WRITE, h: TOMBSTONE_HASH, del: true, data: '' });
    expect(TOMBSTONE_HASH).toBe(sha256Hex(''));
  });
});
