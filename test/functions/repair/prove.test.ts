/**
 * A Region's proof counts what it holds, names what is damaged or missing, and has the same root as another Region with the
 * same writes. In memory and over the embedded services, where damage is a byte changed in a file.
 */
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { sourceKey } from '../../../functions/domain/corpus.ts';
import { ConfigError } from '../../../functions/domain/errors.ts';
import { done, type Failure } from '../../../functions/domain/failure.ts';
import { TABLE_NAMES } from '../../../functions/domain/record.ts';
import type { RegionStores } from '../../../functions/dual-write/regions.ts';
import { compareTrees, type Difference, type TreeReader } from '../../../functions/repair/compare.ts';
import { answerProof, parseProofRequest } from '../../../functions/repair/proof-service.ts';
import { type ProvenStore, proveRegion, type RegionProof } from '../../../functions/repair/prove.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';
import { CALM, DIMENSIONS, type EmbeddedRegion, openEmbeddedRegion } from '../stores/embedded-region.ts';
import { valueOf } from '../stores/outcomes.ts';
import { regionNamed } from '../stores/region-named.ts';
import { type Act, corpusWrites, documentNamed, writeLocals } from '../stores/corpus-world.ts';

const NAMES = ['deploy', 'rollback', 'on-call', 'pagers', 'ledger', 'search'];
const WRITES = corpusWrites(NAMES);
const DOCUMENT = documentNamed('rollback');

interface MemoryRegion {
  readonly stores: RegionStores;
  readonly graph: MemoryRecordStore;
  readonly vectors: MemoryVectorStore;
}

const openMemoryRegion = (region = 'us-east-2', fault?: (operation: string) => Failure | undefined): MemoryRegion => {
  const options = { pageItemsMax: 4, ...(fault === undefined ? {} : { fault }) };
  const graph = new MemoryRecordStore(options);
  const vectors = new MemoryVectorStore(DIMENSIONS, options);
  const tables = { workspaces: new MemoryRecordStore(options), audit: new MemoryRecordStore(options), graph };
  return { stores: { region: regionNamed(region), tables, vectors }, graph, vectors };
};

const apply = async (stores: RegionStores, writes: readonly Act[]): Promise<void> => {
  for (const write of writes) {
    await write(stores);
  }
};

const prove = async (stores: RegionStores): Promise<RegionProof> => valueOf(await proveRegion(stores, DEEP));

const brief = ({ documents, chunks, vectors, damaged }: RegionProof): readonly unknown[] => [
  documents,
  chunks,
  vectors,
  damaged,
];

/** Long before any tombstone of these tests is old. */
const DEEP = { at: 0, deep: true };

const HEALTHY = [6, 18, 18, []];

const readerOf = ({ trees }: RegionProof, store: ProvenStore): TreeReader => ({
  root: async () => done(trees[store].root),
  children: async (paths) => done(paths.map((node) => trees[store].children(node))),
  entries: async (leaves) => done(leaves.map((leaf) => trees[store].entries(leaf))),
});

const differences = async (
  left: RegionProof,
  right: RegionProof,
  store: ProvenStore = 'graph',
): Promise<readonly Difference[]> => valueOf(await compareTrees(readerOf(left, store), readerOf(right, store)));

const sorted = (keys: readonly string[]): readonly string[] => keys.toSorted((left, right) => (left < right ? -1 : 1));

/** The first of some things that a corpus has for certain. */
const firstOf = <T>(items: readonly T[]): T => {
  const [first] = items;
  if (first === undefined) {
    throw new TypeError('there is none');
  }
  return first;
};

const keyText = ({ pk, sk }: { readonly pk: string; readonly sk: string }): string => `${pk} / ${sk}`;

