/** Debts: sent by version, cleared for exactly that version, a document after its vectors, a source record last. */
import { beforeEach, describe, expect, it } from 'vitest';

import { chunkKey, documentKey, sourceKey } from '../../../functions/domain/corpus.ts';
import type { RecordKey } from '../../../functions/domain/record.ts';
import { encodeFence, ingestVersion, interactiveVersion } from '../../../functions/domain/version.ts';
import { type DrainReport, drainOwed } from '../../../functions/repair/drain.ts';
import { readOwedDebt, timeOfVersion } from '../../../functions/repair/owed-debt.ts';
import { Pace } from '../../../functions/repair/pace.ts';
import { readSourceDebts, sendSourceRecord, settleSource } from '../../../functions/repair/source-debts.ts';
import { transferRecord } from '../../../functions/repair/transfer.ts';
import { makeRecord, makeTombstone } from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import type { StoredVector } from '../../../functions/stores/vector-store.ts';
import { MemoryRegion, SILENT, UNREACHABLE } from '../../support/memory-pair.ts';
import { valueOf } from '../stores/outcomes.ts';

const SOURCE = 'handbook';
const DOCUMENT = `${SOURCE}~${'a'.repeat(20)}`;
const RUN = '01KAMQYG00000000000000000A';

let from: MemoryRegion;
let to: MemoryRegion;
let nowMs: number;

beforeEach(() => {
  from = new MemoryRegion('us-east-2');
  to = new MemoryRegion('us-west-2');
  nowMs = 0;
});

const versionOf = (seq: number, epoch = 1): string =>
  ingestVersion(encodeFence({ epoch, region: from.region, run: 1, op: RUN }), seq);

const vectorOf = (chunk: string): StoredVector =>
  makeVector(Float32Array.of(1, 2, 3, 4), { src: SOURCE, doc: DOCUMENT, chunk }, RUN);

const documentOf = (chunks: readonly string[]): object => ({
  id: DOCUMENT,
  src: SOURCE,
  path: 'README.md',
  rev: 'r1',
  index: 'test',
  kind: 'markdown',
  title: 'Readme',
  chars: 10,
  chunks: chunks.map((chunk) => ({ c: chunk, k: vectorOf(chunk).key, l: [1, 2] })),
});

/** As a deferred cycle leaves it: vectors at home, then chunks, document and source record, each owed. */
const oweDocument = async (chunks: readonly string[], seq = 1): Promise<void> => {
  await from.vectors.put(chunks.map((chunk) => vectorOf(chunk)));
  for (const [at, chunk] of chunks.entries()) {
    const payload = { doc: DOCUMENT, src: SOURCE, breadcrumb: 'b', text: chunk };
    const write = { v: versionOf(seq + at), op: RUN };
    await from.graph.put(makeRecord(chunkKey(SOURCE, DOCUMENT, chunk), write, payload), to.region);
  }
  const write = { v: versionOf(seq + chunks.length), op: RUN };
  await from.graph.put(makeRecord(documentKey(SOURCE, DOCUMENT), write, documentOf(chunks)), to.region);
};

const oweSource = async (seq: number): Promise<void> => {
  const fence = encodeFence({ epoch: 1, region: from.region, run: 1, op: RUN });
  await from.graph.claim(sourceKey(SOURCE), fence);
  const record = makeRecord(sourceKey(SOURCE), { v: versionOf(seq), op: RUN }, { id: SOURCE });
  expect(await from.graph.commit(record, fence, to.region)).toMatchObject({ kind: 'committed' });
};

const drain = async (deadlineMs = Infinity): Promise<DrainReport> =>
  drainOwed({
    direction: { from: from.stores, to: to.stores },
    telemetry: SILENT,
    now: () => nowMs,
    sleep: async () => undefined,
    deadlineMs,
  });

const debts = async (): Promise<number> => valueOf(await readOwedDebt(from.stores, to.region, 0)).count;

const record = (key: RecordKey, seq: number): ReturnType<typeof makeRecord> =>
  makeRecord(key, { v: versionOf(seq), op: RUN }, { seq });

