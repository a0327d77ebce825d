/** What a Region says of the pair: alike from the active and the passive one, and nothing where nothing can be read. */
import { beforeEach, describe, expect, it } from 'vitest';

import { sourceKey, type SourcePayload } from '../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { encodeFence, ingestVersion } from '../../../functions/domain/version.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import { keepGateDocument, raiseGate } from '../../../functions/gate/gate.ts';
import { keepVerdict } from '../../../functions/repair/comparison-items.ts';
import { reportPulse } from '../../../functions/repair/report-pulse.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { MemoryRegion, SILENT } from '../../support/memory-pair.ts';

const NOW = 1_760_000_000_000;
const RUN = '01J00000000000000000000001';

let home: MemoryRegion;
let peer: MemoryRegion;

beforeEach(() => {
  home = new MemoryRegion('us-east-2');
  peer = new MemoryRegion('us-west-2');
});

const pulse = async (single = false): Promise<Record<string, number>> => {
  const told: Record<string, number> = {};
  const telemetry = {
    ...SILENT,
    count: (metric: string, dimensions: Readonly<Record<string, string>>, value: number): void => {
      told[`${metric} ${Object.values(dimensions).join(' ')}`] = value;
    },
  };
  const regions = { home: home.stores, ...(single ? {} : { peer: peer.stores }) };
  await reportPulse({ regions, telemetry, now: () => NOW });
  return told;
};

const commit = async (id: string, finishedAt: number): Promise<void> => {
  const fence = encodeFence({ epoch: 1, region: peer.region, run: 1, op: RUN });
  const payload: SourcePayload = {
    id,
    kind: 'git',
    name: id,
    url: 'https://git.example/x',
    snapshot: 's',
    cursor: null,
    counts: { documents: 0, chunks: 0, skipped: 0 },
    lastFullAt: 0,
    index: 'static',
    cycle: { op: RUN, epoch: 1, region: peer.region, finishedAt, changed: 0, deleted: 0 },
  };
  await home.graph.claim(sourceKey(id), fence);
  await home.graph.commit(makeRecord(sourceKey(id), { v: ingestVersion(fence, 1), op: RUN }, payload), fence);
};

const gate = (active: boolean): GateDocument => ({
  is_active_for_scheduled_work: active,
  peer_writes: 'required',
  epoch: 2,
  changed_at: '2026-01-31T09:00:00Z',
  changed_by: 'test',
  reason: 'test',
});

describe('the age of the last cycle', () => {
  it('is that of the newest one of any source, whichever Region did it', async () => {
    await commit('old', NOW - 9_000_000);
    await commit('new', NOW - 65_000);
    expect(await pulse()).toMatchObject({ 'CycleAgeSeconds us-east-2': 65 });
    expect(await pulse(true)).toEqual({ 'CycleAgeSeconds us-east-2': 65 });
  });

  it('is not told where there was no cycle, or the table does not answer', async () => {
    expect(await pulse()).toEqual({});
    await commit('new', NOW);
    home.down();
    expect(await pulse()).toEqual({});
  });

  it('is never negative, where the clock of the other Region is ahead', async () => {
    await commit('new', NOW + 5000);
    expect(await pulse()).toMatchObject({ 'CycleAgeSeconds us-east-2': 0 });
  });
});

describe('how many Regions are told to work', () => {
  it.each([
    [true, true, 2],
    [true, false, 1],
    [false, true, 1],
    [false, false, 0],
  ])('home %s and peer %s make %i', async (own, other, count) => {
    await keepGateDocument(home.workspaces, gate(own));
    await keepGateDocument(peer.workspaces, gate(other));
    expect(await pulse()).toEqual({ 'RegionsActive us-east-2 us-west-2': count });
  });

  it('leaves out a Region that was fenced', async () => {
    await keepGateDocument(home.workspaces, gate(true));
    await raiseGate(home.workspaces, gate(true), { epoch: 3, region: peer.region }, '2026-01-31T09:00:00Z');
    await keepGateDocument(peer.workspaces, gate(true));
    expect(await pulse()).toEqual({ 'RegionsActive us-east-2 us-west-2': 1 });
  });

  it('is not told where one of them can not be read', async () => {
    await keepGateDocument(home.workspaces, gate(true));
    await keepGateDocument(peer.workspaces, gate(true));
    peer.down();
    expect(await pulse()).toEqual({});
  });
});

describe('the last comparison', () => {
  it('is told with its age and what it found, also by the Region that took it from the other one', async () => {
    const slot = Math.floor(NOW / LIMITS.proofSlotMs) - 2;
    await keepVerdict(home.stores, {
      slot,
      deep: false,
      verdict: 'drift',
      recheckedLeaves: 1,
      counts: { owed: 0, unacknowledged: 0, drift: 3 },
      roots: {},
      by: peer.region,
      startedAt: 0,
    });
    expect(await pulse()).toEqual({
      'DriftStanding us-east-2 us-west-2': 3,
      'ProofAgeSeconds us-east-2 us-west-2': Math.round((NOW - slot * LIMITS.proofSlotMs) / 1000),
    });
  });
});
