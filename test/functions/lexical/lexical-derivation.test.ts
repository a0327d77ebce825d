/**
 * The index as cycles derive it: after any changes the records are those of a fresh derivation, byte for byte, and an edit touches
 * one unit. Scores are those of BM25 as the textbook has it, but for the classes of the stored numbers.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { documentId, type DocumentPayload } from '../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { RecordKey } from '../../../functions/domain/record.ts';
import type { HeldChunk } from '../../../functions/ingest/derive/derivation.ts';
import { lexicalDerivation } from '../../../functions/ingest/derive/lexical/lexical-derivation.ts';
import { bucketKey, directoryKey, directoryPartition } from '../../../functions/lexical/keys.ts';
import { scoreBuckets } from '../../../functions/lexical/score.ts';
import { bucketOf, BUCKETS, fingerprintOf } from '../../../functions/lexical/term-hash.ts';
import { buildUnit, chunkTerms, handleOf, parseBucket, partOf, partsFor } from '../../../functions/lexical/unit.ts';
import { canonicalText, sha256Hex } from '../../../functions/stores/envelope.ts';

const UNIT = { source: 'shop', part: 0 };

const named = ({ pk, sk }: RecordKey): string => `${pk}\n${sk}`;

const SOURCE = { id: 'shop', kind: 'git', name: 'Shop', url: 'https://git.example.com/shop' } as never;

interface Kept {
  readonly payload: DocumentPayload;
  readonly chunks: readonly HeldChunk[];
}

const keptOf = (name: string, texts: readonly string[]): Kept => {
  const id = documentId('shop', sha256Hex(name));
  const chunks = texts.map((text, at): HeldChunk => {
    const payload = { doc: id, src: 'shop', breadcrumb: `Shop > ${name} > part ${at}`, text };
    const c = sha256Hex(canonicalText({ breadcrumb: payload.breadcrumb, text })).slice(0, 32);
    return { entry: { c, k: `${id}#${c}`, l: [1, 1] }, payload };
  });
  const entries = chunks.map(({ entry }) => entry);
  const about = { id, src: 'shop', path: name, rev: '', index: '', kind: 'text', title: name, chars: 1 };
  return { payload: { ...about, chunks: entries }, chunks };
};

class Index {
  readonly records = new Map<string, string>();
  readonly documents = new Map<string, Kept>();
  touched: string[] = [];
  /** How often all documents were asked for, and how many others were: by the last derivation. */
  listings = 0;
  documentsRead = 0;
  steps: string[] = [];

  async derive(full: boolean, changed: readonly string[] = [], deleted: readonly string[] = []): Promise<void> {
    this.touched = [];
    this.listings = 0;
    this.documentsRead = 0;
    this.steps = [];
    const dead = { home: { del: true } };
    const steps = lexicalDerivation.derive({
      source: SOURCE,
      snapshot: '',
      cursor: {},
      full,
      changed: new Set(changed),
      deleted: new Set(deleted),
      from: undefined,
      pathsBefore: new Map(),
      chunks: [...this.documents.values()].reduce((sum, { chunks }) => sum + chunks.length, 0),
      documents: async () => {
        this.listings += 1;
        return { kind: 'read', value: [...this.documents.values()].map(({ payload }) => payload) };
      },
      readDocuments: async (ids) => {
        this.documentsRead += ids.length;
        return { kind: 'read', value: ids.flatMap((id) => this.documents.get(id)?.payload ?? []) };
      },
      readChunks: async (wanted) => ({
        kind: 'read',
        value: new Map(wanted.map(({ id }) => [id, this.documents.get(id)?.chunks])),
      }),
      list: async (pk) => ({
        kind: 'read',
        value: new Map(
          [...this.records]
            .filter(([name]) => name.startsWith(`${pk}\n`))
            .map(([name, data]) => [name.slice(pk.length + 1), (data === '' ? dead : { home: { v: 'v' } }) as never]),
        ),
      }),
      readRecords: async (keys: readonly RecordKey[]) => ({
        kind: 'read',
        value: keys.flatMap(({ pk, sk }) => {
          const data = this.records.get(`${pk}\n${sk}`);
          return data === undefined || data === '' ? [] : [{ pk, sk, v: 'v', h: 'h', op: 'op', data }];
        }),
      }),
    });
    for await (const step of steps) {
      this.steps.push(step.op === 'put' || step.op === 'delete' ? `${step.op} ${step.key.pk}` : step.op);
      if (step.op === 'put' || step.op === 'delete') {
        const name = `${step.key.pk}\n${step.key.sk}`;
        const data = step.op === 'put' ? canonicalText(step.payload) : '';
        if ((this.records.get(name) ?? '') !== data) {
          this.touched.push(name);
        }
        this.records.set(name, data);
      }
    }
  }

  live(): ReadonlyMap<string, string> {
    return new Map([...this.records].filter(([, data]) => data !== '').toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  set(name: string, texts: readonly string[]): string {
    const kept = keptOf(name, texts);
    this.documents.set(kept.payload.id, kept);
    return kept.payload.id;
  }
}

const fresh = async (index: Index): Promise<ReadonlyMap<string, string>> => {
  const other = new Index();
  for (const [id, kept] of index.documents) {
    other.documents.set(id, kept);
  }
  await other.derive(true);
  return other.live();
};

const text = fc.array(fc.constantFrom('queue', 'orders', 'getUserById', 'retry', 'fence', 'map', 'north'), {
  minLength: 1,
  maxLength: 12,
});
const change = fc.record({
  name: fc.constantFrom('a.md', 'b.md', 'c.ts', 'd.ts', 'e.md'),
  texts: fc.option(fc.array(text, { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 3 }),
});

describe('an index', () => {
  it('after any changes is, byte for byte, a fresh one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { maxLength: 5 }), async (cycles) => {
        const index = new Index();
        await index.derive(true);
        for (const changes of cycles) {
          const changed: string[] = [];
          const deleted: string[] = [];
          for (const { name, texts } of changes) {
            const id = index.set(
              name,
              (texts ?? [[]]).map((words) => words.join(' ')),
            );
            if (texts === undefined) {
              index.documents.delete(id);
            }
            (texts === undefined ? deleted : changed).push(id);
          }
          await index.derive(false, changed, deleted);
        }
        expect(index.live()).toEqual(await fresh(index));
      }),
      { numRuns: 25 },
    );
  });

  it('is written again by nobody where nothing changed', async () => {
    const index = new Index();
    index.set('a.md', ['queues hold orders']);
    await index.derive(true);
    await index.derive(true);
    expect(index.touched).toEqual([]);
    await index.derive(false);
    expect(index.touched).toEqual([]);
  });

  it('of a large source touches one unit for an edit of one document', async () => {
    const index = new Index();
    for (let at = 0; at < 700; at += 1) {
      index.set(`${at}.md`, [`queue number ${at}`, `orders of ${at}`]);
    }
    await index.derive(true);
    const units = [...index.live().keys()].filter((name) => name.startsWith(directoryPartition('shop')));
    expect(units.length).toBeGreaterThan(1);
    const id = index.set('7.md', ['a wholly other text about lighthouses']);
    await index.derive(false, [id]);
    expect(index.touched.length).toBeGreaterThan(1);
    expect(index.touched.length).toBeLessThanOrEqual(BUCKETS + 1);
    expect(new Set(index.touched.map((name) => name.slice(-4))).size).toBe(1);
    expect(index.live()).toEqual(await fresh(index));
  });

  it('of a large source is gone on with from its directories: nobody lists all documents for an edit', async () => {
    const index = new Index();
    for (let at = 0; at < 700; at += 1) {
      index.set(`${at}.md`, [`queue number ${at}`, `orders of ${at}`]);
    }
    await index.derive(true);
    expect(index.listings).toBe(1);
    const id = index.set('7.md', ['a wholly other text about lighthouses']);
    const gone = index.set('8.md', ['']);
    index.documents.delete(gone);
    await index.derive(false, [id], [gone]);
    expect(index.listings).toBe(0);
    expect(index.documentsRead).toBeLessThan(700);
    expect(index.live()).toEqual(await fresh(index));
  });

  it('of few large documents has its first unit, whichever hold documents: it says how many there are', async () => {
    const index = new Index();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) =>
      index.set(
        name,
        Array.from({ length: 400 }, (_, at) => `${name} ${at}`),
      ),
    );
    const parts = partsFor(2800, undefined);
    const inFirst = ids.filter((id) => partOf(id.split('~')[1] ?? '', parts) === 0);
    expect([parts > 1, inFirst.length]).toEqual([true, 1]);
    await index.derive(true);
    for (const id of inFirst) {
      index.documents.delete(id);
      await index.derive(false, [], [id]);
    }
    const said = Array.from({ length: BUCKETS }, (_, at) => index.live().get(named(bucketKey(UNIT, at))));
    expect(new Set(said.map((data) => parseBucket(data ?? '')?.parts))).toEqual(new Set([parts]));
    expect(index.live().has(named(directoryKey(UNIT)))).toBe(true);
    await index.derive(true);
    expect(index.touched).toEqual([]);
  });

  it('is what a comparison wants, after any changes of however many units', async () => {
    const large = fc.record({ name: fc.integer({ min: 0, max: 7 }), chunks: fc.constantFrom(0, 1, 200, 700) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(large, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), async (cycles) => {
        const index = new Index();
        for (const changes of cycles) {
          const changed = new Map<string, boolean>();
          for (const { name, chunks } of changes) {
            const id = index.set(
              `${name}.md`,
              Array.from({ length: chunks }, (_, at) => `${chunks} of ${name} is ${at}`),
            );
            changed.set(id, chunks > 0);
            if (chunks === 0) {
              index.documents.delete(id);
            }
          }
          const [kept, gone] = [true, false].map((is) =>
            [...changed].filter(([, one]) => one === is).map(([id]) => id),
          );
          await index.derive(false, kept, gone);
          await index.derive(true);
          expect(index.touched).toEqual([]);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('that was never there is named by its directory before any bucket is written: by that alone they are found', async () => {
    const index = new Index();
    const id = index.set('a.md', ['queues hold orders']);
    await index.derive(true);
    expect(index.steps.slice(0, 2)).toEqual(['put lexdir#shop', 'flush']);
    index.set('a.md', ['queues hold letters']);
    await index.derive(false, [id]);
    expect(index.steps).not.toContain('flush');
  });

  it('that loses everything leaves nothing behind', async () => {
    const index = new Index();
    const id = index.set('a.md', ['queues']);
    await index.derive(true);
    index.documents.delete(id);
    await index.derive(false, [], [id]);
    expect(index.live()).toEqual(new Map());
  });
});

describe('the units of a source', () => {
  it('grow with it, and keep their number where it moves around a boundary', () => {
    expect(partsFor(0, undefined)).toBe(1);
    expect(partsFor(LIMITS.lexicalUnitChunksTarget + 1, undefined)).toBe(2);
    expect(partsFor(LIMITS.lexicalUnitChunksTarget + 1, 1)).toBe(1);
    expect(partsFor(LIMITS.lexicalUnitChunksMax + 1, 1)).toBe(2);
    expect(partsFor(LIMITS.lexicalUnitChunksTarget, 2)).toBe(2);
    expect(partsFor(10, 2)).toBe(1);
    expect(partOf('ffff', 4)).toBe(3);
    expect(partOf('0000', 4)).toBe(0);
  });

  it('grow themselves before they become more, so that a large source is read in few keys', () => {
    const few = LIMITS.lexicalSmallUnitsMax;
    const large = LIMITS.lexicalLargeUnitChunksTarget;
    expect(partsFor((few / 2) * LIMITS.lexicalUnitChunksTarget + 1, undefined)).toBe(few);
    expect(partsFor(few * large, undefined)).toBe(few);
    expect(partsFor(few * large + 1, undefined)).toBe(2 * few);
    expect(partsFor(few * large + 1, few)).toBe(few);
    expect(partsFor(few * LIMITS.lexicalLargeUnitChunksMax + 1, few)).toBe(2 * few);
    expect(partsFor(few * large * 0.5, 2 * few)).toBe(2 * few);
    expect(partsFor(few * large * 0.5 - 1, 2 * few)).toBe(few);
    // As the format before this one had it: a unit for each 512 chunks.
    expect(partsFor(30_000, 64)).toBe(few);
  });
});

describe('a score', () => {
  it('orders as BM25 of the textbook does', () => {
    const texts = ['lock lock lock', 'lock of orders and more words', 'orders', 'a lock', 'nothing here at all'];
    const documents = texts.map((words, at) => ({
      hash: sha256Hex(`${at}`).slice(0, 20),
      title: '',
      chunks: [{ id: sha256Hex(words).slice(0, 32), breadcrumb: '', text: words }],
    }));
    const { buckets } = buildUnit(documents, 1, 0);
    const terms = ['lock', 'order'].map((term) => ({
      term,
      weight: 1,
      bucket: bucketOf(term),
      fingerprint: fingerprintOf(term),
    }));
    const read = [...buckets].map(([bucket, payload]) => ({
      unit: { source: 'shop', part: 0 },
      bucket,
      data: canonicalText(payload),
    }));
    const scored = scoreBuckets(read, terms, 10).hits.map(({ handle }) => handle);
    const counts = texts.map((words) => chunkTerms('', { breadcrumb: '', text: words }));
    const mean = counts.reduce((sum, { length }) => sum + length, 0) / counts.length;
    const textbook = counts.map(({ counts: own, length }, at) => ({
      handle: handleOf(documents[at]?.chunks[0]?.id ?? ''),
      score: ['lock', 'order'].reduce((sum, term) => {
        const holding = counts.filter((one) => one.counts.has(term)).length;
        const frequency = own.get(term) ?? 0;
        const idf = Math.log(1 + (counts.length - holding + 0.5) / (holding + 0.5));
        return sum + (idf * frequency * 2.2) / (frequency + 1.2 * (0.25 + (0.75 * Math.max(8, length)) / mean));
      }, 0),
    }));
    const wanted = textbook.filter(({ score }) => score > 0).toSorted((left, right) => right.score - left.score);
    expect(scored).toEqual(wanted.map(({ handle }) => handle));
    expect(bucketKey({ source: 'shop', part: 0 }, 1).pk).toBe('lex#01');
  });
});
