/**
 * What one write became in two Regions: the outcome says it for each side, the telemetry counts it for each side, and claims
 * and commits never reach home before the peer has taken them.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Failure, FailureReason } from '../../../functions/domain/failure.ts';
import { TABLE_NAMES } from '../../../functions/domain/record.ts';
import { DualWriter } from '../../../functions/dual-write/dual-writer.ts';
import { failureOf, joinSides, type SideOutcome, type WriteOutcome } from '../../../functions/dual-write/outcome.ts';
import type { RegionPair, RegionStores } from '../../../functions/dual-write/regions.ts';
import { makeRecord, makeTombstone } from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import type { Telemetry } from '../../../functions/telemetry/telemetry.ts';
import type { FaultMode } from '../../../local/services/faults.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';
import { CALM, type EmbeddedRegion, openEmbeddedRegion, operationsOf } from '../stores/embedded-region.ts';
import { valueOf } from '../stores/outcomes.ts';
import { regionNamed } from '../stores/region-named.ts';

const SOURCE = { pk: 'sources', sk: 'handbook' };
const RECORD = makeRecord({ pk: 'p', sk: 's' }, { v: '2', op: 'op' }, { n: 1 });
const VECTOR = makeVector(Float32Array.of(1, 0, 0, 0), { src: 's', doc: 's~1', chunk: 'c' }, 'run');
const HOME = 'us-east-2';
const PEER = 'us-west-2';

/** One line per counted write, and how long each took by the writer's clock. */
class CountingTelemetry implements Telemetry {
  readonly writes: string[] = [];
  readonly durationsMs: number[] = [];

  log(): void {
    throw new TypeError('a write is counted, not logged');
  }

  write(store: string, region: string, outcome: string, durationMs: number): void {
    this.writes.push(`${store} ${region} ${outcome}`);
    this.durationsMs.push(durationMs);
  }

  count(): void {
    throw new TypeError('a write is counted as a write');
  }

  flush(): void {
    this.writes.length = 0;
  }
}

type Act = (writer: DualWriter) => Promise<WriteOutcome>;

const put: Act = async (writer) => writer.put('graph', RECORD);
const putVectors: Act = async (writer) => writer.putVectors([VECTOR]);
const claim: Act = async (writer) => writer.claim(SOURCE, 'f2');
const commit: Act = async (writer) => writer.commit(makeRecord(SOURCE, { v: '2', op: 'op' }, {}), 'f2');

interface World {
  readonly writer: DualWriter;
  /** The same one in a declared outage of the peer. */
  readonly deferred: DualWriter;
  readonly pair: RegionPair;
  readonly telemetry: CountingTelemetry;
  /** Operations in the order in which they came, as `home put`. */
  readonly asked: string[];
}

type Down = Partial<Record<'home' | 'peer', FailureReason>>;

const failureFor = (reason: FailureReason): Failure => ({ reason, code: `Test-${reason}`, message: reason });

const openWorld = (down: Down = {}, hasPeer = true): World => {
  const asked: string[] = [];
  const storesOf = (side: 'home' | 'peer', region: string): RegionStores => {
    const fault = (operation: string): Failure | undefined => {
      asked.push(`${side} ${operation}`);
      const reason = down[side];
      return reason === undefined ? undefined : failureFor(reason);
    };
    const [workspaces, audit, graph] = TABLE_NAMES.map(() => new MemoryRecordStore({ fault }));
    if (workspaces === undefined || audit === undefined || graph === undefined) {
      throw new TypeError('a Region has three tables');
    }
    return {
      region: regionNamed(region),
      tables: { workspaces, audit, graph },
      vectors: new MemoryVectorStore(4, { fault }),
    };
  };
  const pair: RegionPair = { home: storesOf('home', HOME), ...(hasPeer ? { peer: storesOf('peer', PEER) } : {}) };
  const telemetry = new CountingTelemetry();
  let clock = 0;
  const now = (): number => {
    clock += 5;
    return clock;
  };
  const writer = new DualWriter({ regions: pair, telemetry, now });
  return { writer, deferred: writer.under('deferred'), pair, telemetry, asked };
};