describe('proveRegion', () => {
  let memory: MemoryRegion;

  beforeEach(async () => {
    memory = openMemoryRegion();
    await apply(memory.stores, WRITES);
  });

  it('counts documents, chunks and vectors, page by page, and finds nothing damaged', async () => {
    const proof = await prove(memory.stores);
    expect(brief(proof)).toEqual(HEALTHY);
    // Six documents, three chunks each, one tombstone.
    expect(proof.trees.graph.count).toBe(25);
    expect(TABLE_NAMES.map((table) => proof.trees[table].count)).toEqual([1, 1, 25]);
    expect(proof.trees.vectors.count).toBe(18);
  });

  it('has one root for the same writes in any order and repetition', async () => {
    const { root } = await prove(memory.stores);
    const orders = fc.sample(fc.shuffledSubarray([...WRITES], { minLength: WRITES.length }), { numRuns: 3, seed: 3 });
    for (const order of orders) {
      const other = openMemoryRegion('us-west-2');
      await apply(other.stores, [...order, ...order.slice(0, 10)]);
      expect((await prove(other.stores)).root).toBe(root);
    }
  });

  it('does not see what is local to a Region: GATE, claims, fences', async () => {
    const { root } = await prove(memory.stores);
    await writeLocals(memory.stores, 'f1');
    expect((await prove(memory.stores)).root).toBe(root);
    const other = openMemoryRegion('us-west-2');
    await apply(other.stores, WRITES);
    const committed = makeRecord(sourceKey('handbook'), { v: '1', op: 'op' }, {});
    await other.stores.tables.graph.claim(committed, 'f1');
    await other.stores.tables.graph.commit(committed, 'f1');
    const before = await prove(other.stores);
    await other.stores.tables.graph.claim(committed, 'f2');
    expect((await prove(other.stores)).root).toBe(before.root);
    expect(before.root).not.toBe(root);
  });

  it('does not count an orphan, and is the same with it', async () => {
    const { root } = await prove(memory.stores);
    await memory.stores.vectors.put(documentNamed('never written').vectors);
    const proof = await prove(memory.stores);
    expect(brief(proof)).toEqual(HEALTHY);
    expect(proof.root).toBe(root);
  });

  it('does not count a deleted document, whose vectors are orphans from then on', async () => {
    const { root } = await prove(memory.stores);
    const { document } = DOCUMENT;
    await memory.stores.tables.graph.put({ ...document, v: '2', del: true, data: '', h: document.h });
    const proof = await prove(memory.stores);
    expect([proof.documents, proof.chunks, proof.vectors]).toEqual([5, 15, 15]);
    expect(proof.root).not.toBe(root);
  });

  it('counts no document that was skipped', async () => {
    await memory.stores.tables.graph.put(documentNamed('logo', '1', { chunks: [], skipped: 'binary' }).document);
    expect(brief(await prove(memory.stores))).toEqual(HEALTHY);
  });

  it('names a record whose bytes changed, and no other', async () => {
    const healthy = await prove(memory.stores);
    const chunk = firstOf(DOCUMENT.chunks);
    const item = memory.graph.partitions.get(chunk.pk)?.get(chunk.sk);
    if (item?.data === undefined) {
      throw new TypeError('the chunk is not stored');
    }
    item.data = item.data.replace('text 0', 'text 9');
    const proof = await prove(memory.stores);
    expect(brief(proof)).toEqual([6, 18, 18, [keyText(chunk)]]);
    expect(await differences(healthy, proof)).toEqual([
      { key: [chunk.pk, chunk.sk], kind: 'different-bytes', owed: false },
    ]);
  });

  it('names a document that is no longer one, and does not count what it listed', async () => {
    const { document } = DOCUMENT;
    const item = memory.graph.partitions.get(document.pk)?.get(document.sk);
    Object.assign(item ?? {}, { data: '{' });
    expect(brief(await prove(memory.stores))).toEqual([5, 15, 15, [keyText(document)]]);
  });

  it('names a vector whose bytes changed, and one that is listed and not there', async () => {
    const healthy = await prove(memory.stores);
    const [changed = '', lost = ''] = DOCUMENT.vectors.map(({ key }) => key);
    const data = memory.vectors.vectors.get(changed)?.data ?? new Float32Array();
    data[0] = 99;
    memory.vectors.vectors.delete(lost);
    const proof = await prove(memory.stores);
    expect(brief(proof)).toEqual([6, 18, 17, sorted([changed, lost])]);
    const named = await differences(healthy, proof, 'vectors');
    expect(named.toSorted((left, right) => (left.kind < right.kind ? -1 : 1))).toEqual([
      { key: [changed], kind: 'different-bytes', owed: false },
      { key: [lost], kind: 'missing-right', owed: false },
    ]);
    expect(await differences(healthy, proof)).toEqual([]);
  });

  it('names a vector whose metadata changed: it would be shown to other readers', async () => {
    const { key } = firstOf(DOCUMENT.vectors);
    const stored = memory.vectors.vectors.get(key);
    Object.assign(stored?.metadata ?? {}, { src: 'public' });
    expect((await prove(memory.stores)).damaged).toEqual([key]);
  });

  it('leads from different roots to the very keys that differ', async () => {
    const other = openMemoryRegion('us-west-2');
    await apply(other.stores, WRITES);
    const { document } = documentNamed('ledger', '2', { title: 'Ledger' });
    await other.stores.tables.graph.put(document);
    const extra = firstOf(documentNamed('new').chunks);
    await other.stores.tables.graph.put(extra);
    const [left, right] = [await prove(memory.stores), await prove(other.stores)];
    const found = await differences(left, right);
    expect(found.toSorted((one, two) => (one.kind < two.kind ? -1 : 1))).toEqual([
      { key: [extra.pk, extra.sk], kind: 'missing-left', owed: false },
      { key: [document.pk, document.sk], kind: 'stale-left', owed: false },
    ]);
  });

  it.each(['scan', 'list'])('is no proof where one %s of a store fails', async (operation) => {
    let asked = 0;
    const failure: Failure = { reason: 'unreachable', code: 'ECONNRESET', message: 'gone' };
    const { stores } = openMemoryRegion('us-east-2', (name) => {
      asked += Number(name === operation);
      return name === operation && asked > 4 ? failure : undefined;
    });
    await apply(stores, WRITES);
    expect(await proveRegion(stores, DEEP)).toEqual({ kind: 'failed', failure });
  });
});