describe('a drain', () => {
  it('sends everything that is owed, and clears it', async () => {
    await oweDocument(['c1', 'c2']);
    await oweSource(9);
    expect(await debts()).toBe(4);
    expect(await drain()).toMatchObject({ kind: 'drained', sent: 4, superseded: 0, waiting: 0 });
    expect(await debts()).toBe(0);
    expect(to.vectors.vectors).toStrictEqual(from.vectors.vectors);
    for (const key of [documentKey(SOURCE, DOCUMENT), chunkKey(SOURCE, DOCUMENT, 'c1'), sourceKey(SOURCE)]) {
      const { f: _f, ...sent } = valueOf(await from.graph.get(key)) ?? { v: '' };
      expect(valueOf(await to.graph.get(key))).toStrictEqual(sent);
    }
  });

  it('writes nothing and changes nothing when it runs again', async () => {
    await oweDocument(['c1']);
    await drain();
    to.operations.length = 0;
    expect(await drain()).toMatchObject({ kind: 'drained', sent: 0 });
    expect(to.operations).toStrictEqual([]);
  });

  it('puts no record that lists a vector before the vector is there', async () => {
    await oweDocument(['c1', 'c2']);
    await drain();
    expect(to.operations.indexOf('vectors.put')).toBeGreaterThanOrEqual(0);
    const puts = to.operations.flatMap((operation, at) => (operation === 'put' ? [at] : []));
    expect(Math.max(...puts)).toBeGreaterThan(to.operations.indexOf('vectors.put'));
    expect(valueOf(await to.graph.get(documentKey(SOURCE, DOCUMENT)))).toBeDefined();
  });

  it('sends live chunks, then documents, then tombstones, so that no reader meets a list of what is not there', async () => {
    await oweDocument(['c1', 'c2']);
    await from.graph.put(makeTombstone(chunkKey(SOURCE, DOCUMENT, 'old'), { v: versionOf(9), op: RUN }), to.region);
    const order: string[] = [];
    const put = to.graph.put.bind(to.graph);
    to.graph.put = async (sent) => {
      order.push(sent.del === true ? 'tombstone' : sent.sk.startsWith('document#') ? 'document' : 'chunk');
      return put(sent);
    };
    expect(await drain()).toMatchObject({ kind: 'drained', sent: 4 });
    expect(order).toStrictEqual(['chunk', 'chunk', 'document', 'tombstone']);
  });

  it('copies only vectors that the other Region’s own record does not list', async () => {
    await oweDocument(['c1', 'c2']);
    await drain();
    to.vectors.vectors.delete(vectorOf('c1').key);
    await oweDocument(['c1', 'c2', 'c3'], 10);
    await drain();
    expect([...to.vectors.vectors.keys()].toSorted()).toStrictEqual(
      [vectorOf('c2').key, vectorOf('c3').key].toSorted(),
    );
  });

  it('does not send a document whose vector is gone, and keeps its debt', async () => {
    await oweDocument(['c1', 'c2']);
    await from.vectors.delete([vectorOf('c2').key]);
    expect(await drain()).toMatchObject({ kind: 'drained', waiting: 1 });
    expect(valueOf(await to.graph.get(documentKey(SOURCE, DOCUMENT)))).toBeUndefined();
    expect(await debts()).toBe(1);
  });

  it('sends the source record only when nothing else of the source is owed', async () => {
    await oweDocument(['c1']);
    await oweSource(9);
    await from.vectors.delete([vectorOf('c1').key]);
    expect(await drain()).toMatchObject({ kind: 'drained', waiting: 2 });
    expect(valueOf(await to.graph.get(sourceKey(SOURCE)))).toBeUndefined();
  });

  it('leaves the fence of the other Region alone', async () => {
    await oweSource(9);
    await to.graph.claim(sourceKey(SOURCE), 'f9');
    await drain();
    expect(valueOf(await to.graph.readSource(sourceKey(SOURCE)))).toMatchObject({
      f: 'f9',
      record: { v: versionOf(9) },
    });
  });

  it('ends a debt that somebody newer has made void at the other Region, and leaves the newer record there', async () => {
    await from.workspaces.put(record({ pk: 'p', sk: 's' }, 1), to.region);
    await to.workspaces.put(record({ pk: 'p', sk: 's' }, 2));
    expect(await drain()).toMatchObject({ kind: 'drained', sent: 0, superseded: 1 });
    expect(await debts()).toBe(0);
    expect(valueOf(await to.workspaces.get({ pk: 'p', sk: 's' }))?.v).toBe(versionOf(2));
  });

  it('keeps the debt of a version that came while it was sending', async () => {
    const key = { pk: 'p', sk: 's' };
    await from.workspaces.put(record(key, 1), to.region);
    const put = to.workspaces.put.bind(to.workspaces);
    to.workspaces.put = async (...sent) => {
      to.workspaces.put = put;
      await from.workspaces.put(record(key, 2), to.region);
      return put(...sent);
    };
    await drain();
    expect(await debts()).toBe(1);
    await drain();
    expect(valueOf(await to.workspaces.get(key))?.v).toBe(versionOf(2));
    expect(await debts()).toBe(0);
  });

  it('sends tombstones, and notes with their expiry', async () => {
    await from.workspaces.put(makeTombstone({ pk: 'p', sk: 'a' }, { v: versionOf(1), op: RUN }), to.region);
    await from.workspaces.put({ ...record({ pk: 'p', sk: 'b' }, 1), expires: 77 }, to.region);
    await drain();
    expect(valueOf(await to.workspaces.get({ pk: 'p', sk: 'a' }))?.del).toBe(true);
    expect(valueOf(await to.workspaces.get({ pk: 'p', sk: 'b' }))?.expires).toBe(77);
  });

  it('stops at the first sign that the other Region does not answer, and says which', async () => {
    for (let at = 0; at < 500; at += 1) {
      await from.workspaces.put(record({ pk: `p${at}`, sk: 's' }, 1), to.region);
    }
    to.down();
    to.operations.length = 0;
    expect(await drain()).toMatchObject({ kind: 'stopped', failure: { at: 'to', failure: UNREACHABLE } });
    expect(to.operations.length).toBeLessThan(200);
    expect(await debts()).toBe(500);
  });

  it('sends what people wrote before what a sync can bring again', async () => {
    await oweDocument(['c1']);
    await from.workspaces.put(record({ pk: 'p', sk: 's' }, 1), to.region);
    to.fault = (operation) => (operation === 'vectors.put' ? UNREACHABLE : undefined);
    await drain();
    expect(valueOf(await to.workspaces.get({ pk: 'p', sk: 's' }))).toBeDefined();
  });

  it('stops between two pages when its time is up', async () => {
    for (let at = 0; at < 300; at += 1) {
      await from.workspaces.put(record({ pk: 'p', sk: `s${at}` }, 1), to.region);
    }
    from.fault = (operation) => {
      nowMs += operation === 'getMany' ? 1 : 0;
      return undefined;
    };
    expect(await drain(1)).toMatchObject({ kind: 'out-of-time', sent: 25 });
    expect(await debts()).toBe(275);
  });
});