describe('put and putVectors', () => {
  const rows: readonly (readonly [string, Down, WriteOutcome])[] = [
    ['both', {}, { kind: 'both' }],
    ['homeOnly', { peer: 'unreachable' }, { kind: 'homeOnly', peer: failureFor('unreachable') }],
    ['peerOnly', { home: 'throttled' }, { kind: 'peerOnly', home: failureFor('throttled') }],
    [
      'neither',
      { home: 'unknown', peer: 'refused' },
      { kind: 'neither', home: failureFor('unknown'), peer: failureFor('refused') },
    ],
  ];

  it.each(rows)('answer "%s" with the reason of each side, and count both sides', async (_kind, down, expected) => {
    for (const [act, store] of [
      [put, 'graph'],
      [putVectors, 'vectors'],
    ] as const) {
      const world = openWorld(down);
      expect(await act(world.writer)).toEqual(expected);
      expect(world.asked).toEqual(['peer put', 'home put']);
      expect(world.telemetry.writes).toEqual([
        `${store} ${PEER} ${down.peer ?? 'written'}`,
        `${store} ${HOME} ${down.home ?? 'written'}`,
      ]);
      expect(world.telemetry.durationsMs).toEqual([5, 5]);
    }
  });

  it('name the table that was written', async () => {
    for (const table of TABLE_NAMES) {
      const { writer, telemetry, pair } = openWorld();
      await writer.put(table, RECORD);
      expect(telemetry.writes).toEqual([`${table} ${PEER} written`, `${table} ${HOME} written`]);
      expect(valueOf(await pair.home.tables[table].get(RECORD))).toEqual(RECORD);
    }
  });

  it('call a higher version in one Region fenced, because somebody newer is at work there', async () => {
    const { writer, pair, telemetry } = openWorld();
    await pair.peer?.tables.graph.put(makeTombstone(RECORD, { v: '3', op: 'newer' }));
    const outcome = await put(writer);
    expect(outcome).toMatchObject({ kind: 'homeOnly', peer: { reason: 'fenced', code: 'Superseded' } });
    expect(telemetry.writes).toEqual([`graph ${PEER} fenced`, `graph ${HOME} written`]);
  });

  it('write nothing and count nothing for no vectors', async () => {
    const { writer, asked, telemetry } = openWorld({ home: 'unreachable', peer: 'unreachable' });
    expect(await writer.putVectors([])).toEqual({ kind: 'both' });
    expect([...asked, ...telemetry.writes]).toEqual([]);
  });

  it('repeated after a half write end as both, with one record in each Region', async () => {
    const down: Down = { peer: 'unreachable' };
    const { writer, pair } = openWorld(down);
    expect((await put(writer)).kind).toBe('homeOnly');
    delete down.peer;
    expect(await put(writer)).toEqual({ kind: 'both' });
    expect(valueOf(await pair.home.tables.graph.get(RECORD))).toEqual(
      valueOf((await pair.peer?.tables.graph.get(RECORD)) ?? { kind: 'done', value: undefined }),
    );
  });
});

describe('claim and commit', () => {
  it.each([
    ['claim', claim],
    ['commit', commit],
  ] as const)('%s goes to the peer, then to home', async (name, act) => {
    const { writer, asked, telemetry } = openWorld();
    await claim(writer);
    asked.length = 0;
    telemetry.flush();
    expect(await act(writer)).toEqual({ kind: 'both' });
    expect(asked).toEqual([`peer ${name}`, `home ${name}`]);
    expect(telemetry.writes).toEqual([`graph ${PEER} written`, `graph ${HOME} written`]);
  });

  it.each([
    ['claim', claim],
    ['commit', commit],
  ] as const)('%s leaves home untouched where the peer fails', async (name, act) => {
    const { writer, asked, telemetry } = openWorld({ peer: 'unreachable' });
    expect(await act(writer)).toEqual({
      kind: 'neither',
      peer: failureFor('unreachable'),
      home: expect.objectContaining({ code: 'NotAttempted' }) as Failure,
    });
    expect(asked).toEqual([`peer ${name}`]);
    expect(telemetry.writes).toEqual([`graph ${PEER} unreachable`]);
  });

  it('a claim that the peer refuses names the fence that won, and home keeps its own', async () => {
    const { writer, pair, asked } = openWorld();
    await pair.peer?.tables.graph.claim(SOURCE, 'f3');
    const outcome = await claim(writer);
    expect(outcome).toMatchObject({ kind: 'neither', peer: { reason: 'fenced', fence: 'f3' } });
    expect(asked).not.toContain('home claim');
    expect(valueOf(await pair.home.tables.graph.readSource(SOURCE))).toEqual({});
  });

  it('a claim that home refuses after the peer took it is peerOnly', async () => {
    const { writer, pair } = openWorld();
    await pair.home.tables.graph.claim(SOURCE, 'f3');
    expect(await claim(writer)).toMatchObject({ kind: 'peerOnly', home: { reason: 'fenced', fence: 'f3' } });
  });

  it('a commit under a lost fence stores nothing in either Region', async () => {
    const { writer, pair } = openWorld();
    await claim(writer);
    await pair.peer?.tables.graph.claim(SOURCE, 'f3');
    expect(await commit(writer)).toMatchObject({ kind: 'neither', peer: { reason: 'fenced', fence: 'f3' } });
    expect(valueOf(await pair.home.tables.graph.get(SOURCE))).toBeUndefined();
    expect(valueOf((await pair.peer?.tables.graph.get(SOURCE)) ?? { kind: 'done', value: undefined })).toBeUndefined();
  });

  it('a commit over a newer version is fenced too', async () => {
    const { writer, pair } = openWorld();
    await claim(writer);
    await pair.peer?.tables.graph.commit(makeRecord(SOURCE, { v: '9', op: 'other' }, {}), 'f2');
    expect(await commit(writer)).toMatchObject({ kind: 'neither', peer: { reason: 'fenced', code: 'Superseded' } });
  });
});