describe('the proof service', () => {
  it('answers a comparison from one reading, and forgets it with the next', async () => {
    const { stores } = openMemoryRegion();
    await apply(stores, WRITES);
    const cache = { proofs: new Map<string, RegionProof>() };
    const ask = async (event: unknown): Promise<unknown> =>
      valueOf(await answerProof({ home: stores, role: 'primary', cache, now: () => 0 }, parseProofRequest(event)));
    const first = await ask({ kind: 'prove', proof: 'one' });
    expect(first).toMatchObject({ kind: 'proof', region: 'us-east-2', role: 'primary', documents: 6, damaged: [] });
    await stores.tables.graph.put(documentNamed('later').document);
    expect(await ask({ kind: 'prove', proof: 'one' })).toEqual(first);
    expect(await ask({ kind: 'prove', proof: 'two' })).not.toEqual(first);
    expect([...cache.proofs.keys()]).toEqual(['two']);
    expect(await ask({ kind: 'entries', proof: 'two', store: 'audit', paths: ['0000'] })).toEqual({
      kind: 'entries',
      leaves: [[]],
    });
    const nodes = await ask({ kind: 'children', proof: 'two', store: 'graph', paths: [''] });
    expect(nodes).toMatchObject({ kind: 'children', nodes: [{ length: 16 }] });
  });

  it.each([
    ['nothing', undefined],
    ['another kind', { kind: 'repair', proof: 'x' }],
    ['a path that is no path', { kind: 'children', proof: 'x', store: 'graph', paths: ['../'] }],
    ['a store that is none', { kind: 'entries', proof: 'x', store: 'secrets', paths: [] }],
  ])('refuses %s', (_what, event) => {
    expect(() => parseProofRequest(event)).toThrow(ConfigError);
  });
});

