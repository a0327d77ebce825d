/**
 * What every record store must do, whatever holds the items (DESIGN §3): merge-max writes, fences, commits, strong reads in
 * pages. A run brings a store that is empty; nothing of another test is in it.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LIMITS } from '../../functions/domain/limits.ts';
import { LOCAL_PREFIX, type RecordKey, type ReplicatedRecord } from '../../functions/domain/record.ts';
import { makeRecord, makeTombstone } from '../../functions/stores/envelope.ts';
import type { CommitOutcome, RecordStore, StoredRecord } from '../../functions/stores/record-store.ts';
import { describeOwedRecords } from './owed-records.ts';
import { itemsOf, pagesOf, valueOf } from '../functions/stores/outcomes.ts';

export interface OpenRecordStore {
  readonly store: RecordStore;
  close(): Promise<void>;
}

interface Write {
  readonly v: string;
  readonly op?: string;
  readonly del?: boolean;
  readonly payload?: unknown;
}

const KEY: RecordKey = { pk: 'p', sk: 'a' };
const SOURCE: RecordKey = { pk: 'sources', sk: 'handbook' };

const write = (key: RecordKey, { v, op = `op-${v}`, del = false, payload = { v } }: Write): ReplicatedRecord =>
  del ? makeTombstone(key, { v, op }) : makeRecord(key, { v, op }, payload);

/** A tombstone as it is read back: with the time at which this Region got it. */
const received = <T extends object>(tombstone: T): T => ({ ...tombstone, receivedAt: expect.any(Number) as number });

const shuffles = <T>(items: readonly T[]): fc.Arbitrary<readonly T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

/** Every write at least once, in any order, some of them again. */
const deliveries = (writes: readonly ReplicatedRecord[]): fc.Arbitrary<readonly ReplicatedRecord[]> =>
  fc
    .tuple(shuffles(writes), fc.array(fc.constantFrom(...writes), { maxLength: 4 }))
    .chain(([once, again]) => shuffles([...once, ...again]));

type Harness = () => RecordStore;