describe('a transfer', () => {
  it('reads a document again whose vector went away while it was being replaced', async () => {
    await oweDocument(['c1']);
    const get = from.vectors.get.bind(from.vectors);
    from.vectors.get = async (keys) => {
      from.vectors.get = get;
      await oweDocument(['c2'], 10);
      await from.vectors.delete([vectorOf('c1').key]);
      return get(keys);
    };
    const direction = { from: from.stores, to: to.stores };
    expect(await transferRecord(direction, 'graph', documentKey(SOURCE, DOCUMENT))).toMatchObject({ kind: 'sent' });
    expect(valueOf(await to.graph.get(documentKey(SOURCE, DOCUMENT)))?.data).toContain('c2');
  });

  it('of nothing is absent', async () => {
    const direction = { from: from.stores, to: to.stores };
    expect(await transferRecord(direction, 'graph', { pk: 'p', sk: 's' })).toStrictEqual({ kind: 'absent' });
  });
});

describe('settling a source', () => {
  const pair = (): Parameters<typeof settleSource>[0] => ({ home: from.stores, peer: to.stores });

  it('finds by strong reads what the index does not show yet, in both Regions', async () => {
    await oweDocument(['c1']);
    await oweSource(9);
    await to.graph.put(record(chunkKey(SOURCE, DOCUMENT, 'c9'), 20), from.region);
    from.graph.listOwed = async () => ({ kind: 'done', value: { items: [] } });
    to.graph.listOwed = async () => ({ kind: 'done', value: { items: [] } });
    expect(await settleSource(pair(), SOURCE)).toStrictEqual({ kind: 'settled', found: 3 });
    expect(valueOf(await to.graph.get(sourceKey(SOURCE)))?.v).toBe(versionOf(9));
    expect(valueOf(await from.graph.get(chunkKey(SOURCE, DOCUMENT, 'c9')))?.v).toBe(versionOf(20));
    expect(valueOf(await readSourceDebts(from.stores, to.region, SOURCE))).toStrictEqual([]);
    expect(valueOf(await readSourceDebts(to.stores, from.region, SOURCE))).toStrictEqual([]);
  });

  it('names what it could not send', async () => {
    await oweDocument(['c1']);
    await from.vectors.delete([vectorOf('c1').key]);
    expect(await settleSource(pair(), SOURCE)).toMatchObject({ kind: 'left', keys: [documentKey(SOURCE, DOCUMENT)] });
  });

  it('fails with the side that did not answer', async () => {
    await oweDocument(['c1']);
    to.fault = (operation) => (operation === 'put' ? UNREACHABLE : undefined);
    expect(await settleSource(pair(), SOURCE)).toMatchObject({ kind: 'failed', side: 'peer' });
    to.up();
    from.down();
    expect(await settleSource(pair(), SOURCE)).toMatchObject({ kind: 'failed', side: 'home' });
  });

  it('leaves other sources alone', async () => {
    await from.graph.put(record({ pk: 'source#other', sk: 'document#other~1' }, 1), to.region);
    expect(await settleSource(pair(), SOURCE)).toStrictEqual({ kind: 'settled', found: 0 });
    expect(valueOf(await to.graph.get({ pk: 'source#other', sk: 'document#other~1' }))).toBeUndefined();
  });

  it('does not send a source record that was read before something of it was owed', async () => {
    await oweSource(9);
    const get = from.graph.get.bind(from.graph);
    from.graph.get = async (key) => {
      from.graph.get = get;
      const read = await get(key);
      await oweDocument(['c1'], 20);
      return read;
    };
    const direction = { from: from.stores, to: to.stores };
    expect(await sendSourceRecord(direction, sourceKey(SOURCE))).toStrictEqual({ kind: 'waits' });
  });
});