describe('two embedded Regions', () => {
  let home: EmbeddedRegion;
  let peer: EmbeddedRegion;

  beforeAll(async () => {
    home = await openEmbeddedRegion('us-east-2');
    peer = await openEmbeddedRegion('us-west-2');
    await apply(home.connect(), WRITES);
    await apply(peer.connect(), WRITES.toReversed());
    await writeLocals(home.connect(), 'f1');
  });

  afterEach(() => {
    home.services.faults.clear();
  });

  afterAll(async () => {
    await home.close();
    await peer.close();
  });

  const inFile = (file: string, sql: string, ...values: readonly string[]): void => {
    const database = new DatabaseSync(path.join(home.directory, file));
    const { changes } = database.prepare(sql).run(...values);
    database.close();
    expect(changes).toBe(1);
  };

  it('have equal roots after the same writes in another order, equal to those of Regions in memory', async () => {
    const memory = openMemoryRegion();
    await apply(memory.stores, WRITES);
    const [left, right, inMemory] = [
      await prove(home.connect()),
      await prove(peer.connect()),
      await prove(memory.stores),
    ];
    expect(brief(left)).toEqual(HEALTHY);
    expect(left.root).toBe(right.root);
    expect(left.root).toBe(inMemory.root);
  });

  it('is no proof while a listing fails, and one again afterwards', async () => {
    const stores = home.connect({ ...CALM, attemptsMax: 1 });
    home.services.faults.set({ service: 's3vectors', operation: 'ListVectors', mode: 'error-500', times: 1 });
    expect(await proveRegion(stores, DEEP)).toMatchObject({ kind: 'failed', failure: { reason: 'unreachable' } });
    expect((await prove(stores)).documents).toBe(6);
  });

  it('name the record and the vector whose bytes changed in the files', async () => {
    const chunk = firstOf(DOCUMENT.chunks);
    const [huge = '', notANumber = ''] = documentNamed('pagers').vectors.map(({ key }) => key);
    inFile(
      'dynamodb.sqlite',
      "UPDATE entries SET value = replace(value, 'text 0 of', 'text 8 of') WHERE key LIKE 'item-%' AND value LIKE ?",
      `%text 0 of ${firstOf(DOCUMENT.vectors).metadata.doc}%`,
    );
    // The first number becomes 1e20, which travels as a whole number beyond 2^53; in another vector, no number at all.
    const first = (bytes: string): string =>
      `UPDATE vectors SET data = CAST(x'${bytes}' || substr(data, 5) AS BLOB) WHERE key = ?`;
    inFile('vectors.sqlite', first('8c78ad60'), huge);
    inFile('vectors.sqlite', first('0000c07f'), notANumber);
    const [left, right] = [await prove(home.connect()), await prove(peer.connect())];
    expect(left.damaged).toEqual(sorted([keyText(chunk), huge, notANumber]));
    expect(right.damaged).toEqual([]);
    expect(left.root).not.toBe(right.root);
    expect(await differences(left, right)).toEqual([
      { key: [chunk.pk, chunk.sk], kind: 'different-bytes', owed: false },
    ]);
    expect((await differences(left, right, 'vectors')).map(({ kind }) => kind)).toEqual([
      'different-bytes',
      'different-bytes',
    ]);
  });

  it('name a record whose item can no longer be read as missing, and a vector that is gone', async () => {
    const { document, vectors } = documentNamed('search');
    const gone = firstOf(vectors);
    await home.connect().vectors.delete([gone.key]);
    const before = await prove(home.connect());
    expect(before.damaged).toContain(gone.key);
    inFile(
      'dynamodb.sqlite',
      "UPDATE entries SET value = 'x' || value WHERE key LIKE 'item-%' AND value LIKE ?",
      `%"sk":{"S":"${document.sk}"}%`,
    );
    const [left, right] = [await prove(home.connect()), await prove(peer.connect())];
    expect([left.documents, right.documents]).toEqual([5, 6]);
    expect(await differences(left, right)).toContainEqual({
      key: [document.pk, document.sk],
      kind: 'missing-left',
      owed: false,
    });
  });
});