describe('a single Region', () => {
  it.each([
    ['put', put, 'graph'],
    ['putVectors', putVectors, 'vectors'],
    ['claim', claim, 'graph'],
  ] as const)('%s is acknowledged by home alone, and counted once', async (_name, act, store) => {
    const { writer, telemetry } = openWorld({}, false);
    expect(await act(writer)).toEqual({ kind: 'both' });
    expect(telemetry.writes).toEqual([`${store} ${HOME} written`]);
  });

  it('is never called acknowledged where home fails', async () => {
    const { writer } = openWorld({ home: 'throttled' }, false);
    for (const act of [put, putVectors, claim, commit]) {
      const outcome = await act(writer);
      expect(outcome.kind).not.toBe('both');
      expect(outcome).toEqual({ kind: 'neither', home: failureFor('throttled') });
      expect(failureOf(outcome)).toEqual({ side: 'home', failure: failureFor('throttled') });
    }
  });

  it('owes nobody anything, whatever the gate document says of a peer', async () => {
    const { deferred, pair, telemetry } = openWorld({}, false);
    expect(deferred.owed).toBeUndefined();
    expect(await put(deferred)).toEqual({ kind: 'both' });
    expect(telemetry.writes).toEqual([`graph ${HOME} written`]);
    expect(valueOf(await pair.home.tables.graph.get(RECORD))).toEqual(RECORD);
  });
});

describe('a declared outage of the peer', () => {
  it('puts at home alone, with the debt in the same write, and counts it as owed', async () => {
    const { deferred, pair, asked, telemetry } = openWorld();
    expect(await put(deferred)).toEqual({ kind: 'owed' });
    expect(await putVectors(deferred)).toEqual({ kind: 'owed' });
    expect(asked).toEqual(['home put', 'home put']);
    expect(telemetry.writes).toEqual([`graph ${HOME} owed`, `vectors ${HOME} owed`]);
    expect(valueOf(await pair.home.tables.graph.get(RECORD))).toEqual({ ...RECORD, owed: PEER });
  });

  it('commits at home alone, owed', async () => {
    const { deferred, pair, asked } = openWorld();
    await claim(deferred);
    asked.length = 0;
    expect(await commit(deferred)).toEqual({ kind: 'owed' });
    expect(asked).toEqual(['home commit']);
    expect(valueOf(await pair.home.tables.graph.get(SOURCE))).toMatchObject({ v: '2', owed: PEER, f: 'f2' });
  });

  it.each(['unreachable', 'throttled', 'unknown', 'refused'] as const)(
    'claims at home where the peer is %s, after it was asked',
    async (reason) => {
      const { deferred, asked } = openWorld({ peer: reason });
      expect(await claim(deferred)).toEqual({ kind: 'owed' });
      expect(asked).toEqual(['peer claim', 'home claim']);
    },
  );

  it('claims in both where the peer answers', async () => {
    expect(await claim(openWorld().deferred)).toEqual({ kind: 'both' });
  });

  it('is stopped by a newer fence at the peer, and home stays untouched', async () => {
    const { deferred, pair, asked } = openWorld();
    await pair.peer?.tables.graph.claim(SOURCE, 'f3');
    asked.length = 0;
    const outcome = await claim(deferred);
    expect(failureOf(outcome)).toMatchObject({ side: 'peer', failure: { reason: 'fenced', fence: 'f3' } });
    expect(asked).toEqual(['peer claim']);
  });

  it.each([
    ['put', put],
    ['putVectors', putVectors],
    ['claim', claim],
    ['commit', commit],
  ] as const)('names home where home refuses a %s, whatever the peer did', async (_name, act) => {
    const { deferred } = openWorld({ home: 'throttled', peer: 'unreachable' });
    expect(failureOf(await act(deferred))).toEqual({ side: 'home', failure: failureFor('throttled') });
  });

  it('tells the fence of a newer record, so that whoever is behind learns of it', async () => {
    const { writer, deferred, pair } = openWorld();
    const newer = makeTombstone(RECORD, { v: 'i|f9|000000001', op: 'newer' });
    await pair.home.tables.graph.put({ ...newer });
    const record = { ...RECORD, v: 'i|f2|000000001' };
    expect(await deferred.put('graph', record)).toMatchObject({ kind: 'neither', home: { fence: 'f9' } });
    expect(await writer.put('graph', record)).toMatchObject({ kind: 'peerOnly', home: { fence: 'f9' } });
  });
});

