/** The repair over two embedded Regions, with the real SDK clients: from damage and loss in the files of both to equal roots. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { AuditLog } from '../../../functions/domain/audit-event.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import { proveRegion } from '../../../functions/repair/prove.ts';
import { type RepairOutcome, runRepair } from '../../../functions/repair/repair.ts';
import type { Telemetry } from '../../../functions/telemetry/telemetry.ts';
import { corpusWrites, documentNamed } from '../stores/corpus-world.ts';
import { type EmbeddedRegion, openEmbeddedRegion } from '../stores/embedded-region.ts';
import { valueOf } from '../stores/outcomes.ts';
import { apply, NAMES, noSetting, setting, START_MS } from './two-regions.ts';

const TICK_MS = 2 * 60 * 1000;

const silent: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

const audit: AuditLog = {
  record: async () => ({ kind: 'held', replication: 'both', v: '1', op: 'op', repeated: false }),
};

describe('runRepair over two embedded Regions', () => {
  let home: EmbeddedRegion;
  let peer: EmbeddedRegion;
  let nowMs = START_MS;

  beforeAll(async () => {
    home = await openEmbeddedRegion('us-east-2');
    peer = await openEmbeddedRegion('us-west-2');
    await apply(home.connect(), corpusWrites(NAMES));
    await apply(peer.connect(), corpusWrites(NAMES).toReversed());
  });

  afterAll(async () => {
    await home.close();
    await peer.close();
  });

  const run = async (side: RegionStores, other: RegionStores): Promise<RepairOutcome> => {
    nowMs += TICK_MS / 2;
    return runRepair({
      regions: { home: side, peer: other },
      telemetry: silent,
      audit,
      now: () => nowMs,
      sleep: async () => undefined,
      deadlineMs: Number.MAX_SAFE_INTEGER,
    });
  };

  const rootOf = async (side: EmbeddedRegion): Promise<string> => {
    const proof = valueOf(await proveRegion(side.connect(), { at: nowMs, deep: true }));
    expect(proof.damaged).toEqual([]);
    return proof.root;
  };

  it('mends losses and damage on both sides, drains, and ends in sync with equal roots', async () => {
    const [left, right] = [home.connect(), peer.connect()];
    await left.tables.workspaces.put(setting('mine'), peer.region);
    await right.tables.workspaces.put(setting('name', '7'));
    await left.tables.workspaces.put(noSetting('gone', '3'));
    await right.tables.workspaces.put(setting('gone', '2'));
    const { document, chunks, vectors } = documentNamed('new');
    await left.vectors.put(vectors);
    for (const record of [...chunks, document]) {
      await left.tables.graph.put(record);
    }
    const [lost = ''] = documentNamed('deploy').vectors.map(({ key }) => key);
    await right.vectors.delete([lost]);
    const { document: damaged } = documentNamed('search');
    valueOf(await left.tables.graph.mend({ ...damaged, data: damaged.data.replace('"search"', '"sEarch"') }));
    const states: string[] = [];
    for (let tick = 0; tick < 14 && states.at(-1) !== 'in-sync in-sync'; tick += 1) {
      const outcomes = [await run(left, right), await run(right, left)];
      states.push(outcomes.map((outcome) => (outcome.kind === 'ran' ? outcome.state.name : outcome.kind)).join(' '));
    }
    expect(states.at(-1)).toBe('in-sync in-sync');
    expect(await rootOf(home)).toBe(await rootOf(peer));
    expect(valueOf(await right.tables.workspaces.get({ pk: 'team', sk: 'mine' }))).toEqual(setting('mine'));
    expect(valueOf(await right.vectors.get(vectors.map(({ key }) => key)))).toEqual(
      expect.arrayContaining([...vectors]),
    );
    expect(valueOf(await left.tables.graph.get(damaged))).toEqual(damaged);
  });
});
