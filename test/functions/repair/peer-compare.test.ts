/** A comparison names every key that two Regions hold differently, says what it means, and is not misled by writes meanwhile. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { documentKey, sourceKey } from '../../../functions/domain/corpus.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import { interactiveVersion } from '../../../functions/domain/version.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { rootsOf } from '../../../functions/repair/comparison-items.ts';
import { showNodes } from '../../../functions/repair/digest-nodes.ts';
import { compareWithPeer } from '../../../functions/repair/peer-compare.ts';
import { PROVEN_STORES, proveRegion } from '../../../functions/repair/prove.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { documentNamed, idOf, SOURCE_ID } from '../stores/corpus-world.ts';
import { valueOf } from '../stores/outcomes.ts';
import {
  compareRegions,
  DAY_MS,
  fenceOf,
  noSetting,
  OP,
  openTwoRegions,
  setting,
  shown,
  START_MS,
  type TwoRegions,
  versionOf,
} from './two-regions.ts';

describe('compareWithPeer', () => {
  let two: TwoRegions;

  beforeEach(async () => {
    two = await openTwoRegions();
  });

  it('finds two Regions with the same writes identical, without reading one node', async () => {
    two.peer.fault = (operation) =>
      operation === 'getLocals' ? { reason: 'unknown', code: 'Asked', message: 'asked' } : undefined;
    const { verdict, roots, recheckedLeaves, differences } = await compareRegions(two.regions);
    expect([verdict, recheckedLeaves, differences]).toEqual(['identical', 0, []]);
    expect(roots.home).toBe(roots.peer);
  });

  it('names what is missing, older and extra, on either side, from either side', async () => {
    const { home, peer } = two;
    await home.stores.tables.workspaces.put(setting('extra'));
    await peer.stores.tables.audit.put(makeRecord({ pk: 'audit', sk: 'lost' }, { v: '1', op: OP }, {}));
    await home.stores.tables.workspaces.put(setting('name', '2'));
    await peer.stores.tables.workspaces.put(noSetting('extra-tombstone', '3'));
    expect(shown(await compareRegions(two.regions))).toEqual([
      'workspaces team/extra missing-right drift',
      'workspaces team/extra-tombstone missing-left drift',
      'workspaces team/name stale-right drift',
      'audit audit/lost missing-left drift',
    ]);
    expect(shown(await compareRegions(two.swapped, { slot: 2 }))).toEqual([
      'workspaces team/extra missing-left drift',
      'workspaces team/extra-tombstone missing-right drift',
      'workspaces team/name stale-left drift',
      'audit audit/lost missing-right drift',
    ]);
  });

  it('names exactly the keys that differ, however many', async () => {
    const writes = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.constantFrom('home', 'peer', 'both')), {
      selector: ([name]) => name,
      minLength: 40,
      maxLength: 160,
    });
    await fc.assert(
      fc.asyncProperty(writes, async (acts) => {
        const { home, peer, regions } = await openTwoRegions(['deploy']);
        for (const [name, where] of acts) {
          for (const side of [home, peer]) {
            if (where === 'both' || (where === 'home') === (side === home)) {
              await side.stores.tables.workspaces.put(setting(`${name}`));
            }
          }
        }
        const keys = new Set((await compareRegions(regions)).differences.map(({ key }) => key[1]));
        expect(keys).toEqual(new Set(acts.filter(([, where]) => where !== 'both').map(([name]) => `${name}`)));
      }),
      { numRuns: 8, seed: 5 },
    );
  });

  it('calls what one side owes to the other owed, and no defect', async () => {
    const { home, peer } = two;
    await home.stores.tables.workspaces.put(setting('mine'), peer.stores.region);
    await peer.stores.tables.workspaces.put(setting('theirs'), home.stores.region);
    const compared = await compareRegions(two.regions);
    expect(compared.verdict).toBe('owed-only');
    expect(shown(compared)).toEqual([
      'workspaces team/mine missing-right owed',
      'workspaces team/theirs missing-left owed',
    ]);
    // A debt on the older side excuses nothing.
    await peer.stores.tables.workspaces.put(setting('mine', '2'));
    expect(shown(await compareRegions(two.regions, { slot: 2 }))).toContain('workspaces team/mine stale-left drift');
  });

  it('takes the vectors of a document that is owed for owed, and those of a lost one for lost', async () => {
    const { home, peer } = two;
    const owed = documentNamed('new');
    await home.stores.vectors.put(owed.vectors);
    await home.stores.tables.graph.put(owed.document, peer.stores.region);
    const lost = documentNamed('deploy').vectors[0]?.key ?? '';
    peer.vectors.vectors.delete(lost);
    const named = shown(await compareRegions(two.regions));
    expect(named).toContain(`vectors ${lost} missing-right drift`);
    expect(named.filter((line) => line.endsWith('missing-right owed'))).toHaveLength(4);
    expect(named).toHaveLength(5);
  });

  it('calls what an unfinished cycle left unacknowledged, until a source record covers it', async () => {
    const { home, peer } = two;
    const { document } = documentNamed('deploy', versionOf(2));
    await peer.stores.tables.graph.put(document);
    const key = `graph ${document.pk}/${document.sk} stale-left`;
    const open = await compareRegions(two.regions);
    expect(shown(open)).toEqual([`${key} unacknowledged`]);
    expect(open.verdict).toBe('owed-only');
    const source = makeRecord(sourceKey(SOURCE_ID), { v: versionOf(2, 9), op: OP }, {});
    for (const side of [home, peer]) {
      await side.stores.tables.graph.claim(source, fenceOf(2));
    }
    await peer.stores.tables.graph.commit(source, fenceOf(2));
    const committed = await compareRegions(two.regions, { slot: 2 });
    expect(shown(committed)).toEqual([
      `${key} drift`,
      // Peer first, home last: the commit itself was not finished.
      `graph sources/${SOURCE_ID} missing-left unacknowledged`,
    ]);
    expect(committed.verdict).toBe('drift');
  });

  it('calls a source record that only one Region has drift, where the other never claimed it', async () => {
    const source = makeRecord(sourceKey(SOURCE_ID), { v: versionOf(2), op: OP }, {});
    await two.peer.stores.tables.graph.claim(source, fenceOf(2));
    await two.peer.stores.tables.graph.commit(source, fenceOf(2));
    expect(shown(await compareRegions(two.regions))).toEqual([`graph sources/${SOURCE_ID} missing-left drift`]);
  });

  it('forgets what became equal, or moved on, while the trees were read', async () => {
    const { home, peer } = two;
    await home.stores.tables.workspaces.put(setting('caught-up'));
    await home.stores.tables.workspaces.put(setting('moving'));
    await home.stores.tables.workspaces.put(setting('stays'));
    const compared = await compareRegions(two.regions, {
      between: async () => {
        await peer.stores.tables.workspaces.put(setting('caught-up'));
        await home.stores.tables.workspaces.put(setting('moving', '2'));
      },
    });
    expect(shown(compared)).toEqual(['workspaces team/stays missing-right drift']);
    expect(compared.recheckedLeaves).toBe(3);
  });

  it('finds Regions identical after the recheck where all differences were writes in progress', async () => {
    const { home, peer } = two;
    const { document, vectors } = documentNamed('new');
    await home.stores.vectors.put(vectors);
    await home.stores.tables.graph.put(document);
    const compared = await compareRegions(two.regions, {
      between: async () => {
        await peer.stores.vectors.put(vectors);
        await peer.stores.tables.graph.put(document);
      },
    });
    expect([compared.verdict, compared.differences]).toEqual(['identical', []]);
    expect(compared.roots.home).not.toBe(compared.roots.peer);
  });

  it('leaves out what people wrote after the watermark', async () => {
    const written = (ms: number): ReturnType<typeof setting> =>
      setting(`at-${ms}`, interactiveVersion({ ms, counter: 0 }, two.home.stores.region, OP));
    await two.home.stores.tables.workspaces.put(written(START_MS + 1));
    const late = await compareRegions(two.regions, { watermarkMs: START_MS });
    expect([late.verdict, late.recheckedLeaves]).toEqual(['identical', 0]);
    await two.home.stores.tables.workspaces.put(written(START_MS));
    expect((await compareRegions(two.regions, { watermarkMs: START_MS, slot: 2 })).verdict).toBe('drift');
  });

  it('does not name a tombstone that one Region has collected, or got later, but one that the other never got', async () => {
    const { home, peer, clock } = two;
    for (const name of ['collected', 'late', 'never']) {
      await home.stores.tables.workspaces.put(noSetting(name, '2'));
    }
    await peer.stores.tables.workspaces.put(setting('never', '1'));
    clock.nowMs += DAY_MS;
    await peer.stores.tables.workspaces.put(noSetting('late', '2'));
    const at = START_MS + LIMITS.tombstoneKeptMs;
    const compared = await compareRegions(two.regions, { at });
    // Home's tree has none of the three any more; that one of them wins over the peer's live record shows all the same.
    expect(shown(compared)).toEqual(['workspaces team/never stale-right drift']);
    expect(shown(await compareRegions(two.swapped, { at, slot: 2 }))).toEqual([
      'workspaces team/never stale-left drift',
    ]);
  });

  it('leaves out what a table drops by itself', async () => {
    await two.home.stores.tables.workspaces.put({ ...setting('session'), expires: START_MS / 1000 });
    const compared = await compareRegions(two.regions);
    expect([compared.verdict, compared.recheckedLeaves]).toEqual(['identical', 0]);
  });

  it('names damaged bytes under one version, in a deep comparison only', async () => {
    const item = two.peer.tables.workspaces.partitions.get('team')?.get('name');
    Object.assign(item ?? {}, { data: '{"name":"Platfurm"}' });
    const key = documentNamed('deploy').vectors[0]?.key ?? '';
    const data = two.home.vectors.vectors.get(key)?.data ?? new Float32Array();
    data[0] = 99;
    const deep = await compareRegions(two.regions);
    expect(shown(deep)).toEqual(['workspaces team/name different-bytes drift', `vectors ${key} different-bytes drift`]);
    expect((await compareRegions(two.regions, { deep: false, slot: 2 })).verdict).toBe('identical');
  });

  it('does not see what is local to a Region: debts, fences, the time of receipt', async () => {
    const { home, peer, clock } = two;
    clock.nowMs += 1000;
    const gone = noSetting('gone', '2');
    await home.stores.tables.workspaces.put(gone, peer.stores.region);
    clock.nowMs += 1000;
    await peer.stores.tables.workspaces.put(gone);
    await home.stores.tables.graph.claim(sourceKey(SOURCE_ID), fenceOf(7));
    const compared = await compareRegions(two.regions);
    expect([compared.verdict, compared.recheckedLeaves]).toEqual(['identical', 0]);
  });

  it('is no comparison where a Region fails, or has replaced its nodes by those of a later proof', async () => {
    const failure: Failure = { reason: 'unreachable', code: 'ECONNRESET', message: 'gone' };
    await two.home.stores.tables.workspaces.put(setting('extra'));
    const options = { at: START_MS, deep: true };
    const proof = valueOf(await proveRegion(two.home.stores, options));
    const shownProof = valueOf(await proveRegion(two.peer.stores, options));
    const roots = rootsOf(shownProof, { slot: 1, deep: true, at: START_MS });
    const compare = async (): Promise<unknown> =>
      compareWithPeer(two.regions, { proof, shown: roots, now: () => START_MS });
    valueOf(await showNodes(two.peer.stores, shownProof, 2, PROVEN_STORES));
    expect(await compare()).toMatchObject({ kind: 'failed', failure: { code: 'ProofOvertaken' } });
    const again = await openTwoRegions();
    await again.home.stores.tables.workspaces.put(setting('extra'));
    valueOf(await showNodes(again.peer.stores, shownProof, 1, PROVEN_STORES));
    for (const operation of ['getLocals', 'getDigests']) {
      again.peer.fault = (name) => (name === operation ? failure : undefined);
      expect(await compareWithPeer(again.regions, { proof, shown: roots, now: () => START_MS })).toEqual({
        kind: 'failed',
        failure,
      });
    }
  });

  it('tells of a document that has become a tombstone on one side', async () => {
    const { document } = documentNamed('deploy');
    await two.home.stores.tables.graph.put({ ...document, v: '5', del: true, data: '', h: document.h });
    const named = shown(await compareRegions(two.regions));
    expect(named[0]).toBe(`graph ${Object.values(documentKey(SOURCE_ID, idOf('deploy'))).join('/')} stale-right drift`);
    expect(named).toHaveLength(4);
  });
});
