/**
 * What every record store must do with debts, collection and local listings (DESIGN §3.3, §3.4): a record and its debt become
 * durable together, a debt ends only for the version that it was made for, and only a settled tombstone can be collected.
 */
import { describe, expect, it } from 'vitest';

import type { RecordKey, ReplicatedRecord } from '../../functions/domain/record.ts';
import { parseRegion, type RegionName } from '../../functions/domain/region.ts';
import { makeRecord, makeTombstone } from '../../functions/stores/envelope.ts';
import { owedShard, owedShards } from '../../functions/stores/owed-shard.ts';
import type { OwedEntry, RecordStore } from '../../functions/stores/record-store.ts';
import { itemsOf, valueOf } from '../functions/stores/outcomes.ts';

const regionOf = (name: string): RegionName => {
  const region = parseRegion(name);
  if (region === undefined) {
    throw new Error(`${name} is no Region`);
  }
  return region;
};

const PEER = regionOf('us-west-2');
const KEY: RecordKey = { pk: 'p', sk: 'a' };
const SOURCE: RecordKey = { pk: 'sources', sk: 'handbook' };

const record = (key: RecordKey, v: string): ReplicatedRecord => makeRecord(key, { v, op: `op-${v}` }, { v });
const tombstone = (key: RecordKey, v: string): ReplicatedRecord => makeTombstone(key, { v, op: `op-${v}` });

type Harness = () => RecordStore;

const owedIn = async (store: RecordStore, pk: string): Promise<readonly OwedEntry[]> =>
  itemsOf(async (after) => store.listOwed(owedShard(PEER, pk), after));

const describeDebts = (store: Harness): void => {
  describe('a debt', () => {
    it('becomes durable with its record, and the index finds it', async () => {
      expect(await store().put(record(KEY, '1'), PEER)).toEqual({ kind: 'written' });
      expect(valueOf(await store().get(KEY))).toEqual({ ...record(KEY, '1'), owed: PEER });
      expect(await owedIn(store(), KEY.pk)).toEqual([{ ...KEY, v: '1' }]);
    });

    it('is no part of a replicated put, whatever the record says', async () => {
      await store().put({ ...record(KEY, '1'), owed: PEER });
      expect(valueOf(await store().get(KEY))).toEqual(record(KEY, '1'));
      expect(await owedIn(store(), KEY.pk)).toEqual([]);
    });

    it('ends for the version that it was made for, and for no other', async () => {
      await store().put(record(KEY, '1'), PEER);
      await store().put(record(KEY, '2'), PEER);
      expect(valueOf(await store().clearOwed(KEY, '1'))).toBe('kept');
      expect(valueOf(await store().get(KEY))?.owed).toBe(PEER);
      expect(valueOf(await store().clearOwed(KEY, '2'))).toBe('cleared');
      expect(valueOf(await store().get(KEY))).toEqual(record(KEY, '2'));
      expect(await owedIn(store(), KEY.pk)).toEqual([]);
      expect(valueOf(await store().clearOwed(KEY, '2'))).toBe('cleared');
    });

    it('of a key that is not there is kept, and creates nothing', async () => {
      expect(valueOf(await store().clearOwed(KEY, '1'))).toBe('kept');
      expect(valueOf(await store().get(KEY))).toBeUndefined();
    });

    it('goes with the record that a newer replicated put replaces', async () => {
      await store().put(record(KEY, '1'), PEER);
      await store().put(record(KEY, '2'));
      expect(valueOf(await store().get(KEY))).toEqual(record(KEY, '2'));
      expect(await owedIn(store(), KEY.pk)).toEqual([]);
    });

    it('stays where an older put loses', async () => {
      await store().put(record(KEY, '2'), PEER);
      expect(await store().put(record(KEY, '1'))).toEqual({ kind: 'superseded', v: '2' });
      expect(valueOf(await store().get(KEY))?.owed).toBe(PEER);
    });

    it('stays when the same write comes again without it', async () => {
      await store().put(record(KEY, '1'), PEER);
      expect(await store().put(record(KEY, '1'))).toEqual({ kind: 'written' });
      expect(valueOf(await store().get(KEY))?.owed).toBe(PEER);
    });
  });

  describe('the index of debts', () => {
    it('lists one shard in the order of versions, page by page', async () => {
      const versions = ['7', '3', '9', '1', '5', '2', '8', '4', '6'];
      for (const v of versions) {
        await store().put(record({ pk: 'p', sk: `k${v}` }, v), PEER);
      }
      const found = await owedIn(store(), 'p');
      expect(found.map(({ v }) => v)).toEqual(versions.toSorted());
    });

    it('spreads over sixteen shards that together find everything, and nothing that is not owed', async () => {
      const keys = Array.from({ length: 40 }, (_, at) => ({ pk: `p${at}`, sk: 'a' }));
      for (const [at, key] of keys.entries()) {
        await store().put(record(key, String(100 + at)), at % 2 === 0 ? PEER : undefined);
      }
      const found = await Promise.all(
        owedShards(PEER).map(async (shard) => itemsOf(async (after) => store().listOwed(shard, after))),
      );
      expect(
        found
          .flat()
          .map(({ pk }) => pk)
          .toSorted(),
      ).toEqual(keys.flatMap(({ pk }, at) => (at % 2 === 0 ? [pk] : [])).toSorted());
      expect(found.filter((shard) => shard.length > 0).length).toBeGreaterThan(4);
    });

    it('can be asked of a partition strongly, by its records alone', async () => {
      for (let at = 0; at < 12; at += 1) {
        await store().put(record({ pk: 'p', sk: `k${at}` }, String(10 + at)), at % 4 === 0 ? PEER : undefined);
      }
      const owed = await itemsOf(async (after) => store().queryDigests('p', { owedOnly: true, ...after }));
      expect(owed.map(({ sk }) => sk).toSorted()).toEqual(['k0', 'k4', 'k8']);
    });
  });
};

