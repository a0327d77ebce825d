/** The repair of two Regions, run by run, as their schedules do it: from any difference to in sync, and honest on the way. */
import { beforeEach, describe, expect, it } from 'vitest';

import type { AuditEvent, AuditLog } from '../../../functions/domain/audit-event.ts';
import { sourceKey } from '../../../functions/domain/corpus.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { readSide } from '../../../functions/repair/comparison-items.ts';
import { runRepair, type RepairOutcome } from '../../../functions/repair/repair.ts';
import { isRepairPaused, readProgress, setRepairPaused } from '../../../functions/repair/repair-items.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import type { Telemetry } from '../../../functions/telemetry/telemetry.ts';
import { documentNamed, SOURCE_ID } from '../stores/corpus-world.ts';
import { valueOf } from '../stores/outcomes.ts';
import {
  compareRegions,
  fenceOf,
  type MemoryRegion,
  OP,
  openTwoRegions,
  readRecord,
  setting,
  type TwoRegions,
  versionOf,
} from './two-regions.ts';

const GONE: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'gone' };
const TICK_MS = 2 * 60 * 1000;

const silent: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

describe('runRepair', () => {
  let two: TwoRegions;
  let events: { readonly region: string; readonly event: AuditEvent }[];

  beforeEach(async () => {
    two = await openTwoRegions();
    events = [];
  });

  const auditOf = (region: string): AuditLog => ({
    record: async (event) => {
      events.push({ region, event });
      return { kind: 'held', replication: 'both', v: '1', op: 'op', repeated: false };
    },
  });

  const run = async (side: MemoryRegion): Promise<RepairOutcome> => {
    const other = side === two.home ? two.peer : two.home;
    return runRepair({
      regions: { home: side.stores, peer: other.stores },
      telemetry: silent,
      audit: auditOf(side.stores.region),
      now: () => two.clock.nowMs,
      sleep: async (ms) => {
        two.clock.nowMs += ms;
      },
      deadlineMs: two.clock.nowMs + 60_000,
    });
  };

  const stateOf = (outcome: RepairOutcome): string => (outcome.kind === 'ran' ? outcome.state.name : outcome.kind);

  /** Both schedules, so many ticks; answers with both states after each. */
  const ticks = async (count: number): Promise<readonly string[]> => {
    const states: string[] = [];
    for (let tick = 0; tick < count; tick += 1) {
      const home = stateOf(await run(two.home));
      two.clock.nowMs += TICK_MS / 2;
      states.push(`${home} ${stateOf(await run(two.peer))}`);
      two.clock.nowMs += TICK_MS / 2;
    }
    return states;
  };

  it('proves two equal Regions in sync, and writes no node for it', async () => {
    expect(await ticks(5)).toContain('in-sync in-sync');
    const partitions = [
      ...two.home.tables.workspaces.partitions.keys(),
      ...two.peer.tables.workspaces.partitions.keys(),
    ];
    expect(partitions.filter((pk) => pk.startsWith('LOCAL#digest-nodes'))).toEqual([]);
    const compared = events.find(({ event }) => event.action === 'proof.compared')?.event.details;
    expect(compared).toMatchObject({ verdict: 'equal', owed: 0, drift: 0 });
    const { 'root.us-east-2': left, 'root.us-west-2': right } = compared ?? {};
    expect([typeof left, left]).toEqual(['string', right]);
  });

  it('brings two Regions with differences on both sides together, names them, and leaves no nodes behind', async () => {
    await two.home.stores.tables.workspaces.put(setting('extra'));
    await two.peer.stores.tables.workspaces.put(setting('name', '7'));
    const lost = documentNamed('deploy').vectors[1]?.key ?? '';
    two.peer.vectors.vectors.delete(lost);
    const source = makeRecord(sourceKey(SOURCE_ID), { v: versionOf(2), op: OP }, {});
    await two.peer.stores.tables.graph.claim(source, fenceOf(2));
    await two.peer.stores.tables.graph.commit(source, fenceOf(2));
    const states = await ticks(14);
    expect(states.at(-1)).toBe('in-sync in-sync');
    expect(states.slice(0, 2)).toEqual(['catching-up catching-up', 'catching-up catching-up']);
    const found = events.find(({ event }) => event.details?.['verdict'] === 'different');
    expect(found?.event).toMatchObject({ action: 'proof.compared', outcome: 'failed', details: { drift: 4 } });
    expect(events.filter(({ event }) => event.action === 'repair.finished')).not.toEqual([]);
    const nodes = [two.home, two.peer].map(({ tables }) =>
      [...tables.workspaces.partitions].filter(([pk, items]) => pk.startsWith('LOCAL#digest-nodes') && items.size > 0),
    );
    expect(nodes).toEqual([[], []]);
    // Last, because it shows nodes itself.
    const compared = await compareRegions(two.regions, { slot: 9_999_999 });
    expect([compared.verdict, compared.roots.home]).toEqual(['identical', compared.roots.peer]);
  });

  it('drains what is owed before it compares', async () => {
    await ticks(5);
    await two.home.stores.tables.workspaces.put(setting('mine'), two.peer.stores.region);
    await run(two.home);
    expect(await readRecord(two.peer, 'workspaces', { pk: 'team', sk: 'mine' })).toEqual(setting('mine'));
    expect((await readRecord(two.home, 'workspaces', { pk: 'team', sk: 'mine' }))?.owed).toBeUndefined();
  });

  it('says down while the peer is gone, and in sync again only after a proof that began since', async () => {
    await ticks(5);
    two.peer.fault = () => GONE;
    expect(stateOf(await run(two.home))).toBe('down');
    await two.home.stores.tables.workspaces.put(setting('mine'), two.peer.stores.region);
    two.clock.nowMs += LIMITS.comparisonIntervalMs;
    expect(stateOf(await run(two.home))).toBe('down');
    two.peer.fault = () => undefined;
    const states = await ticks(10);
    expect(states[0]).toMatch(/^catching-up/u);
    expect(states.at(-1)).toBe('in-sync in-sync');
    const changes = events
      .filter(({ region, event }) => event.action === 'peer.state-changed' && region === 'us-east-2')
      .map(({ event }) => event.details?.['to']);
    expect(changes).toEqual(['in-sync', 'down', 'catching-up', 'in-sync']);
  });

  it('finds drift in an hourly comparison, leaves in-sync for it, and comes back', async () => {
    await ticks(5);
    two.peer.tables.workspaces.partitions.get('team')?.delete('name');
    const states = await ticks(LIMITS.comparisonIntervalMs / TICK_MS + 12);
    expect(states.some((state) => state.includes('catching-up'))).toBe(true);
    expect(states.at(-1)).toBe('in-sync in-sync');
    expect(await readRecord(two.peer, 'workspaces', { pk: 'team', sk: 'name' })).toBeDefined();
  });

  it('repairs and drains nothing while it is paused, and goes on when a person resumes it', async () => {
    await two.home.stores.tables.workspaces.put(setting('extra'));
    await two.home.stores.tables.workspaces.put(setting('mine'), two.peer.stores.region);
    for (const { stores } of [two.home, two.peer]) {
      valueOf(await setRepairPaused(stores, true));
    }
    expect(valueOf(await isRepairPaused(two.home.stores))).toBe(true);
    expect((await ticks(6)).at(-1)).toMatch(/^catching-up/u);
    expect(await readRecord(two.peer, 'workspaces', { pk: 'team', sk: 'extra' })).toBeUndefined();
    expect(await readRecord(two.peer, 'workspaces', { pk: 'team', sk: 'mine' })).toBeUndefined();
    for (const { stores } of [two.home, two.peer]) {
      valueOf(await setRepairPaused(stores, false));
    }
    expect((await ticks(12)).at(-1)).toBe('in-sync in-sync');
    const progress = valueOf(await readProgress(two.home.stores))?.value;
    expect([progress?.drained, (progress?.sent ?? 0) > 0]).toEqual([1, true]);
  });

  it('is not misled by a run that died after it had shown its roots', async () => {
    await two.home.stores.tables.workspaces.put(setting('extra'));
    await run(two.home);
    two.clock.nowMs += 1000;
    // The peer joins, and dies before its nodes are all written.
    let writes = 0;
    two.peer.fault = (operation) => {
      writes += operation === 'putLocal' ? 1 : 0;
      return writes > 3 ? GONE : undefined;
    };
    await run(two.peer);
    two.peer.fault = () => undefined;
    expect(valueOf(await readSide(two.peer.stores)).isReady).toBe(false);
    expect((await ticks(20)).at(-1)).toBe('in-sync in-sync');
  });

  it('ends as failed where the home store does not answer, and as alone where there is no peer', async () => {
    two.home.fault = () => GONE;
    expect(await run(two.home)).toEqual({ kind: 'failed', failure: GONE });
    two.home.fault = () => undefined;
    const alone = await runRepair({
      regions: { home: two.home.stores },
      telemetry: silent,
      audit: auditOf('us-east-2'),
      now: () => two.clock.nowMs,
      sleep: async () => undefined,
      deadlineMs: two.clock.nowMs + 1000,
    });
    expect(alone).toMatchObject({ kind: 'alone', collection: { kind: 'passed' } });
  });
});
