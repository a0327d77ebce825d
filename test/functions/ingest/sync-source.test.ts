/** What the sync function makes of one message: gate, cycle or sweep, and what a fenced or deferred outcome means for the others. */
import { describe, expect, it } from 'vitest';

import type { FencedCycle } from '../../../functions/audit/audit-writer.ts';
import { done, failed } from '../../../functions/domain/failure.ts';
import type { InteractiveOutcome } from '../../../functions/domain/interactive-write.ts';
import { gitDefinition } from '../../../functions/domain/source-definition.ts';
import { encodeFence, type Fence } from '../../../functions/domain/version.ts';
import type { GateDecision } from '../../../functions/gate/decide.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import type { CycleOutcome } from '../../../functions/ingest/cycle-types.ts';
import type { PurgeOutcome } from '../../../functions/ingest/purge-source.ts';
import type { SweepOutcome } from '../../../functions/ingest/sweep-vectors.ts';
import { type SyncDependencies, syncSource } from '../../../functions/ingest/sync-source.ts';
import type { LogFields, LogLevel, Telemetry } from '../../../functions/telemetry/telemetry.ts';
import { regionNamed } from '../stores/region-named.ts';

const SOURCE = gitDefinition({ id: 'shop', name: 'shop', url: 'https://git.example/shop' });
const HOME = 'us-east-2';
const PEER = 'us-west-2';
const REPORT = { snapshot: 's', changed: 2, deleted: 0, counts: { documents: 2, chunks: 3, skipped: 0 } };
const HELD: InteractiveOutcome = { kind: 'held', replication: 'both', v: 'v', op: 'op', repeated: false };

const document = (peerWrites: GateDocument['peer_writes'] = 'required'): GateDocument => ({
  is_active_for_scheduled_work: true,
  peer_writes: peerWrites,
  epoch: 7,
  changed_at: '',
  changed_by: '',
  reason: '',
});

const active = (peerWrites?: GateDocument['peer_writes']): GateDecision => ({
  state: 'active',
  reason: 'document-active',
  detail: '',
  inForce: document(peerWrites),
  alarm: false,
});

const fenceOf = (epoch: number, region: string): string =>
  encodeFence({ epoch, region: regionNamed(region), run: 1, op: '01J00000000000000000000000' });

const fencedBy = (winner: string): CycleOutcome => ({
  kind: 'fenced',
  step: 'claim',
  side: 'peer',
  failure: { reason: 'fenced', code: 'Fenced', message: 'a newer run holds the source', fence: winner },
  fence: fenceOf(7, HOME),
});

interface Heard {
  readonly logs: { level: LogLevel; event: string; fields: LogFields }[];
  readonly counts: string[];
  readonly raised: { obeyed: GateDocument; winner: Fence }[];
  readonly fenced: FencedCycle[];
  readonly raises: number[];
  readonly swept: number[];
}

const dependenciesOf = (
  outcome: CycleOutcome,
  changes: Partial<SyncDependencies> = {},
): SyncDependencies & { readonly heard: Heard } => {
  const heard: Heard = { logs: [], counts: [], raised: [], fenced: [], raises: [], swept: [] };
  const telemetry: Telemetry = {
    log: (level, event, fields = {}) => void heard.logs.push({ level, event, fields }),
    write: () => undefined,
    count: (metric, _dimensions, value) => void heard.counts.push(`${metric} ${value}`),
    flush: () => undefined,
  };
  return {
    heard,
    readSource: async (id) => done(id === SOURCE.id ? { definition: SOURCE, from: 'stack' } : undefined),
    readGate: async () => active(),
    raiseGate: async (obeyed, winner) => {
      heard.raised.push({ obeyed, winner });
      return 'raised';
    },
    runCycle: async () => outcome,
    runSweep: async (_source, segment): Promise<SweepOutcome> => {
      heard.swept.push(segment);
      return { kind: 'swept', marked: 1, deleted: 2, cleared: 0 };
    },
    audit: {
      cycleFenced: async (cycle) => {
        heard.fenced.push(cycle);
        return HELD;
      },
      fenceRaised: async (epoch) => {
        heard.raises.push(epoch);
        return HELD;
      },
    },
    telemetry,
    region: HOME,
    peerRegion: PEER,
    now: () => 0,
    ...changes,
  };
};

