/** The reads of a comparison, without payloads and numbers, and the mending of damaged bytes: the same in every backend. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import { makeRecord, makeTombstone } from '../../../functions/stores/envelope.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import type { StoredVector } from '../../../functions/stores/vector-store.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';
import { DIMENSIONS, openEmbeddedRegion } from './embedded-region.ts';
import { itemsOf, valueOf } from './outcomes.ts';
import { regionNamed } from './region-named.ts';

const PEER = regionNamed('us-west-2');
const OP = '01J00000000000000000000000';

interface Opened {
  readonly stores: RegionStores;
  close(): Promise<void>;
}

const openMemory = async (): Promise<Opened> => {
  const options = { pageItemsMax: 7 };
  const table = (): MemoryRecordStore => new MemoryRecordStore(options);
  const tables = { workspaces: table(), audit: table(), graph: table() };
  const vectors = new MemoryVectorStore(DIMENSIONS, options);
  return { stores: { region: regionNamed('us-east-2'), tables, vectors }, close: async () => undefined };
};

const openEmbedded = async (): Promise<Opened> => {
  const region = await openEmbeddedRegion();
  return { stores: region.connect(), close: async () => region.close() };
};

const vectorNamed = (chunk: string): StoredVector =>
  makeVector(Float32Array.of(1, 2, 3, chunk.length), { src: 'handbook', doc: 'handbook~1', chunk }, OP);

describe.each([
  ['in memory', openMemory],
  ['in an embedded Region', openEmbedded],
])('stores %s', (_where, open) => {
  let opened: Opened;

  beforeEach(async () => {
    opened = await open();
  });

  afterEach(async () => {
    await opened.close();
  });

  it('read the digests of many keys, with what is local to them, and leave out what is not there', async () => {
    const { workspaces } = opened.stores.tables;
    const records = Array.from({ length: LIMITS.digestGetItemsMax + 20 }, (_, at) =>
      makeRecord({ pk: `p${at % 7}`, sk: `s${at}` }, { v: `${at}`, op: OP }, { at }),
    );
    await Promise.all(records.map(async (record) => workspaces.put(record, PEER)));
    const gone = makeTombstone({ pk: 'p0', sk: 'gone' }, { v: '2', op: OP });
    await workspaces.put(gone);
    await workspaces.claim({ pk: 'p0', sk: 'claimed' }, 'f1');
    const keys = [...records, gone, { pk: 'p0', sk: 'claimed' }, { pk: 'nobody', sk: 'wrote' }];
    const found = valueOf(await workspaces.getDigests(keys));
    expect(found).toHaveLength(records.length + 1);
    expect(found.find(({ sk }) => sk === 's5')).toEqual({
      pk: 'p5',
      sk: 's5',
      v: '5',
      h: records[5]?.h ?? '',
      owed: PEER,
    });
    const tombstone = found.find(({ sk }) => sk === 'gone');
    expect(tombstone).toMatchObject({ v: '2', h: gone.h, del: true });
    expect(typeof tombstone?.receivedAt).toBe('number');
    expect(valueOf(await workspaces.getDigests([]))).toEqual([]);
  });

  it('read many local items, and nothing that is a record', async () => {
    const { workspaces } = opened.stores.tables;
    const items = Array.from({ length: LIMITS.recordGetItemsMax + 5 }, (_, at) => ({
      pk: 'LOCAL#nodes',
      sk: `${at}`,
      order: at,
      data: `data ${at}`,
    }));
    await Promise.all(items.map(async (item) => workspaces.putLocal(item)));
    await workspaces.put(makeRecord({ pk: 'LOCAL#nodes', sk: 'record' }, { v: '1', op: OP }, {}));
    const found = valueOf(
      await workspaces.getLocals([...items, { pk: 'LOCAL#nodes', sk: 'record' }, { pk: 'LOCAL#nodes', sk: 'none' }]),
    );
    expect(found.toSorted((left, right) => left.order - right.order)).toEqual(items);
  });

  it('mend the bytes of one version, and leave its debt and its fence alone', async () => {
    const { graph } = opened.stores.tables;
    const key = { pk: 'sources', sk: 'handbook' };
    const healthy = makeRecord(key, { v: '2', op: OP }, { text: 'healthy' });
    await graph.claim(key, 'f1');
    await graph.commit({ ...healthy, data: '{"text":"damaged"}' }, 'f1', PEER);
    expect(valueOf(await graph.mend(healthy))).toBe('mended');
    expect(valueOf(await graph.get(key))).toEqual({ ...healthy, owed: PEER, f: 'f1' });
    expect(valueOf(await graph.mend({ ...healthy, v: '1' }))).toBe('kept');
    expect(valueOf(await graph.mend(makeRecord({ pk: 'no', sk: 'body' }, { v: '1', op: OP }, {})))).toBe('kept');
    expect(valueOf(await graph.get({ pk: 'no', sk: 'body' }))).toBeUndefined();
  });

  it('mend a tombstone that lost its mark, and a record that got one', async () => {
    const { workspaces } = opened.stores.tables;
    const gone = makeTombstone({ pk: 'team', sk: 'gone' }, { v: '2', op: OP });
    const { del: _del, ...live } = gone;
    await workspaces.put(live);
    valueOf(await workspaces.mend(gone));
    expect(valueOf(await workspaces.get(gone))).toEqual(gone);
    valueOf(await workspaces.mend(live));
    expect(valueOf(await workspaces.get(gone))).toEqual(live);
  });

  it('read the hashes of vectors, some or all, without their numbers', async () => {
    const { vectors } = opened.stores;
    const put = Array.from({ length: 20 }, (_, at) => vectorNamed('c'.repeat(at + 1)));
    valueOf(await vectors.put(put));
    const expected = put.map(({ key, metadata }) => ({ key, h: metadata.h }));
    const listed = [
      ...(await itemsOf(async (page) => vectors.listHashes({ segment: 0, segments: 2, ...page }))),
      ...(await itemsOf(async (page) => vectors.listHashes({ segment: 1, segments: 2, ...page }))),
    ];
    const sorted = (items: readonly { readonly key: string }[]): readonly unknown[] =>
      items.toSorted((left, right) => (left.key < right.key ? -1 : 1));
    expect(sorted(listed)).toEqual(sorted(expected));
    const some = expected.slice(3, 6);
    expect(sorted(valueOf(await vectors.getHashes([...some.map(({ key }) => key), 'nobody#put#it'])))).toEqual(
      sorted(some),
    );
  });
});