describe('joinSides and failureOf', () => {
  const held: SideOutcome = { kind: 'held' };
  const failed = (reason: FailureReason): SideOutcome => ({ kind: 'failed', failure: failureFor(reason) });

  it.each([
    [held, held, 'both', undefined],
    [held, undefined, 'both', undefined],
    [failed('refused'), undefined, 'neither', 'home'],
    [held, failed('refused'), 'homeOnly', 'peer'],
    [failed('refused'), held, 'peerOnly', 'home'],
    [failed('refused'), failed('unknown'), 'neither', 'peer'],
  ] as const)('join home %j and peer %j as "%s"', (home, peer, kind, side) => {
    const outcome = joinSides(home, peer);
    expect(outcome.kind).toBe(kind);
    expect(failureOf(outcome)?.side).toBe(side);
  });
});

describe('two embedded Regions', () => {
  let home: EmbeddedRegion;
  let peer: EmbeddedRegion;
  let next = 0;
  let writer: DualWriter;
  let telemetry: CountingTelemetry;

  beforeAll(async () => {
    home = await openEmbeddedRegion(HOME);
    peer = await openEmbeddedRegion(PEER);
  });

  beforeEach(() => {
    telemetry = new CountingTelemetry();
    const bounds = { ...CALM, attemptsMax: 1 };
    const regions = { home: home.connect(bounds), peer: peer.connect(bounds) };
    writer = new DualWriter({ regions, telemetry, now: () => performance.now() });
    next += 1;
    home.calls.length = 0;
  });

  afterEach(() => {
    home.services.faults.clear();
    peer.services.faults.clear();
  });

  afterAll(async () => {
    await home.close();
    await peer.close();
  });

  const record = (): typeof RECORD => ({ ...RECORD, sk: `s${next}` });

  it.each([
    ['none', 'none', 'both'],
    ['none', 'refuse', 'homeOnly'],
    ['error-500', 'none', 'peerOnly'],
    ['throttle', 'reset', 'neither'],
  ] as const)('with %s at home and %s at the peer, a put is counted and named', async (atHome, atPeer, kind) => {
    const labels: Partial<Record<FaultMode, string>> = { none: 'written', throttle: 'throttled' };
    const label = (mode: FaultMode): string => labels[mode] ?? 'unreachable';
    home.services.faults.set({ service: '*', mode: atHome });
    peer.services.faults.set({ service: '*', mode: atPeer });
    expect((await writer.put('audit', record())).kind).toBe(kind);
    expect((await writer.putVectors([VECTOR])).kind).toBe(kind);
    expect(telemetry.writes).toEqual(
      ['audit', 'vectors'].flatMap((store) => [
        `${store} ${PEER} ${label(atPeer)}`,
        `${store} ${HOME} ${label(atHome)}`,
      ]),
    );
  });

  it('a claim and a commit that the peer does not answer cause no call at home', async () => {
    peer.services.faults.set({ service: '*', mode: 'refuse' });
    const source = { ...SOURCE, sk: `source-${next}` };
    expect((await writer.claim(source, 'f1')).kind).toBe('neither');
    expect((await writer.commit(makeRecord(source, { v: '1', op: 'op' }, {}), 'f1')).kind).toBe('neither');
    expect(operationsOf(home.calls)).toEqual([]);
  });

  it('a commit that the peer took and home lost is ended by the next try', async () => {
    const source = { ...SOURCE, sk: `source-${next}` };
    const committed = makeRecord(source, { v: '1', op: 'op' }, {});
    expect(await writer.claim(source, 'f1')).toEqual({ kind: 'both' });
    home.services.faults.set({ service: '*', mode: 'error-503', times: 1 });
    expect(await writer.commit(committed, 'f1')).toMatchObject({ kind: 'peerOnly', home: { reason: 'unreachable' } });
    expect(await writer.commit(committed, 'f1')).toEqual({ kind: 'both' });
  });
});
