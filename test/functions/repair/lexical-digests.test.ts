/** What a source owes of its lexical index is found, though buckets lie in partitions that all sources share. */
import { describe, expect, it } from 'vitest';

import { directoryPayload } from '../../../functions/lexical/directory.ts';
import { bucketKey, directoryKey } from '../../../functions/lexical/keys.ts';
import { BUCKETS } from '../../../functions/lexical/term-hash.ts';
import { readLexicalDigests } from '../../../functions/repair/lexical-digests.ts';
import { readSourceDebts } from '../../../functions/repair/source-debts.ts';
import { sourceOfKey } from '../../../functions/repair/source-of-key.ts';
import { isSourceSettled } from '../../../functions/repair/source-settled.ts';
import { makeRecord, makeTombstone } from '../../../functions/stores/envelope.ts';
import { regionOf } from '../../support/memory-pair.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';

const OP = '01JD0000000000000000000001';
const UNIT = { source: 'shop', part: 3 };
const HOME = regionOf('us-east-2');
const PEER = regionOf('us-west-2');

const storesOf = (region: typeof HOME) => ({
  region,
  tables: { workspaces: new MemoryRecordStore(), audit: new MemoryRecordStore(), graph: new MemoryRecordStore() },
  vectors: new MemoryVectorStore(4),
});

const bucket = makeRecord(bucketKey(UNIT, 9), { v: 'i|2', op: OP }, { a: 1, m: 1, n: 1, p: '' });
const directory = makeRecord(
  directoryKey(UNIT),
  { v: 'i|3', op: OP },
  directoryPayload({ parts: 1, buckets: new Set([9]), chunks: 1, documents: [] }, BUCKETS),
);
const other = makeRecord(bucketKey({ source: 'bank', part: 0 }, 9), { v: 'i|1', op: OP }, { a: 1, m: 1, n: 1, p: '' });

describe('the lexical records of a source', () => {
  it('are its own, with those of a unit that is gone', async () => {
    const { graph } = storesOf(HOME).tables;
    await graph.put(bucket);
    await graph.put(other);
    await graph.put(makeTombstone(directoryKey(UNIT), { v: 'i|4', op: OP }));
    const read = await readLexicalDigests(graph, 'shop');
    const names = read.kind === 'done' ? read.value.map(({ pk, sk }) => `${pk} ${sk}`) : [];
    expect(names.toSorted()).toEqual(['lex#09 shop#0003', 'lexdir#shop 0003']);
    expect([bucket, directory].map((key) => sourceOfKey(key))).toEqual(['shop', 'shop']);
  });

  it('that are owed hold the source record back until they are sent', async () => {
    const [home, peer] = [storesOf(HOME), storesOf(PEER)];
    await home.tables.graph.put(directory);
    await peer.tables.graph.put(directory);
    await home.tables.graph.put(bucket, PEER);
    expect(await readSourceDebts(home, PEER, 'shop')).toMatchObject({ kind: 'done', value: [{ pk: 'lex#09' }] });
    expect(await isSourceSettled({ from: home, to: peer }, 'shop', 0)).toEqual({ kind: 'waits' });
    await peer.tables.graph.put(bucket);
    await home.tables.graph.clearOwed(bucket, bucket.v);
    expect(await readSourceDebts(home, PEER, 'shop')).toEqual({ kind: 'done', value: [] });
    expect(await isSourceSettled({ from: home, to: peer }, 'shop', 0)).toEqual({ kind: 'settled' });
  });
});