const describeWrites = (store: Harness): void => {
  describe('put', () => {
    it('keeps the highest version, whatever the order and repetition of writes, and says what became of each', async () => {
      let run = 0;
      const writes = ['1', '2', '3', '4'].map((v) => write(KEY, { v, del: v === '3' }));
      await fc.assert(
        fc.asyncProperty(deliveries(writes), async (delivered) => {
          run += 1;
          const key = { pk: 'p', sk: `run-${run}` };
          let stored = '';
          for (const one of delivered) {
            const outcome = await store().put({ ...one, ...key });
            expect(outcome).toEqual(one.v >= stored ? { kind: 'written' } : { kind: 'superseded', v: stored });
            stored = one.v > stored ? one.v : stored;
          }
          expect(valueOf(await store().get(key))).toEqual({ ...write(KEY, { v: '4' }), ...key });
        }),
        { numRuns: 25 },
      );
    });

    it('keeps the highest version of writes that come at once', async () => {
      const writes = Array.from({ length: 12 }, (_, at) => write(KEY, { v: String(10 + ((at * 5) % 12)) }));
      const outcomes = await Promise.all(writes.map(async (one) => store().put(one)));
      expect(outcomes[writes.findIndex(({ v }) => v === '21')]).toEqual({ kind: 'written' });
      expect(new Set(outcomes.map(({ kind }) => kind)).has('failed')).toBe(false);
      expect(valueOf(await store().get(KEY))).toEqual(write(KEY, { v: '21' }));
    });

    it('takes the same write again as written, also after it was read', async () => {
      const one = write(KEY, { v: '2' });
      expect(await store().put(one)).toEqual({ kind: 'written' });
      expect(await store().put(one)).toEqual({ kind: 'written' });
      expect(valueOf(await store().get(KEY))).toEqual(one);
    });

    it('calls another write of the same version superseded, and keeps the first', async () => {
      await store().put(write(KEY, { v: '2' }));
      const other = write(KEY, { v: '2', op: 'other', payload: 'other' });
      expect(await store().put(other)).toEqual({ kind: 'superseded', v: '2' });
      expect(valueOf(await store().get(KEY))).toEqual(write(KEY, { v: '2' }));
    });

    it('calls a lower version superseded and tells the stored one', async () => {
      await store().put(write(KEY, { v: 'i|9' }));
      expect(await store().put(write(KEY, { v: 'i|10' }))).toEqual({ kind: 'superseded', v: 'i|9' });
    });

    it('calls an older write of the same run superseded too: a run writes some keys twice under one op', async () => {
      await store().put(write(KEY, { v: '1', op: 'run' }));
      await store().put(write(KEY, { v: '2', op: 'run' }));
      expect(await store().put(write(KEY, { v: '1', op: 'run' }))).toEqual({ kind: 'superseded', v: '2' });
    });

    it('lets a tombstone win by its version, and lose by it', async () => {
      await store().put(write(KEY, { v: '2' }));
      expect(await store().put(write(KEY, { v: '1', del: true }))).toEqual({ kind: 'superseded', v: '2' });
      expect(await store().put(write(KEY, { v: '3', del: true }))).toEqual({ kind: 'written' });
      expect(valueOf(await store().get(KEY))).toEqual(received(write(KEY, { v: '3', del: true })));
      expect(await store().put(write(KEY, { v: '2' }))).toEqual({ kind: 'superseded', v: '3' });
    });

    it('brings a deleted record back to life with a higher version, without a trace of the tombstone', async () => {
      await store().put(write(KEY, { v: '3', del: true }));
      await store().put(write(KEY, { v: '4' }));
      expect(valueOf(await store().get(KEY))).toEqual(write(KEY, { v: '4' }));
      expect(valueOf(await store().get(KEY))).not.toHaveProperty('del');
    });

    it('writes a tombstone where nothing was stored, so that an older write that comes late loses', async () => {
      expect(await store().put(write(KEY, { v: '2', del: true }))).toEqual({ kind: 'written' });
      expect(await store().put(write(KEY, { v: '1' }))).toEqual({ kind: 'superseded', v: '2' });
    });

    it('gives back the very bytes of a payload, and its keys, whatever they hold', async () => {
      const key = { pk: 'chunks#a/b#ü', sk: 'a~b#c d#\u{1F5FA}"\\' };
      const one = write(key, { v: '1', payload: { text: 'line\nü \u{1F5FA} \u0000 \\ " \u2028', empty: '', n: 1e-7 } });
      await store().put(one);
      expect(valueOf(await store().get(key))).toEqual(one);
    });

    it('takes a record up to the limit, and gives every byte of it back', async () => {
      const frame = Buffer.byteLength(write(KEY, { v: '1', payload: { text: '' } }).data);
      const text = 'ü'.repeat((LIMITS.recordBytesMax - frame) / 2);
      const one = write(KEY, { v: '1', payload: { text } });
      expect(Buffer.byteLength(one.data)).toBeGreaterThan(LIMITS.recordBytesMax - 2);
      expect(await store().put(one)).toEqual({ kind: 'written' });
      expect(valueOf(await store().get(KEY))).toEqual(one);
    });
  });
};