const describeMany = (store: Harness): void => {
  describe('getMany', () => {
    it('reads many keys whole, and leaves out what is not there', async () => {
      const keys = Array.from({ length: 60 }, (_, at) => ({ pk: `p${at % 7}`, sk: `s${at}` }));
      await Promise.all(keys.map(async (key) => store().put(record(key, '1'), PEER)));
      await store().claim(SOURCE, 'f1');
      const found = valueOf(await store().getMany([...keys, SOURCE, { pk: 'nobody', sk: 'wrote' }]));
      const name = ({ pk, sk }: RecordKey): string => `${pk}/${sk}`;
      expect(found.map((one) => name(one)).toSorted()).toEqual(keys.map((one) => name(one)).toSorted());
      expect(found.find(({ sk }) => sk === 's5')).toEqual({ ...record({ pk: 'p5', sk: 's5' }, '1'), owed: PEER });
      expect(valueOf(await store().getMany([]))).toEqual([]);
    });
  });
};

const describeOnce = (store: Harness): void => {
  describe('putOnce', () => {
    it('writes where nothing is stored, and never again, whatever the version', async () => {
      expect(await store().putOnce(record(KEY, '1'), PEER)).toEqual({ kind: 'written' });
      expect(await store().putOnce(record(KEY, '1'), PEER)).toEqual({ kind: 'written' });
      expect(await store().putOnce(record(KEY, '2'))).toEqual({ kind: 'superseded', v: '1' });
      expect(valueOf(await store().get(KEY))).toEqual({ ...record(KEY, '1'), owed: PEER });
    });

    it('takes other bytes under the same version and op for another write', async () => {
      await store().putOnce(record(KEY, '1'));
      const other = makeRecord(KEY, { v: '1', op: 'op-1' }, { other: true });
      expect(await store().putOnce(other)).toEqual({ kind: 'superseded', v: '1' });
      expect(await store().put(other)).toEqual({ kind: 'superseded', v: '1' });
      expect(valueOf(await store().get(KEY))).toEqual(record(KEY, '1'));
    });
  });
};

