/** The in-memory stores keep what the contracts promise; every other suite that uses them rests on this. */
import { describe, expect, it } from 'vitest';

import { InvariantError } from '../../functions/domain/errors.ts';
import type { Failure, Result } from '../../functions/domain/failure.ts';
import type { ReplicatedRecord } from '../../functions/domain/record.ts';
import type { Page } from '../../functions/stores/record-store.ts';
import type { StoredVector } from '../../functions/stores/vector-store.ts';
import { MemoryRecordStore, MemoryVectorStore } from './memory-stores.ts';

const DOWN: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'nobody there' };

const record = (sk: string, v: string, more: Partial<ReplicatedRecord> = {}): ReplicatedRecord => ({
  pk: 'p',
  sk,
  v,
  op: `op-${v}`,
  h: `h-${v}`,
  data: `{"v":"${v}"}`,
  ...more,
});

const valueOf = <T>(result: Result<T>): T => {
  if (result.kind === 'failed') {
    throw new Error(result.failure.message);
  }
  return result.value;
};

const readAll = async <T>(read: (after?: string) => Promise<Result<Page<T>>>): Promise<readonly T[]> => {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const page = valueOf(await read(after));
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return items;
};

describe('records in memory', () => {
  it('keep the highest version, whatever the order of writes', async () => {
    const store = new MemoryRecordStore();
    expect(await store.put(record('a', '2'))).toEqual({ kind: 'written' });
    expect(await store.put(record('a', '1'))).toEqual({ kind: 'superseded', v: '2' });
    expect(await store.put(record('a', '3', { del: true, data: '' }))).toEqual({ kind: 'written' });
    expect(valueOf(await store.get({ pk: 'p', sk: 'a' }))).toEqual(
      record('a', '3', { del: true, data: '', receivedAt: 0 }),
    );
  });

  it('take a repeated write as written, and another write of the same version as superseded', async () => {
    const store = new MemoryRecordStore();
    await store.put(record('a', '2'));
    expect(await store.put(record('a', '2'))).toEqual({ kind: 'written' });
    expect(await store.put(record('a', '2', { op: 'other' }))).toEqual({ kind: 'superseded', v: '2' });
  });

  it('read a claim without a record as nothing', async () => {
    const store = new MemoryRecordStore();
    await store.claim({ pk: 'p', sk: 'a' }, 'f1');
    expect(valueOf(await store.get({ pk: 'p', sk: 'a' }))).toBeUndefined();
    expect(valueOf(await store.query('p'))).toEqual({ items: [] });
    expect(valueOf(await store.scan({ segment: 0, segments: 1 }))).toEqual({ items: [] });
    expect(valueOf(await store.readSource({ pk: 'p', sk: 'a' }))).toEqual({ f: 'f1' });
  });

  it('refuse a claim below the fence that they have seen', async () => {
    const store = new MemoryRecordStore();
    const key = { pk: 'p', sk: 'a' };
    expect(await store.claim(key, 'f2')).toEqual({ kind: 'claimed' });
    expect(await store.claim(key, 'f2')).toEqual({ kind: 'claimed' });
    expect(await store.claim(key, 'f1')).toEqual({ kind: 'fenced', f: 'f2' });
  });

  it('commit under the very fence only, then by version, and leave the fence alone', async () => {
    const store = new MemoryRecordStore();
    const key = { pk: 'p', sk: 'a' };
    expect(await store.commit(record('a', '1'), 'f1')).toEqual({ kind: 'fenced', f: '' });
    await store.claim(key, 'f2');
    expect(await store.commit(record('a', '1'), 'f1')).toEqual({ kind: 'fenced', f: 'f2' });
    expect(await store.commit(record('a', '2'), 'f2')).toEqual({ kind: 'committed' });
    expect(await store.commit(record('a', '2'), 'f2')).toEqual({ kind: 'committed' });
    expect(await store.commit(record('a', '1'), 'f2')).toEqual({ kind: 'superseded', v: '2' });
    await store.claim(key, 'f3');
    expect(await store.commit(record('a', '3'), 'f2')).toEqual({ kind: 'fenced', f: 'f3' });
    expect(valueOf(await store.readSource(key))).toEqual({ f: 'f3', record: { ...record('a', '2'), f: 'f3' } });
  });

  it('list one partition in order of sort keys, by prefix and page by page', async () => {
    const store = new MemoryRecordStore({ pageItemsMax: 2 });
    for (const sk of ['b#2', 'a#9', 'b#10', 'B#1', 'b#1']) {
      await store.put(record(sk, '1'));
    }
    await store.put(record('b#3', '1', { pk: 'q' }));
    const all = await readAll(async (after) => store.query('p', after === undefined ? {} : { after }));
    expect(all.map(({ sk }) => sk)).toEqual(['B#1', 'a#9', 'b#1', 'b#10', 'b#2']);
    const prefixed = await readAll(async (after) =>
      store.queryDigests('p', { skPrefix: 'b#', pageItemsMax: 1, ...(after === undefined ? {} : { after }) }),
    );
    expect(prefixed).toEqual(['b#1', 'b#10', 'b#2'].map((sk) => ({ pk: 'p', sk, v: '1', h: 'h-1' })));
  });

  it('scan every replicated record in exactly one segment, and no local item', async () => {
    const store = new MemoryRecordStore({ pageItemsMax: 3 });
    const keys = Array.from({ length: 40 }, (_none, at) => `p${at}`);
    for (const pk of keys) {
      await store.put(record('a', '1', { pk }));
    }
    await store.putLocal({ pk: 'LOCAL#x', sk: 'a', order: 1, data: '' });
    const found = await Promise.all(
      [0, 1, 2, 3].map(async (segment) =>
        readAll(async (after) => store.scan({ segment, segments: 4, ...(after === undefined ? {} : { after }) })),
      ),
    );
    expect(found.every((items) => items.length > 0)).toBe(true);
    expect(found.flat().map(({ pk }) => pk)).toHaveLength(keys.length);
    expect(new Set(found.flat().map(({ pk }) => pk))).toEqual(new Set(keys));
  });

  it('keep the local item of the highest order', async () => {
    const store = new MemoryRecordStore();
    const item = { pk: 'LOCAL#GATE', sk: 'GATE', order: 2, data: 'two' };
    expect(valueOf(await store.putLocal(item))).toBe('written');
    expect(valueOf(await store.putLocal({ ...item, data: 'again' }))).toBe('kept');
    expect(valueOf(await store.putLocal({ ...item, order: 1, data: 'one' }))).toBe('kept');
    expect(valueOf(await store.getLocal(item))).toEqual(item);
  });

  it('answer with a failure and change nothing while they fail', async () => {
    let isDown = false;
    const store = new MemoryRecordStore({ fault: () => (isDown ? DOWN : undefined) });
    await store.put(record('a', '1'));
    isDown = true;
    const failure = { kind: 'failed', failure: DOWN };
    expect(await store.put(record('a', '2'))).toEqual(failure);
    expect(await store.claim({ pk: 'p', sk: 'a' }, 'f')).toEqual(failure);
    expect(await store.commit(record('a', '2'), 'f')).toEqual(failure);
    expect(await store.get({ pk: 'p', sk: 'a' })).toEqual(failure);
    isDown = false;
    expect(valueOf(await store.readSource({ pk: 'p', sk: 'a' }))).toEqual({ record: record('a', '1') });
  });
});