const describeReads = (store: Harness): void => {
  const putAll = async (keys: readonly RecordKey[], v = '1'): Promise<void> => {
    await Promise.all(keys.map(async (key) => store().put(write(key, { v }))));
  };

  describe('get', () => {
    it('reads a key that was never written as undefined', async () => {
      expect(valueOf(await store().get(KEY))).toBeUndefined();
    });

    it('sees each write at once', async () => {
      for (const v of ['1', '2', '3']) {
        await store().put(write(KEY, { v }));
        expect(valueOf(await store().get(KEY))?.v).toBe(v);
      }
    });

    it('reads a key that holds only a claim as undefined, in listings too', async () => {
      await store().claim(SOURCE, 'f1');
      expect(valueOf(await store().get(SOURCE))).toBeUndefined();
      expect(valueOf(await store().query(SOURCE.pk))).toEqual({ items: [] });
      expect(valueOf(await store().queryDigests(SOURCE.pk))).toEqual({ items: [] });
      expect(await itemsOf(async (after) => store().scan({ segment: 0, segments: 1, ...after }))).toEqual([]);
    });
  });

  describe('query', () => {
    const SORT_KEYS = ['B#1', 'a#9', 'b#1', 'b#10', 'b#2', 'b$', 'c'];

    beforeEach(async () => {
      await putAll([...SORT_KEYS.toReversed().map((sk) => ({ pk: 'p', sk })), { pk: 'pp', sk: 'b#0' }]);
    });

    it('gives one partition in the order of its sort keys', async () => {
      const found = await itemsOf(async (after) => store().query('p', after));
      expect(found).toEqual(SORT_KEYS.map((sk) => write({ pk: 'p', sk }, { v: '1' })));
    });

    it('gives what a prefix names, and nothing beside it', async () => {
      const found = await itemsOf(async (after) => store().query('p', { skPrefix: 'b#', ...after }));
      expect(found.map(({ sk }) => sk)).toEqual(['b#1', 'b#10', 'b#2']);
      expect(valueOf(await store().query('p', { skPrefix: 'x' }))).toEqual({ items: [] });
      expect(valueOf(await store().query('q'))).toEqual({ items: [] });
    });

    it.each([1, 2, 3, 100])('gives the same in pages of at most %i', async (pageItemsMax) => {
      const read = { skPrefix: 'b', pageItemsMax };
      const pages = await pagesOf(async (after) => store().query('p', { ...read, ...after }));
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(pageItemsMax);
      expect(pages.flat().map(({ sk }) => sk)).toEqual(['b#1', 'b#10', 'b#2', 'b$']);
      const digests = await itemsOf(async (after) => store().queryDigests('p', { ...read, ...after }));
      expect(digests.map(({ sk }) => sk)).toEqual(['b#1', 'b#10', 'b#2', 'b$']);
    });

    it('goes on behind a page also where the records of it have changed', async () => {
      const first = valueOf(await store().query('p', { pageItemsMax: 3 }));
      await putAll(first.items, '2');
      const rest = await itemsOf(async (after) =>
        store().query('p', { ...(first.next === undefined ? {} : { after: first.next }), ...after }),
      );
      expect([...first.items, ...rest].map(({ sk }) => sk)).toEqual(SORT_KEYS);
    });

    it('gives digests without payload and op, tombstones named as such', async () => {
      const dead = write({ pk: 'p', sk: 'b#1' }, { v: '2', del: true });
      await store().put(dead);
      const live = write({ pk: 'p', sk: 'b#10' }, { v: '1' });
      const found = valueOf(await store().queryDigests('p', { skPrefix: 'b#1' }));
      expect(found.items).toEqual([
        received({ pk: 'p', sk: 'b#1', v: '2', h: dead.h, del: true }),
        { pk: 'p', sk: 'b#10', v: '1', h: live.h },
      ]);
    });
  });

  describe('scan', () => {
    const scanAll = async (segments: number): Promise<readonly (readonly StoredRecord[])[]> =>
      Promise.all(
        Array.from({ length: segments }, async (_, segment) =>
          itemsOf(async (after) => store().scan({ segment, segments, ...after })),
        ),
      );

    it('gives each replicated record in exactly one segment, whole, and no claim or local item', async () => {
      const live = Array.from({ length: 40 }, (_, at) => write({ pk: `p${at % 13}`, sk: `s${at}` }, { v: '1' }));
      const dead = write({ pk: 'gone', sk: 's' }, { v: '1', del: true });
      await Promise.all([...live, dead].map(async (one) => store().put(one)));
      await store().claim(SOURCE, 'f1');
      await store().putLocal({ pk: `${LOCAL_PREFIX}GATE`, sk: 'GATE', order: 1, data: '{}' });
      const bySegment = await scanAll(4);
      const name = ({ pk, sk }: RecordKey): string => `${pk}/${sk}`;
      const ordered = (records: readonly ReplicatedRecord[]): readonly ReplicatedRecord[] =>
        records.toSorted((left, right) => (name(left) < name(right) ? -1 : 1));
      expect(ordered(bySegment.flat())).toEqual(ordered([...live, received(dead)]));
      expect(bySegment.filter((found) => found.length > 0).length).toBeGreaterThan(1);
    });

    it('goes on over pages until everything was read', async () => {
      const text = 'x'.repeat(LIMITS.recordBytesMax - 1000);
      const keys = Array.from({ length: 8 }, (_, at) => ({ pk: `p${at}`, sk: 's' }));
      await Promise.all(keys.map(async (key) => store().put(write(key, { v: '1', payload: { text } }))));
      const pages = await pagesOf(async (after) => store().scan({ segment: 0, segments: 1, ...after }));
      expect(pages.length).toBeGreaterThan(1);
      const found = pages.flat();
      expect(found.map(({ pk }) => pk).toSorted()).toEqual(keys.map(({ pk }) => pk));
      expect(found.every(({ data }) => data.length === found[0]?.data.length)).toBe(true);
    });

    it('gives an empty table as one empty page', async () => {
      expect(valueOf(await store().scan({ segment: 0, segments: 1 }))).toEqual({ items: [] });
    });
  });
};