const describeCollection = (store: Harness): void => {
  describe('collect', () => {
    it('removes a settled tombstone of that very version', async () => {
      await store().put(tombstone(KEY, '2'));
      expect(valueOf(await store().get(KEY))?.receivedAt).toBeGreaterThan(0);
      expect(valueOf(await store().collect(KEY, '1'))).toBe('kept');
      expect(valueOf(await store().collect(KEY, '2'))).toBe('collected');
      expect(valueOf(await store().get(KEY))).toBeUndefined();
      expect(valueOf(await store().collect(KEY, '2'))).toBe('kept');
    });

    it('keeps a live record, and a tombstone that is owed', async () => {
      await store().put(record(KEY, '1'));
      expect(valueOf(await store().collect(KEY, '1'))).toBe('kept');
      await store().put(tombstone(KEY, '2'), PEER);
      expect(valueOf(await store().collect(KEY, '2'))).toBe('kept');
      expect(valueOf(await store().get(KEY))?.del).toBe(true);
    });
  });
};

const describeSources = (store: Harness): void => {
  describe('a source record', () => {
    it('of the other Region is merged by its version, and leaves the fence alone', async () => {
      await store().claim(SOURCE, 'f2');
      expect(await store().mergeSource(record(SOURCE, '3'))).toEqual({ kind: 'written' });
      expect(await store().mergeSource(record(SOURCE, '3'))).toEqual({ kind: 'written' });
      expect(await store().mergeSource(record(SOURCE, '2'))).toEqual({ kind: 'superseded', v: '3' });
      expect(valueOf(await store().readSource(SOURCE))).toMatchObject({ f: 'f2', record: record(SOURCE, '3') });
    });

    it('is merged where nothing is stored, without a fence', async () => {
      expect(await store().mergeSource(record(SOURCE, '1'))).toEqual({ kind: 'written' });
      expect(valueOf(await store().readSource(SOURCE))).toMatchObject({ record: record(SOURCE, '1') });
      expect(valueOf(await store().readSource(SOURCE)).f).toBeUndefined();
    });

    it('is committed with its debt, and a later commit or merge ends it', async () => {
      await store().claim(SOURCE, 'f1');
      expect(await store().commit(record(SOURCE, '1'), 'f1', PEER)).toEqual({ kind: 'committed' });
      expect(valueOf(await store().get(SOURCE))?.owed).toBe(PEER);
      expect(await owedIn(store(), SOURCE.pk)).toEqual([{ ...SOURCE, v: '1' }]);
      expect(await store().commit(record(SOURCE, '2'), 'f1')).toEqual({ kind: 'committed' });
      expect(valueOf(await store().get(SOURCE))?.owed).toBeUndefined();
      await store().commit(record(SOURCE, '3'), 'f1', PEER);
      await store().mergeSource(record(SOURCE, '4'));
      expect(valueOf(await store().get(SOURCE))?.owed).toBeUndefined();
      expect(await owedIn(store(), SOURCE.pk)).toEqual([]);
    });

    it('that was cleared of its debt keeps its fence', async () => {
      await store().claim(SOURCE, 'f1');
      await store().commit(record(SOURCE, '1'), 'f1', PEER);
      expect(valueOf(await store().clearOwed(SOURCE, '1'))).toBe('cleared');
      expect(valueOf(await store().readSource(SOURCE))).toMatchObject({ f: 'f1', record: record(SOURCE, '1') });
    });
  });
};

const describeLocal = (store: Harness): void => {
  describe('local items of a partition', () => {
    it('are listed in order, page by page, and removed by their order only', async () => {
      const pk = 'LOCAL#nodes';
      for (let at = 0; at < 12; at += 1) {
        await store().putLocal({ pk, sk: `n${String(at).padStart(2, '0')}`, order: 7, data: `d${at}` });
      }
      const listed = await itemsOf(async (after) => store().queryLocal(pk, after));
      expect(listed.map(({ data }) => data)).toEqual(Array.from({ length: 12 }, (_, at) => `d${at}`));
      expect(valueOf(await store().deleteLocal({ pk, sk: 'n03' }, 6))).toBe('kept');
      expect(valueOf(await store().deleteLocal({ pk, sk: 'n03' }, 7))).toBe('deleted');
      expect(valueOf(await store().getLocal({ pk, sk: 'n03' }))).toBeUndefined();
    });
  });
};

export const describeOwedRecords = (store: Harness): void => {
  describeDebts(store);
  describeMany(store);
  describeOnce(store);
  describeCollection(store);
  describeSources(store);
  describeLocal(store);
};