const vector = (key: string, data: readonly number[], src = 's'): StoredVector => ({
  key,
  data: Float32Array.from(data),
  metadata: { src, doc: `${src}~d`, chunk: 'c', h: key },
});

describe('vectors in memory', () => {
  it('answer the nearest first, of the asked sources only', async () => {
    const store = new MemoryVectorStore(2);
    await store.put([
      vector('far', [-1, 0]),
      vector('near', [1, 0]),
      vector('mid', [1, 1]),
      vector('other', [1, 0], 't'),
    ]);
    const query = { vector: Float32Array.of(2, 0), topK: 2, sources: ['s'] };
    const hits = valueOf(await store.query(query));
    expect(hits.map(({ key }) => key)).toEqual(['near', 'mid']);
    expect(hits[0]?.distance).toBeCloseTo(0);
    expect(hits[1]?.distance).toBeCloseTo(1 - Math.SQRT1_2);
  });

  it('list each vector in exactly one segment, page by page', async () => {
    const store = new MemoryVectorStore(2, { pageItemsMax: 3 });
    const keys = Array.from({ length: 30 }, (_none, at) => `k${at}`);
    await store.put(keys.map((key) => vector(key, [1, 0])));
    const found = await Promise.all(
      [0, 1].map(async (segment) =>
        readAll(async (after) => store.list({ segment, segments: 2, ...(after === undefined ? {} : { after }) })),
      ),
    );
    expect(found.flat()).toHaveLength(keys.length);
    expect(new Set(found.flat().map(({ key }) => key))).toEqual(new Set(keys));
  });

  it('leave missing keys out, and delete what is not there without a word', async () => {
    const store = new MemoryVectorStore(2);
    await store.put([vector('a', [1, 0]), vector('b', [0, 1])]);
    await store.delete(['a', 'never']);
    expect(valueOf(await store.get(['a', 'b'])).map(({ key }) => key)).toEqual(['b']);
  });

  it('hold copies: nobody changes a stored vector from outside', async () => {
    const store = new MemoryVectorStore(2);
    const mine = vector('a', [1, 0]);
    await store.put([mine]);
    mine.data[0] = 9;
    (valueOf(await store.get(['a']))[0]?.data ?? mine.data)[0] = 7;
    expect(valueOf(await store.get(['a']))[0]?.data).toEqual(Float32Array.of(1, 0));
  });

  it.each([
    ['the wrong number of dimensions', vector('a', [1])],
    ['a zero vector', vector('a', [0, 0])],
    ['a value that is no number', vector('a', [Number.NaN, 1])],
    ['a key that is too long', vector('k'.repeat(1025), [1, 0])],
    ['metadata that is too large', vector('a', [1, 0], 's'.repeat(3000))],
  ])('refuse %s', async (_what, bad) => {
    const store = new MemoryVectorStore(2);
    expect(await store.put([vector('good', [1, 0]), bad])).toMatchObject({
      kind: 'failed',
      failure: { reason: 'refused', code: 'ValidationException' },
    });
    expect(store.vectors.size).toBe(0);
  });

  it('take the same vector again, and never other bytes under its key', async () => {
    const store = new MemoryVectorStore(2);
    await store.put([vector('a', [1, 0])]);
    expect(await store.put([vector('a', [1, 0])])).toEqual({ kind: 'done', value: undefined });
    await expect(store.put([vector('a', [0, 1])])).rejects.toThrow(InvariantError);
  });
});
