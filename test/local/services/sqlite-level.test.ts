import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { SqliteLevel } from '../../../local/services/sqlite-level.ts';

let directory: string;
let file: string;
let damaged: string[];
let level: SqliteLevel;

const open = async (): Promise<SqliteLevel> => {
  const opened = new SqliteLevel(file, (key) => {
    damaged.push(key);
  });
  await opened.open();
  return opened;
};

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-level-'));
  file = path.join(directory, 'entries.sqlite');
  damaged = [];
  level = await open();
});

afterEach(async () => {
  await level.close();
  rmSync(directory, { recursive: true, force: true });
});

const withFile = (work: (database: DatabaseSync) => void): void => {
  const database = new DatabaseSync(file);
  work(database);
  database.close();
};

const damage = (key: string, from: string, to: string): void => {
  withFile((database) => {
    database.prepare('UPDATE entries SET value = replace(value, ?, ?) WHERE key = ?').run(from, to, key);
  });
};

const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

describe('ranges', () => {
  test('every range, direction and limit gives what a sorted list of the keys gives', async () => {
    const key = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '~', '/', 'é', '\u{1F600}') });
    const range = fc.record(
      { gt: key, gte: key, lt: key, lte: key, reverse: fc.boolean(), limit: fc.integer({ min: -1, max: 5 }) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 12 }), range, async (keys, options) => {
        await level.clear();
        await level.batch(keys.map((one) => ({ type: 'put' as const, key: one, value: { one } })));
        const { gt, gte, lt, lte, reverse, limit } = options;
        const lower = (one: string): boolean =>
          gt === undefined ? gte === undefined || byBytes(one, gte) >= 0 : byBytes(one, gt) > 0;
        const upper = (one: string): boolean =>
          lt === undefined ? lte === undefined || byBytes(one, lte) <= 0 : byBytes(one, lt) < 0;
        const sorted = keys.filter((one) => lower(one) && upper(one)).toSorted(byBytes);
        const ordered = reverse === true ? sorted.toReversed() : sorted;
        const expected = limit === undefined || limit < 0 ? ordered : ordered.slice(0, limit);
        expect(await level.keys(options).all()).toEqual(expected);
        expect(await level.values(options).all()).toEqual(expected.map((one) => ({ one })));
      }),
      { numRuns: 200 },
    );
  });

  test('a range longer than a page is read whole, forwards, backwards and from a sought key', async () => {
    const keys = Array.from({ length: 1000 }, (_, position) => `k${String(position).padStart(4, '0')}`);
    await level.batch(keys.map((key) => ({ type: 'put' as const, key, value: key })));
    await expect(level.keys().all()).resolves.toEqual(keys);
    await expect(level.keys({ reverse: true }).all()).resolves.toEqual(keys.toReversed());
    const iterator = level.keys({ lt: 'k0700' });
    await iterator.next();
    iterator.seek('k0600');
    await expect(iterator.all()).resolves.toEqual(keys.slice(600, 700));
  });

  test('clear removes a range and nothing else', async () => {
    await level.batch(['a', 'b', 'c', 'd'].map((key) => ({ type: 'put' as const, key, value: key })));
    await level.clear({ gte: 'b', lt: 'd' });
    await expect(level.keys().all()).resolves.toEqual(['a', 'd']);
  });
});

describe('writes', () => {
  test('a batch that fails leaves nothing of itself, and later writes go on', async () => {
    withFile((database) => {
      database.exec(
        "CREATE TRIGGER refuse BEFORE INSERT ON entries WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END",
      );
    });
    const batch = level.batch([
      { type: 'put', key: 'good', value: 1 },
      { type: 'put', key: 'bad', value: 1 },
    ]);
    await expect(batch).rejects.toThrow(/could not be read or written: no/u);
    await expect(level.get('good')).resolves.toBeUndefined();
    await level.put('later', 2);
    await expect(level.get('later')).resolves.toBe(2);
  });

  test('what joins a write is written with it, once', async () => {
    level.joinToNextWrite('item', [{ type: 'put', key: 'index', value: '1' }]);
    await level.put('other', 0);
    await expect(level.get('index')).resolves.toBeUndefined();
    await new Promise((resolve) => {
      level.writeOne({ type: 'put', key: 'item', value: '"x"' }, resolve);
    });
    await expect(level.getMany(['item', 'index'])).resolves.toEqual(['x', 1]);
    await level.del('index');
    await level.put('item', 'y');
    await expect(level.get('index')).resolves.toBeUndefined();
  });

  test('values are text that a person can read in the file', async () => {
    await level.put('k', { data: 'é' });
    await level.close();
    withFile((database) => {
      expect(database.prepare('SELECT key, value FROM entries').all()).toEqual([{ key: 'k', value: '{"data":"é"}' }]);
    });
    level = await open();
    await expect(level.get('k')).resolves.toEqual({ data: 'é' });
  });
});

describe('damage', () => {
  beforeEach(async () => {
    await level.batch(['a', 'b', 'c'].map((key) => ({ type: 'put' as const, key, value: { text: `${key}1` } })));
  });

  test('a value that no longer parses is missing, everywhere, and reported once by its key', async () => {
    damage('b', '{', 'x');
    await expect(level.get('b')).resolves.toBeUndefined();
    await expect(level.keys().all()).resolves.toEqual(['a', 'c']);
    await expect(level.values().all()).resolves.toEqual([{ text: 'a1' }, { text: 'c1' }]);
    expect(damaged).toEqual(['b']);
    await level.put('b', { text: 'again' });
    await expect(level.get('b')).resolves.toEqual({ text: 'again' });
  });

  test('a value that still parses is served as it is, without a report', async () => {
    damage('b', 'b1', 'b7');
    await expect(level.get('b')).resolves.toEqual({ text: 'b7' });
    expect(damaged).toEqual([]);
  });
});