describe('the reading of debts', () => {
  it('counts, and tells the age of the oldest by its version', async () => {
    const clock = interactiveVersion({ ms: 1_700_000_000_000, counter: 3 }, from.region, 'op');
    await from.workspaces.put(makeRecord({ pk: 'p', sk: 's' }, { v: clock, op: 'op' }, {}), to.region);
    await from.workspaces.put(
      makeRecord({ pk: 'q', sk: 's' }, { v: clock.replace('17', '18'), op: 'op' }, {}),
      to.region,
    );
    expect(valueOf(await readOwedDebt(from.stores, to.region, 1_700_000_060_000))).toStrictEqual({
      count: 2,
      isExact: true,
      oldestAgeMs: 60_000,
    });
  });

  it('knows when a run began that a version names', () => {
    expect(timeOfVersion(versionOf(1))).toBe(1_763_780_280_320);
    expect(timeOfVersion('nonsense')).toBeUndefined();
  });

  it('fails where a shard can’t be read: half a count is none', async () => {
    from.fault = (operation) => (operation === 'listOwed' ? UNREACHABLE : undefined);
    expect(await readOwedDebt(from.stores, to.region, 0)).toMatchObject({ kind: 'failed' });
  });
});

describe('a pace', () => {
  it('lets the first through at once and makes the next wait until it is paid for', async () => {
    const slept: number[] = [];
    let clockMs = 0;
    const pace = new Pace(100, {
      now: () => clockMs,
      sleep: async (ms) => {
        slept.push(ms);
        clockMs += ms;
      },
    });
    for (let at = 0; at < 3; at += 1) {
      await pace.take(50);
    }
    expect(slept).toStrictEqual([500, 500]);
  });
});
