/** The interactive write: durable in one Region before anything is claimed, in both where both are there, once per `op`. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import type { InteractiveWrite } from '../../../functions/domain/interactive-write.ts';
import type { RecordKey } from '../../../functions/domain/record.ts';
import { clockOfVersion } from '../../../functions/domain/version.ts';
import { InteractiveWriter } from '../../../functions/dual-write/interactive-writer.ts';
import type { RegionPair } from '../../../functions/dual-write/regions.ts';
import { drainOwed } from '../../../functions/repair/drain.ts';
import type { StoredRecord } from '../../../functions/stores/record-store.ts';
import { MemoryRegion, SILENT } from '../../support/memory-pair.ts';
import { valueOf } from '../stores/outcomes.ts';

const KEY: RecordKey = { pk: 'settings', sk: 'displayName' };
const OTHER: RecordKey = { pk: 'settings', sk: 'incidentChannel' };

let home: MemoryRegion;
let peer: MemoryRegion;
let nowMs: number;
let ops: number;

beforeEach(() => {
  home = new MemoryRegion('us-east-2');
  peer = new MemoryRegion('us-west-2');
  nowMs = 1_700_000_000_000;
  ops = 0;
});

const writerIn = (pair: RegionPair, skewMs = 0): InteractiveWriter =>
  new InteractiveWriter({
    regions: pair,
    telemetry: SILENT,
    now: () => nowMs + skewMs,
    newOp: () => {
      ops += 1;
      // Downwards, so that no test passes by the order of ids.
      return `op${1000 - ops}`;
    },
  });

const atHome = (skewMs = 0): InteractiveWriter => writerIn({ home: home.stores, peer: peer.stores }, skewMs);
const atPeer = (skewMs = 0): InteractiveWriter => writerIn({ home: peer.stores, peer: home.stores }, skewMs);

const set = (value: string, more: Partial<InteractiveWrite> = {}): InteractiveWrite => ({
  table: 'workspaces',
  key: KEY,
  content: { kind: 'payload', payload: { value } },
  ...more,
});

const readIn = async (region: MemoryRegion, key = KEY): Promise<StoredRecord | undefined> =>
  valueOf(await region.workspaces.get(key));

const valueIn = async (region: MemoryRegion, key = KEY): Promise<unknown> => {
  const record = await readIn(region, key);
  return record === undefined || record.del === true
    ? undefined
    : (JSON.parse(record.data) as { value: unknown }).value;
};

const drain = async (from: MemoryRegion, to: MemoryRegion): Promise<void> => {
  await drainOwed({
    direction: { from: from.stores, to: to.stores },
    telemetry: SILENT,
    now: () => nowMs,
    sleep: async () => undefined,
    deadlineMs: Infinity,
  });
};

const owedIn = (region: MemoryRegion): number =>
  [...region.workspaces.partitions.values()].flatMap((items) => Array.from(items.values())).filter(({ owed }) => owed)
    .length;

describe('both Regions up', () => {
  it('hold the write, the same bytes, and nothing is owed', async () => {
    expect(await atHome().write(set('a'))).toMatchObject({ kind: 'held', replication: 'both', repeated: false });
    expect(await readIn(home)).toStrictEqual(await readIn(peer));
    expect(await readIn(home)).not.toHaveProperty('owed');
  });

  it('get the debt together with the record: a writer that dies after it loses nothing', async () => {
    home.fault = (operation) => {
      if (operation === 'clearOwed') {
        throw new Error('died');
      }
      return undefined;
    };
    await expect(atHome().write(set('a'))).rejects.toThrow('died');
    expect((await readIn(home))?.owed).toBe(peer.region);
    home.up();
    await drain(home, peer);
    expect(await readIn(home)).toStrictEqual(await readIn(peer));
  });

  it('keep a tombstone where something is deleted, also where nothing was', async () => {
    await atHome().write(set('a'));
    await atHome().write({ table: 'workspaces', key: KEY, content: { kind: 'tombstone' } });
    await atHome().write({ table: 'workspaces', key: OTHER, content: { kind: 'tombstone' } });
    for (const region of [home, peer]) {
      expect((await readIn(region))?.del).toBe(true);
      expect((await readIn(region, OTHER))?.del).toBe(true);
    }
  });
});

describe('a peer that does not answer', () => {
  it('is owed the write, and gets it from the drain', async () => {
    peer.down();
    expect(await atHome().write(set('a'))).toMatchObject({ kind: 'held', replication: 'owed' });
    expect((await readIn(home))?.owed).toBe(peer.region);
    peer.up();
    expect(await valueIn(peer)).toBeUndefined();
    await drain(home, peer);
    expect(await valueIn(peer)).toBe('a');
    expect(owedIn(home)).toBe(0);
  });
});

describe('a write that does not wait', () => {
  it('is owed without an attempt at the peer', async () => {
    expect(await atHome().write(set('a', { later: true }))).toMatchObject({ kind: 'held', replication: 'owed' });
    expect(peer.operations).toStrictEqual([]);
    await drain(home, peer);
    expect(await valueIn(peer)).toBe('a');
  });
});

describe('a home store that does not answer', () => {
  it('makes the write at the peer, owed to home', async () => {
    home.down();
    expect(await atHome().write(set('a'))).toMatchObject({ kind: 'held', replication: 'owed' });
    expect((await readIn(peer))?.owed).toBe(home.region);
    home.up();
    await drain(peer, home);
    expect(await valueIn(home)).toBe('a');
    expect(owedIn(peer)).toBe(0);
  });

  it('claims nothing when the peer does not answer either', async () => {
    home.down();
    peer.down();
    expect(await atHome().write(set('a'))).toMatchObject({ kind: 'unavailable', home: {}, peer: {} });
  });

  it('claims nothing in an install of one Region', async () => {
    home.down();
    expect(await writerIn({ home: home.stores }).write(set('a'))).toMatchObject({ kind: 'unavailable' });
  });
});

describe('one Region', () => {
  it('holds all there is: nothing is owed', async () => {
    expect(await writerIn({ home: home.stores }).write(set('a'))).toMatchObject({ replication: 'both' });
    expect(await readIn(home)).not.toHaveProperty('owed');
  });
});

describe('a clock that is behind', () => {
  it('goes beyond what home holds, so that the later edit wins', async () => {
    await atHome(300_000).write(set('first'));
    const later = await atHome(-300_000).write(set('second'));
    expect(later).toMatchObject({ kind: 'held', replication: 'both' });
    expect([await valueIn(home), await valueIn(peer)]).toStrictEqual(['second', 'second']);
  });

  it('goes beyond what the peer holds too, home first and then the peer again', async () => {
    home.down();
    await atPeer(300_000).write(set('first'));
    home.up();
    expect(await valueIn(home)).toBeUndefined();
    expect(await atHome(-300_000).write(set('second'))).toMatchObject({ kind: 'held', replication: 'both' });
    await drain(peer, home);
    expect([await valueIn(home), await valueIn(peer)]).toStrictEqual(['second', 'second']);
    expect(owedIn(home) + owedIn(peer)).toBe(0);
  });

  it('counts on where the milliseconds stand still', async () => {
    const first = await atHome().write(set('first'));
    const second = await atHome().write(set('second'));
    const [one, two] = [first, second].map((outcome) =>
      outcome.kind === 'held' ? clockOfVersion(outcome.v) : undefined,
    );
    expect(two).toStrictEqual({ ms: one?.ms, counter: (one?.counter ?? 0) + 1 });
  });

  it('gives up with a sentence where others are faster every time, and claims nothing', async () => {
    const writer = atHome();
    const put = home.workspaces.put.bind(home.workspaces);
    let others = 0;
    home.workspaces.put = async (record, owed) => {
      others += 1;
      const faster = { ms: nowMs + others * 1000, counter: 0 };
      await put({
        ...record,
        op: `other${others}`,
        v: `u|${faster.ms}000000|us-east-2|other${others}`,
      });
      return put(record, owed);
    };
    expect(await writer.write(set('slow'))).toMatchObject({ kind: 'unavailable', home: { code: 'ClockNotFound' } });
  });
});

describe('an op that was given', () => {
  it('makes one write of two requests at one Region', async () => {
    const first = await atHome().write(set('a', { op: 'key-1' }));
    nowMs += 60_000;
    const again = await atHome().write(set('a', { op: 'key-1' }));
    expect(again).toStrictEqual({ ...first, repeated: true });
  });

  it('makes one write of two requests at both Regions', async () => {
    const first = await atHome().write(set('a', { op: 'key-1' }));
    nowMs += 60_000;
    expect(await atPeer().write(set('a', { op: 'key-1' }))).toStrictEqual({ ...first, repeated: true });
    expect(await readIn(home)).toStrictEqual(await readIn(peer));
  });

  it('does not undo what somebody wrote in between', async () => {
    await atHome().write(set('a', { op: 'key-1' }));
    await atHome().write(set('b', { op: 'key-2' }));
    expect(await atPeer().write(set('a', { op: 'key-1' }))).toMatchObject({ kind: 'held', repeated: true });
    expect([await valueIn(home), await valueIn(peer)]).toStrictEqual(['b', 'b']);
  });

  it('finds its note at the peer when home is down, and changes nothing', async () => {
    const first = await atHome().write(set('a', { op: 'key-1' }));
    await atHome().write(set('b'));
    home.down();
    expect(await atHome().write(set('a', { op: 'key-1' }))).toMatchObject({
      kind: 'held',
      v: first.kind === 'held' ? first.v : '',
      repeated: true,
    });
    home.up();
    await drain(peer, home);
    expect([await valueIn(home), await valueIn(peer)]).toStrictEqual(['b', 'b']);
  });

  it('is refused for another record or other content', async () => {
    await atHome().write(set('a', { op: 'key-1' }));
    expect(await atHome().write(set('b', { op: 'key-1' }))).toStrictEqual({ kind: 'op-reused', op: 'key-1' });
    expect(await atPeer().write(set('a', { op: 'key-1', key: OTHER }))).toMatchObject({ kind: 'op-reused' });
    expect(await valueIn(home)).toBe('a');
  });

  it('compares what the caller calls the same, and repeats the first bytes', async () => {
    const timed = (value: string, at: number): InteractiveWrite => ({
      ...set(value, { op: 'key-1', identity: value }),
      content: { kind: 'payload', payload: { value, at } },
    });
    await atHome().write(timed('a', 1));
    expect(await atHome().write(timed('a', 2))).toMatchObject({ repeated: true });
    expect(JSON.parse((await readIn(home))?.data ?? '')).toStrictEqual({ value: 'a', at: 1 });
    expect(await readIn(home)).toStrictEqual(await readIn(peer));
  });

  it('leaves a note that expires, in both Regions, and owed where its record is', async () => {
    peer.down();
    await atHome().write(set('a', { op: 'key-1' }));
    expect(owedIn(home)).toBe(2);
    peer.up();
    await drain(home, peer);
    expect(owedIn(home)).toBe(0);
    const notes = [...peer.workspaces.partitions.values()].flatMap((items) => Array.from(items.values()));
    expect(notes.filter(({ expires }) => expires === nowMs / 1000 + 7 * 86_400)).toHaveLength(1);
  });
});

describe('an append-only record', () => {
  const event = (op: string, at: number): InteractiveWrite => ({
    table: 'audit',
    key: { pk: 'events#2026-11-22', sk: op },
    content: { kind: 'payload', payload: { at } },
    op,
    once: true,
  });

  it('is written once, whoever sends it again', async () => {
    await atHome().write(event('e1', 1));
    expect(await atHome().write(event('e1', 2))).toMatchObject({ kind: 'held', repeated: true });
    expect(await atPeer().write(event('e1', 3))).toMatchObject({ kind: 'held', repeated: true });
    const [one, two] = await Promise.all(
      [home, peer].map(async ({ audit }) => valueOf(await audit.query('events#2026-11-22'))),
    );
    expect(one?.items).toHaveLength(1);
    expect(one?.items[0]?.data).toBe('{"at":1}');
    expect(one?.items).toStrictEqual(two?.items);
  });
});

describe('any history of two writers', () => {
  it('ends with the same bytes in both Regions, and with the last edit of those that both held', async () => {
    const step = fc.record({
      side: fc.constantFrom('home' as const, 'peer' as const),
      value: fc.integer({ min: 0, max: 999 }),
      skewMs: fc.integer({ min: -300_000, max: 300_000 }),
      homeDown: fc.boolean(),
      peerDown: fc.boolean(),
      keyed: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        home = new MemoryRegion('us-east-2');
        peer = new MemoryRegion('us-west-2');
        let rises = true;
        let last: { readonly v: string; readonly value: string } | undefined;
        for (const { side, value, skewMs, homeDown, peerDown, keyed } of steps) {
          nowMs += 1000;
          home.fault = () => (homeDown ? { reason: 'unreachable', code: 'ECONNREFUSED', message: '' } : undefined);
          peer.fault = () => (peerDown ? { reason: 'unreachable', code: 'ECONNREFUSED', message: '' } : undefined);
          const text = keyed === undefined ? String(value) : `keyed ${keyed}`;
          const writer = side === 'home' ? atHome(skewMs) : atPeer(skewMs);
          const outcome = await writer.write(set(text, keyed === undefined ? {} : { op: `key-${keyed}` }));
          if (outcome.kind === 'held' && outcome.replication === 'both' && !outcome.repeated) {
            rises &&= last === undefined || outcome.v > last.v;
            last = { v: outcome.v, value: text };
          }
        }
        home.up();
        peer.up();
        await drain(home, peer);
        await drain(peer, home);
        expect(await readIn(home)).toStrictEqual(await readIn(peer));
        expect(owedIn(home) + owedIn(peer)).toBe(0);
        const stored = await readIn(home);
        expect(rises).toBe(true);
        expect(last === undefined || (stored?.v ?? '') >= last.v).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