const message = (fields: Readonly<Record<string, unknown>> = {}): { body: string; redelivered: boolean } => ({
  body: JSON.stringify({ source: SOURCE.id, ...fields }),
  redelivered: false,
});

describe('a fenced cycle', () => {
  it('raises the gate to the winner, and records both', async () => {
    const dependencies = dependenciesOf(fencedBy(fenceOf(9, PEER)));
    await syncSource(dependencies, message());
    const { heard } = dependencies;
    expect(heard.raised).toMatchObject([{ obeyed: document(), winner: { epoch: 9, region: PEER } }]);
    expect(heard.fenced).toMatchObject([
      { source: 'shop', step: 'claim', atRegion: PEER, fence: fenceOf(7, HOME), winner: fenceOf(9, PEER) },
    ]);
    expect(heard.raises).toStrictEqual([9]);
  });

  it.each([
    ['a newer run of this very Region', fenceOf(8, HOME)],
    ['a fence below its own, of a table that was restored', fenceOf(6, PEER)],
    ['a fence that nobody can read', 'x'],
  ])('leaves the gate alone where it met %s', async (_what, winner) => {
    const dependencies = dependenciesOf(fencedBy(winner));
    await syncSource(dependencies, message());
    expect(dependencies.heard.raised).toStrictEqual([]);
    expect(dependencies.heard.fenced).toHaveLength(1);
  });

  it('says where the gate could not be raised, and records no raise', async () => {
    const dependencies = dependenciesOf(fencedBy(fenceOf(9, PEER)), { raiseGate: async () => 'failed' });
    await syncSource(dependencies, message());
    expect(dependencies.heard.raises).toStrictEqual([]);
    expect(dependencies.heard.logs).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'gate.not-raised' }),
    );
  });
});

describe('a deferred cycle', () => {
  it('is told as degraded and not acknowledged, with the debt as metrics', async () => {
    const rpo = { count: 12, isExact: true, oldestAgeMs: 61_000 };
    const dependencies = dependenciesOf({ kind: 'deferred', mode: 'incremental', report: REPORT, rpo });
    await syncSource(dependencies, message());
    expect(dependencies.heard.logs).toMatchObject([
      {
        level: 'warn',
        event: 'cycle.finished',
        fields: { outcome: 'deferred', acknowledged: false, degraded: true, owedRecords: 12, owedOldestAgeMs: 61_000 },
      },
    ]);
    expect(dependencies.heard.counts).toStrictEqual(['Cycle 1', 'OwedRecords 12', 'OwedOldestAgeSeconds 61']);
  });

  it('asserts no debt that it could not read', async () => {
    const dependencies = dependenciesOf({ kind: 'deferred', mode: 'incremental', report: REPORT });
    await syncSource(dependencies, message());
    expect(dependencies.heard.logs[0]?.fields).not.toHaveProperty('owedRecords');
    expect(dependencies.heard.counts).toStrictEqual(['Cycle 1']);
  });
});