const describeSources = (store: Harness): void => {
  const commit = async (v: string, fence: string): Promise<CommitOutcome> =>
    store().commit(write(SOURCE, { v }), fence);

  describe('claim', () => {
    it('takes a higher fence, and refuses a lower one with the fence that it has seen', async () => {
      expect(await store().claim(SOURCE, 'f2')).toEqual({ kind: 'claimed' });
      expect(await store().claim(SOURCE, 'f1')).toEqual({ kind: 'fenced', f: 'f2' });
      expect(await store().claim(SOURCE, 'f3')).toEqual({ kind: 'claimed' });
      expect(valueOf(await store().readSource(SOURCE))).toEqual({ f: 'f3' });
    });

    it('takes the same fence again: it is our own claim, whose reply was lost', async () => {
      await store().claim(SOURCE, 'f2');
      expect(await store().claim(SOURCE, 'f2')).toEqual({ kind: 'claimed' });
    });

    it('leaves the highest of the fences that come at once', async () => {
      const fences = Array.from({ length: 8 }, (_, at) => `f${(at * 3) % 8}`);
      const outcomes = await Promise.all(fences.map(async (fence) => store().claim(SOURCE, fence)));
      expect(outcomes[fences.indexOf('f7')]).toEqual({ kind: 'claimed' });
      expect(valueOf(await store().readSource(SOURCE))).toEqual({ f: 'f7' });
    });

    it('keeps the committed record', async () => {
      await store().claim(SOURCE, 'f1');
      await commit('1', 'f1');
      await store().claim(SOURCE, 'f2');
      const state = valueOf(await store().readSource(SOURCE));
      expect(state).toEqual({ f: 'f2', record: { ...write(SOURCE, { v: '1' }), f: 'f2' } });
    });

    it('reads a source that nobody has claimed as empty', async () => {
      expect(valueOf(await store().readSource(SOURCE))).toEqual({});
    });
  });

  describe('commit', () => {
    it('needs a claim', async () => {
      expect(await commit('1', 'f1')).toEqual({ kind: 'fenced', f: '' });
      expect(valueOf(await store().get(SOURCE))).toBeUndefined();
    });

    it('is refused under any fence but the claimed one, higher ones included', async () => {
      await store().claim(SOURCE, 'f2');
      expect(await commit('1', 'f1')).toEqual({ kind: 'fenced', f: 'f2' });
      expect(await commit('1', 'f3')).toEqual({ kind: 'fenced', f: 'f2' });
      expect(valueOf(await store().get(SOURCE))).toBeUndefined();
    });

    it('stores the record under its fence, and leaves the fence alone', async () => {
      await store().claim(SOURCE, 'f2');
      expect(await commit('1', 'f2')).toEqual({ kind: 'committed' });
      expect(valueOf(await store().get(SOURCE))).toEqual({ ...write(SOURCE, { v: '1' }), f: 'f2' });
      expect(valueOf(await store().query(SOURCE.pk)).items).toEqual([{ ...write(SOURCE, { v: '1' }), f: 'f2' }]);
    });

    it('takes the same commit again as committed', async () => {
      await store().claim(SOURCE, 'f2');
      await commit('2', 'f2');
      expect(await commit('2', 'f2')).toEqual({ kind: 'committed' });
    });

    it('knows its own commit after somebody newer has claimed the source', async () => {
      await store().claim(SOURCE, 'f2');
      await commit('2', 'f2');
      await store().claim(SOURCE, 'f3');
      expect(await commit('2', 'f2')).toEqual({ kind: 'committed' });
      expect(await commit('3', 'f2')).toEqual({ kind: 'fenced', f: 'f3' });
    });

    it('is superseded by a higher version under the same fence', async () => {
      await store().claim(SOURCE, 'f2');
      await commit('2', 'f2');
      expect(await commit('1', 'f2')).toEqual({ kind: 'superseded', v: '2' });
      expect(await store().commit(write(SOURCE, { v: '1', op: 'op-2' }), 'f2')).toEqual({ kind: 'superseded', v: '2' });
      const other = write(SOURCE, { v: '2', op: 'other' });
      expect(await store().commit(other, 'f2')).toEqual({ kind: 'superseded', v: '2' });
      expect(valueOf(await store().get(SOURCE))?.op).toBe('op-2');
    });

    it('of a newer run replaces the record of the older one', async () => {
      await store().claim(SOURCE, 'f1');
      await commit('1', 'f1');
      await store().claim(SOURCE, 'f2');
      expect(await commit('2', 'f2')).toEqual({ kind: 'committed' });
      expect(valueOf(await store().get(SOURCE))?.v).toBe('2');
    });

    it('and claim of one source touch no other key, and no put of another key touches the fence', async () => {
      const other = { pk: SOURCE.pk, sk: 'runbooks' };
      await store().claim(SOURCE, 'f2');
      await store().claim(other, 'f1');
      await commit('1', 'f2');
      await store().put(write({ pk: SOURCE.pk, sk: 'neighbour' }, { v: '9' }));
      expect(valueOf(await store().readSource(other))).toEqual({ f: 'f1' });
      expect(valueOf(await store().readSource(SOURCE)).f).toBe('f2');
    });
  });
};

