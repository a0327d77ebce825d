/** The collection looks at every tombstone, a bounded part at a time, and deletes nothing while the peer can't be read. */
import { beforeEach, describe, expect, it } from 'vitest';

import { documentKey, sourceKey } from '../../../functions/domain/corpus.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { type CollectReport, collectTombstones } from '../../../functions/repair/collect-tombstones.ts';
import { makeTombstone } from '../../../functions/stores/envelope.ts';
import { idOf, SOURCE_ID } from '../stores/corpus-world.ts';
import { valueOf } from '../stores/outcomes.ts';
import {
  DAY_MS,
  fenceOf,
  noSetting,
  OP,
  openTwoRegions,
  readRecord,
  setting,
  START_MS,
  type TwoRegions,
  versionOf,
} from './two-regions.ts';

const OLD_MS = LIMITS.tombstoneKeptMs + LIMITS.tombstoneMarginMs;

const keyNamed = (sk: string): { pk: string; sk: string } => ({ pk: 'team', sk });

describe('collectTombstones', () => {
  let two: TwoRegions;

  beforeEach(async () => {
    two = await openTwoRegions(['deploy']);
  });

  const collect = async (deadlineMs = Number.MAX_SAFE_INTEGER): Promise<CollectReport> =>
    valueOf(await collectTombstones({ regions: two.regions, now: () => two.clock.nowMs, deadlineMs }));

  const held = async (sk: string): Promise<string | undefined> =>
    (await readRecord(two.home, 'workspaces', keyNamed(sk)))?.v;

  it('deletes a tombstone that both Regions have had for long, and nothing else', async () => {
    for (const { stores } of [two.home, two.peer]) {
      await stores.tables.workspaces.put(noSetting('gone', '2'));
    }
    await two.home.stores.tables.workspaces.put(noSetting('behind', '2'));
    await two.peer.stores.tables.workspaces.put(setting('behind', '1'));
    await two.home.stores.tables.workspaces.put(noSetting('owed', '2'), two.peer.stores.region);
    two.clock.nowMs = START_MS + OLD_MS - 1;
    // Already old enough to be outside the digests; its margin is not over.
    expect(await collect()).toMatchObject({ kind: 'passed', collected: 0, kept: { 'too-young': 3 } });
    two.clock.nowMs = START_MS + OLD_MS + LIMITS.collectIntervalMs;
    const report = await collect();
    // One of them is the corpus's own.
    expect(report).toMatchObject({ kind: 'passed', collected: 2, kept: { 'peer-behind': 1, owed: 1 } });
    expect([await held('gone'), await held('behind'), await held('owed'), await held('name')]).toEqual([
      undefined,
      '2',
      '2',
      '1',
    ]);
  });

  it('waits for the Region that got it last', async () => {
    await two.home.stores.tables.workspaces.put(noSetting('gone', '2'));
    two.clock.nowMs += DAY_MS;
    await two.peer.stores.tables.workspaces.put(noSetting('gone', '2'));
    two.clock.nowMs = START_MS + OLD_MS;
    expect(await collect()).toMatchObject({ collected: 1, kept: { 'peer-too-young': 1 } });
    two.clock.nowMs = START_MS + DAY_MS + OLD_MS;
    expect(await collect()).toMatchObject({ collected: 1 });
  });

  it('collects an ingest key only where both fences of its source have reached it', async () => {
    const key = documentKey(SOURCE_ID, idOf('deploy'));
    for (const { stores } of [two.home, two.peer]) {
      await stores.tables.graph.put(makeTombstone(key, { v: versionOf(3), op: OP }));
    }
    await two.home.stores.tables.graph.claim(sourceKey(SOURCE_ID), fenceOf(4));
    two.clock.nowMs = START_MS + OLD_MS;
    // The corpus has a tombstone of its own, whose version has no fence.
    expect(await collect()).toMatchObject({ collected: 1, kept: { 'below-fence': 1 } });
    await two.peer.stores.tables.graph.claim(sourceKey(SOURCE_ID), fenceOf(3));
    two.clock.nowMs += LIMITS.collectIntervalMs;
    expect(await collect()).toMatchObject({ collected: 1, kept: {} });
    expect(await readRecord(two.home, 'graph', key)).toBeUndefined();
  });

  it.each(['getDigests', 'readSource'])('collects nothing while the peer fails its %s', async (operation) => {
    const failure: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'gone' };
    for (const { stores } of [two.home, two.peer]) {
      await stores.tables.graph.put(makeTombstone(documentKey(SOURCE_ID, idOf('deploy')), { v: versionOf(3), op: OP }));
      await stores.tables.graph.claim(sourceKey(SOURCE_ID), fenceOf(4));
    }
    two.clock.nowMs = START_MS + OLD_MS;
    two.peer.fault = (name) => (name === operation ? failure : undefined);
    const report = await collect();
    expect(report).toMatchObject({ kind: 'stopped', failure: { region: 'us-west-2', failure } });
    expect((await readRecord(two.home, 'graph', documentKey(SOURCE_ID, idOf('deploy'))))?.del).toBe(true);
    two.peer.fault = () => undefined;
    expect(await collect()).toMatchObject({ kind: 'passed', collected: 2 - report.collected });
  });

  it('goes on where its time ended, and rests after a whole pass', async () => {
    const names = Array.from({ length: 30 }, (_, at) => `gone-${at}`);
    for (const name of names) {
      for (const { stores } of [two.home, two.peer]) {
        await stores.tables.workspaces.put(noSetting(name, '2'));
      }
    }
    two.clock.nowMs = START_MS + OLD_MS;
    two.home.fault = (operation) => {
      two.clock.nowMs += operation === 'scan' ? 1 : 0;
      return undefined;
    };
    let collected = 0;
    let runs = 0;
    for (let kind = 'out-of-time'; kind === 'out-of-time' && runs < 50; runs += 1) {
      const report = await collect(two.clock.nowMs + 2);
      collected += report.collected;
      ({ kind } = report);
    }
    expect(runs).toBeGreaterThan(5);
    expect([collected, (await collect()).kind]).toEqual([31, 'not-due']);
    two.clock.nowMs += LIMITS.collectIntervalMs;
    expect((await collect()).kind).toBe('passed');
  });
});