describe('a message', () => {
  const acknowledged: CycleOutcome = { kind: 'acknowledged', mode: 'unchanged', report: REPORT };

  it('of a sweep runs a sweep, and is no end of a cycle', async () => {
    const dependencies = dependenciesOf(acknowledged);
    expect(await syncSource(dependencies, message({ sweep: true, segment: 3 }))).toMatchObject({ kind: 'sweep' });
    expect(dependencies.heard.swept).toStrictEqual([3]);
    expect(dependencies.heard.logs).toMatchObject([
      { event: 'sweep.finished', fields: { outcome: 'swept', deleted: 2 } },
    ]);
  });

  it('of a sweep does nothing in a declared outage of the peer', async () => {
    const dependencies = dependenciesOf(acknowledged, { readGate: async () => active('deferred') });
    expect(await syncSource(dependencies, message({ sweep: true }))).toStrictEqual({
      kind: 'passive',
      reason: 'peer-deferred',
    });
    expect(dependencies.heard.swept).toStrictEqual([]);
  });

  it.each([message(), message({ sweep: true })])('does nothing in a passive Region: %j', async (delivery) => {
    const passive: GateDecision = { state: 'passive', reason: 'fenced', detail: '', inForce: document(), alarm: true };
    const dependencies = dependenciesOf(acknowledged, { readGate: async () => passive });
    expect(await syncSource(dependencies, delivery)).toStrictEqual({ kind: 'passive', reason: 'fenced' });
    expect(dependencies.heard.swept).toStrictEqual([]);
  });

  it.each([
    ['{', 'not JSON'],
    [JSON.stringify({ source: 'shop', sweep: false }), 'sweep'],
    [JSON.stringify({ source: 'shop', sweep: true, segment: 16 }), 'segment'],
    [JSON.stringify({ source: 'gone' }), 'not configured'],
  ])('that is wrong is rejected: %s', async (body, why) => {
    const outcome = await syncSource(dependenciesOf(acknowledged), { body, redelivered: false });
    expect(outcome).toMatchObject({ kind: 'rejected', why: expect.stringContaining(why) as string });
  });

  it('of a removed source runs its purge, which is recorded; a check runs in a passive Region too', async () => {
    const purged: PurgeOutcome = { kind: 'purged', deleted: 3, replication: 'both' };
    const recorded: string[] = [];
    const dependencies = dependenciesOf(acknowledged);
    const removed: SyncDependencies = {
      ...dependencies,
      readSource: async () => done({ definition: SOURCE, from: 'record', purge: { by: 'ada', at: 0 } }),
      runPurge: async () => purged,
      runCheck: async (_source, id) => ({ kind: 'checked', errors: id === 'c1' ? 1 : 0, warnings: 0 }),
      audit: {
        cycleFenced: async () => HELD,
        fenceRaised: async () => HELD,
        sourcePurged: async (source) => {
          recorded.push(source);
          return HELD;
        },
      },
    };
    expect(await syncSource(removed, message())).toStrictEqual(purged);
    expect(recorded).toEqual(['shop']);
    const passive: GateDecision = { state: 'passive', reason: 'fenced', detail: '', inForce: document(), alarm: true };
    const elsewhere = { ...removed, readGate: async () => passive };
    expect(await syncSource(elsewhere, message({ check: 'c1' }))).toMatchObject({ kind: 'checked', errors: 1 });
    expect(await syncSource(elsewhere, message())).toMatchObject({ kind: 'passive' });
  });

  it('of a source that is switched off does nothing, and one whose definition can’t be read is tried again', async () => {
    const dependencies = dependenciesOf(acknowledged);
    const off = { ...SOURCE, enabled: false };
    const readSource = async (): ReturnType<SyncDependencies['readSource']> =>
      done({ definition: off, from: 'record' });
    expect(await syncSource({ ...dependencies, readSource }, message())).toMatchObject({ reason: 'source-off' });
    const failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' } as const;
    const unread = { ...dependencies, readSource: async () => failed(failure) };
    expect(await syncSource(unread, message())).toMatchObject({ kind: 'not-acknowledged', step: 'read', failure });
  });

  it('that met a refused credential counts it, for an alarm', async () => {
    const kept: string[] = [];
    const outcome: CycleOutcome = { kind: 'source-failed', message: '401', trouble: 'refused' };
    const dependencies = {
      ...dependenciesOf(outcome),
      keepStatus: async (source: string) => void kept.push(source),
    };
    await syncSource(dependencies, message());
    expect(dependencies.heard.counts).toContain('SourceRefused 1');
    expect(kept).toEqual(['shop']);
  });
});