const describeLocals = (store: Harness): void => {
  describe('local items', () => {
    const GATE = { pk: `${LOCAL_PREFIX}GATE`, sk: 'GATE' };

    it('are replaced by a higher order only', async () => {
      expect(valueOf(await store().getLocal(GATE))).toBeUndefined();
      expect(valueOf(await store().putLocal({ ...GATE, order: 2, data: 'two' }))).toBe('written');
      expect(valueOf(await store().putLocal({ ...GATE, order: 2, data: 'again' }))).toBe('kept');
      expect(valueOf(await store().putLocal({ ...GATE, order: 1, data: 'one' }))).toBe('kept');
      expect(valueOf(await store().getLocal(GATE))).toEqual({ ...GATE, order: 2, data: 'two' });
      // As numbers: as text, ten would be below two.
      expect(valueOf(await store().putLocal({ ...GATE, order: 10, data: 'ten' }))).toBe('written');
      expect(valueOf(await store().getLocal(GATE))).toEqual({ ...GATE, order: 10, data: 'ten' });
    });

    it('are no replicated records', async () => {
      await store().putLocal({ ...GATE, order: 1, data: '{}' });
      expect(valueOf(await store().get(GATE))).toBeUndefined();
      expect(valueOf(await store().query(GATE.pk))).toEqual({ items: [] });
    });

    it('keep the highest order of those that come at once', async () => {
      await Promise.all([3, 1, 4, 2].map(async (order) => store().putLocal({ ...GATE, order, data: String(order) })));
      expect(valueOf(await store().getLocal(GATE))?.data).toBe('4');
    });
  });
};

export const recordStoreContract = (name: string, open: () => Promise<OpenRecordStore>): void => {
  describe(`${name} keep the contract`, () => {
    let opened: OpenRecordStore;

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(async () => {
      await opened.close();
    });

    const store = (): RecordStore => opened.store;
    describeWrites(store);
    describeReads(store);
    describeSources(store);
    describeLocals(store);
    describeOwedRecords(store);
  });
};
