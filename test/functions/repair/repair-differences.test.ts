/** Repair brings two Regions together from either side, by merge-max, source records last, vectors byte for byte. */
import { beforeEach, describe, expect, it } from 'vitest';

import { sourceKey } from '../../../functions/domain/corpus.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { ComparedRegions } from '../../../functions/repair/peer-compare.ts';
import { repairDifferences, type RepairReport } from '../../../functions/repair/repair-differences.ts';
import { makeRecord, sha256Hex } from '../../../functions/stores/envelope.ts';
import { documentNamed, SOURCE_ID } from '../stores/corpus-world.ts';
import {
  compareRegions,
  fenceOf,
  noSetting,
  OP,
  openMemoryRegion,
  openTwoRegions,
  readRecord,
  setting,
  START_MS,
  type TwoRegions,
  versionOf,
} from './two-regions.ts';

const NAME = { pk: 'team', sk: 'name' };

describe('repairDifferences', () => {
  let two: TwoRegions;
  let slot: number;

  beforeEach(async () => {
    two = await openTwoRegions();
    slot = 0;
  });

  const repair = async (
    regions: ComparedRegions = two.regions,
    { deadlineMs = Number.MAX_SAFE_INTEGER, isPaused = async () => false } = {},
  ): Promise<RepairReport> => {
    slot += 1;
    const { differences } = await compareRegions(regions, { slot });
    const now = (): number => two.clock.nowMs;
    const sleep = async (ms: number): Promise<void> => {
      two.clock.nowMs += ms;
    };
    return repairDifferences({ regions, now, sleep, deadlineMs, isPaused }, differences);
  };

  const verdict = async (): Promise<string> => {
    slot += 1;
    return (await compareRegions(two.regions, { slot })).verdict;
  };

  /** A source record, claimed and committed under one fence. */
  const commitSource = async (side: TwoRegions['home'], epoch: number): Promise<void> => {
    const record = makeRecord(sourceKey(SOURCE_ID), { v: versionOf(epoch, 99), op: OP }, { epoch });
    await side.stores.tables.graph.claim(record, fenceOf(epoch));
    await side.stores.tables.graph.commit(record, fenceOf(epoch));
  };

  it('makes both sides equal from one, whichever holds the newer version', async () => {
    await two.home.stores.tables.workspaces.put(setting('extra'));
    await two.home.stores.tables.workspaces.put(setting('name', '2'));
    await two.peer.stores.tables.workspaces.put(setting('lost'));
    await two.peer.stores.tables.workspaces.put(noSetting('gone', '3'));
    await two.home.stores.tables.workspaces.put(setting('gone', '2'));
    expect(await repair()).toEqual({ kind: 'repaired', sent: 4, mended: 0, waiting: 0, unmendable: [] });
    expect(await verdict()).toBe('identical');
    expect((await readRecord(two.home, 'workspaces', { pk: 'team', sk: 'gone' }))?.del).toBe(true);
  });

  it('fills an empty Region again, to the same bytes, in either direction', async () => {
    await commitSource(two.home, 2);
    for (const isSwapped of [false, true]) {
      const fresh = openMemoryRegion('us-west-2', two.clock);
      const pair = { home: two.home.stores, peer: fresh.stores };
      const regions = isSwapped ? { home: pair.peer, peer: pair.home } : pair;
      expect(await repair(regions)).toMatchObject({ kind: 'repaired', waiting: 0, unmendable: [] });
      slot += 1;
      const compared = await compareRegions(regions, { slot });
      expect([compared.verdict, compared.roots.home === compared.roots.peer]).toEqual(['identical', true]);
      expect([...fresh.vectors.vectors.values()]).toEqual(
        expect.arrayContaining([...two.home.vectors.vectors.values()]),
      );
      expect((await readRecord(fresh, 'graph', sourceKey(SOURCE_ID)))?.f).toBeUndefined();
    }
  });

  it('leaves what is owed to the drain', async () => {
    await two.home.stores.tables.workspaces.put(setting('mine'), two.peer.stores.region);
    expect(await repair()).toMatchObject({ sent: 0 });
    expect(await readRecord(two.peer, 'workspaces', { pk: 'team', sk: 'mine' })).toBeUndefined();
  });

  it('copies no vector that nobody lists', async () => {
    const orphan = documentNamed('never written').vectors;
    await two.home.stores.vectors.put(orphan);
    await two.home.stores.tables.workspaces.put(setting('extra'));
    await repair();
    expect(two.peer.vectors.vectors.has(orphan[0]?.key ?? '')).toBe(false);
  });

  it('sends a document only with its vectors, and waits where they are gone', async () => {
    const { document, vectors } = documentNamed('new');
    await two.home.stores.vectors.put(vectors.slice(1));
    await two.home.stores.tables.graph.put(document);
    expect(await repair()).toMatchObject({ kind: 'repaired', sent: 0, waiting: 1 });
    expect(await readRecord(two.peer, 'graph', document)).toBeUndefined();
    await two.home.stores.vectors.put(vectors);
    expect(await repair()).toMatchObject({ sent: 1, waiting: 0 });
    expect(await verdict()).toBe('identical');
  });

  it('sends a source record after everything else of its source, and keeps it back until then', async () => {
    const { document, vectors } = documentNamed('new', versionOf(3));
    await two.home.stores.vectors.put(vectors.slice(1));
    await two.home.stores.tables.graph.put(document);
    await commitSource(two.home, 3);
    expect(await repair()).toMatchObject({ sent: 0, waiting: 2 });
    expect(await readRecord(two.peer, 'graph', sourceKey(SOURCE_ID))).toBeUndefined();
    await two.home.stores.vectors.put(vectors);
    const order: string[] = [];
    two.peer.fault = (operation) => {
      order.push(...(['put', 'mergeSource'].includes(operation) ? [operation] : []));
      return undefined;
    };
    expect(await repair()).toMatchObject({ sent: 2, waiting: 0 });
    expect([order.at(-1), order.filter((one) => one === 'mergeSource')]).toEqual(['mergeSource', ['mergeSource']]);
    two.peer.fault = () => undefined;
    expect(await verdict()).toBe('identical');
  });

  it('keeps a source record back where something of its source is owed, or newer than the comparison', async () => {
    await commitSource(two.home, 3);
    const { differences } = await compareRegions(two.regions, { slot: 100 });
    const { document, vectors } = documentNamed('new', versionOf(4));
    const run = async (): Promise<RepairReport> =>
      repairDifferences(
        {
          regions: two.regions,
          now: () => START_MS,
          sleep: async () => undefined,
          deadlineMs: START_MS + 1,
          isPaused: async () => false,
        },
        differences,
      );
    await two.home.stores.vectors.put(vectors);
    await two.home.stores.tables.graph.put(document, two.peer.stores.region);
    expect(await run()).toMatchObject({ sent: 0, waiting: 1 });
    await two.home.stores.tables.graph.clearOwed(document, document.v);
    expect(await run()).toMatchObject({ sent: 0, waiting: 1 });
    await two.peer.stores.tables.graph.put(document);
    const { document: replaced } = documentNamed('new', versionOf(5));
    await two.home.stores.tables.graph.put(replaced, two.peer.stores.region);
    await two.peer.stores.tables.graph.put(replaced);
    // The peer holds it, but nobody has confirmed that.
    expect(await run()).toMatchObject({ sent: 0, waiting: 1 });
    await two.home.stores.tables.graph.clearOwed(replaced, replaced.v);
    expect(await run()).toMatchObject({ sent: 1, waiting: 0 });
  });

  it('leaves the fence of the other Region alone', async () => {
    await two.peer.stores.tables.graph.claim(sourceKey(SOURCE_ID), fenceOf(9));
    await commitSource(two.home, 3);
    expect(await repair()).toMatchObject({ sent: 1 });
    expect(await readRecord(two.peer, 'graph', sourceKey(SOURCE_ID))).toMatchObject({
      f: fenceOf(9),
      v: versionOf(3, 99),
    });
  });

  it('takes the side whose bytes match their hash, of a record and of a vector, and keeps its debt', async () => {
    await two.home.stores.tables.workspaces.put(setting('both', '5'), two.peer.stores.region);
    await two.peer.stores.tables.workspaces.put(setting('both', '5'));
    const damage = (side: TwoRegions['home'], sk: string): void => {
      Object.assign(side.tables.workspaces.partitions.get('team')?.get(sk) ?? {}, { data: '{"value":"x"}' });
    };
    damage(two.home, 'both');
    damage(two.peer, 'name');
    const [changed = '', gone = ''] = documentNamed('deploy').vectors.map(({ key }) => key);
    const numbers = two.home.vectors.vectors.get(changed)?.data ?? new Float32Array();
    numbers[0] = 99;
    two.home.vectors.vectors.delete(gone);
    expect(await repair()).toEqual({ kind: 'repaired', sent: 0, mended: 4, waiting: 0, unmendable: [] });
    expect(await verdict()).toBe('identical');
    expect(await readRecord(two.home, 'workspaces', { pk: 'team', sk: 'both' })).toEqual({
      ...setting('both', '5'),
      owed: two.peer.stores.region,
    });
    expect(two.home.vectors.vectors.get(changed)).toEqual(two.peer.vectors.vectors.get(changed));
  });

  it('decides nothing where both sides, or neither, have bytes that match', async () => {
    const other = JSON.stringify({ name: 'Other' });
    await two.peer.tables.workspaces.mend({ ...setting('name'), data: other, h: sha256Hex(other) });
    const lost = documentNamed('deploy').vectors[0]?.key ?? '';
    two.home.vectors.vectors.delete(lost);
    const numbers = two.peer.vectors.vectors.get(lost)?.data ?? new Float32Array();
    numbers[0] = 99;
    const before = await readRecord(two.home, 'workspaces', NAME);
    expect(await repair()).toMatchObject({ mended: 0, unmendable: ['team / name', lost] });
    expect(await readRecord(two.home, 'workspaces', NAME)).toEqual(before);
    expect(two.home.vectors.vectors.has(lost)).toBe(false);
  });

  it('does not put a vector back that its document no longer lists', async () => {
    const { key = '' } = documentNamed('deploy').vectors[0] ?? {};
    two.peer.vectors.vectors.delete(key);
    const { differences } = await compareRegions(two.regions, { slot: 50 });
    const { document } = documentNamed('deploy', '9', { chunks: [] });
    await two.peer.stores.tables.graph.put(document);
    const report = await repairDifferences(
      {
        regions: two.regions,
        now: () => START_MS,
        sleep: async () => undefined,
        deadlineMs: START_MS + 1,
        isPaused: async () => false,
      },
      differences,
    );
    expect([report.mended, two.peer.vectors.vectors.has(key)]).toEqual([0, false]);
  });

  it('stops at the first failure and says where', async () => {
    const failure: Failure = { reason: 'throttled', code: 'ThrottlingException', message: 'slow down' };
    for (let at = 0; at < LIMITS.repairInFlightMax + 5; at += 1) {
      await two.home.stores.tables.workspaces.put(setting(`extra-${at}`));
    }
    two.peer.fault = (operation) => (operation === 'put' ? failure : undefined);
    // The peer's own nodes are local items, put under another name.
    expect(await repair()).toMatchObject({ kind: 'stopped', sent: 0, failure: { region: 'us-west-2', failure } });
    two.peer.fault = () => undefined;
    expect(await repair()).toMatchObject({ kind: 'repaired', sent: LIMITS.repairInFlightMax + 5 });
  });

  it('stops between two batches when it is paused or its time is over, and goes on with what is left', async () => {
    for (let at = 0; at < LIMITS.repairInFlightMax + 5; at += 1) {
      await two.home.stores.tables.workspaces.put(setting(`extra-${at}`));
    }
    let asked = 0;
    const isPaused = async (): Promise<boolean> => {
      asked += 1;
      return asked > 1;
    };
    expect(await repair(two.regions, { isPaused })).toMatchObject({ kind: 'paused', sent: LIMITS.repairInFlightMax });
    expect(await repair(two.regions, { deadlineMs: 0 })).toMatchObject({ kind: 'out-of-time', sent: 0 });
    expect(await repair()).toMatchObject({ kind: 'repaired', sent: 5 });
    expect(await verdict()).toBe('identical');
  });

  it('writes vectors at no more than half of what the index takes', async () => {
    const fresh = openMemoryRegion('us-west-2', two.clock);
    const startedMs = two.clock.nowMs;
    await repair({ home: two.home.stores, peer: fresh.stores });
    const seconds = (two.clock.nowMs - startedMs) / 1000;
    // Six documents of three vectors: the first is free, the others wait for the ones before.
    expect(seconds).toBeGreaterThanOrEqual(15 / LIMITS.repairVectorsPerSecondMax);
    expect(LIMITS.repairVectorsPerSecondMax * 2).toBeLessThanOrEqual(LIMITS.vectorsPerSecondMax);
    expect(LIMITS.repairVectorRequestsPerSecondMax * 2).toBeLessThanOrEqual(LIMITS.vectorRequestsPerSecondMax);
  });
});
