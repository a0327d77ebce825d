/** Packs: every object of real packs is found under its own id, and no damage yields a wrong one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assert, asyncProperty, integer, property, record, uint8Array } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GIT_BOUNDS } from '../../../../functions/connectors/git/git-bounds.ts';
import { applyDelta } from '../../../../functions/connectors/git/pack-delta.ts';
import { type FoundObject, PackFile } from '../../../../functions/connectors/git/pack-file.ts';
import { oidOf } from '../../../../functions/connectors/git/pack-reader.ts';
import { TestRepository } from './test-repository.ts';

const { signal } = new AbortController();
const BOUNDS = { ...GIT_BOUNDS, contentBytesMax: 1024 * 1024 };

let folder: string;
let pack: Buffer;
let repository: TestRepository;
let files = 0;

const paragraph = (seed: number): string =>
  Array.from(
    { length: 80 },
    (_, line) => `line ${String(line)} says ${String((line * 7919 + (line % 9 === seed % 9 ? seed : 0)) % 10_007)}\n`,
  ).join('');

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'twinmap-pack-'));
  repository = new TestRepository(path.join(folder, 'repo'));
  for (let version = 0; version < 60; version += 1) {
    repository.put({ 'grows.txt': paragraph(version), [`dir${String(version % 5)}/f.txt`]: `v${String(version)}` });
  }
  repository.git('repack', '-a', '-d', '-f', '--depth=50', '--window=50', '--quiet');
  const packs = path.join(repository.path, 'objects', 'pack');
  pack = readFileSync(path.join(packs, readdirSync(packs).find((name) => name.endsWith('.pack')) ?? ''));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const withPack = async <T>(bytes: Buffer, look: (file: PackFile) => T, bounds = BOUNDS): Promise<T> => {
  files += 1;
  const handle: FileHandle = await open(path.join(folder, `pack-${String(files)}`), 'wx+');
  try {
    await handle.write(bytes);
    return look(await PackFile.open(handle, 'sha1', bounds, signal));
  } finally {
    await handle.close();
  }
};

const allOids = (): string[] =>
  repository.git('cat-file', '--batch-all-objects', '--batch-check=%(objectname)').split('\n').toSorted();

const findAll = (file: PackFile): FoundObject[] => allOids().map((oid) => file.find(oid));

describe('a real pack', () => {
  it('gives every object under its id, deltas of deltas included', async () => {
    expect(
      repository.git('verify-pack', '-v', ...packIndexes()).match(/chain length = (?:[2-9]|\d\d)/u),
    ).not.toBeNull();
    await withPack(pack, (file) => {
      expect(file.scan.end).toEqual({ kind: 'complete' });
      for (const oid of allOids()) {
        const found = file.find(oid);
        expect(found.kind === 'object' && oidOf('sha1', found.type, found.content)).toBe(oid);
      }
    });
  });

  it('needs no cache, only time, to rebuild long chains', async () => {
    const found = await withPack(pack, findAll, { ...BOUNDS, deltaCacheBytesMax: 0 });
    expect(found.filter(({ kind }) => kind !== 'object')).toEqual([]);
  });

  it('gives nothing that is larger than wanted, and names what is stored whole', async () => {
    const found = await withPack(pack, findAll, { ...BOUNDS, contentBytesMax: 1000 });
    const sizes = found.flatMap((one) => (one.kind === 'object' ? [one.content.length] : []));
    expect(sizes.length).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(found.some(({ kind }) => kind === 'too-large')).toBe(true);
  });

  it('that is cut or changed anywhere gives only objects that are what their id says', async () => {
    const known = new Set(allOids());
    const damage = record({
      cut: integer({ min: 0, max: pack.length }),
      at: integer({ min: 12, max: pack.length - 1 }),
      bits: integer({ min: 0, max: 255 }),
    });
    await assert(
      asyncProperty(damage, async ({ cut, at, bits }) => {
        const bytes = Buffer.from(pack.subarray(0, Math.max(12, cut)));
        if (at < bytes.length) {
          bytes[at] = (bytes[at] ?? 0) ^ bits;
        }
        await withPack(bytes, (file) => {
          for (const oid of known) {
            const found = file.find(oid);
            expect(found.kind !== 'object' || oidOf('sha1', found.type, found.content) === oid).toBe(true);
          }
        });
      }),
      { numRuns: 40 },
    );
  });

  it('that is empty holds nothing, and something else is refused', async () => {
    await withPack(Buffer.alloc(0), (file) => {
      expect(file.scan.end.kind).toBe('cut');
    });
    await expect(withPack(Buffer.from('<html>'), () => undefined)).rejects.toThrow(/not a pack/u);
  });
});

const packIndexes = (): string[] => {
  const packs = path.join(repository.path, 'objects', 'pack');
  return readdirSync(packs)
    .filter((name) => name.endsWith('.idx'))
    .map((name) => path.join(packs, name));
};

describe('a delta', () => {
  const source = Buffer.from('the quick brown fox');
  const delta = (...bytes: readonly number[]): Buffer => Buffer.from([source.length, ...bytes]);

  it('copies and inserts', () => {
    const result = applyDelta(source, delta(9, 0x91, 4, 5, 4, 0x20, 0x66, 0x6f, 0x78), 100);
    expect(result).toEqual({ kind: 'applied', content: Buffer.from('quick fox') });
  });

  it.each([
    ['of another source', Buffer.from([3, 1, 1, 0x61])],
    ['that copies past its source', delta(9, 0x91, 15, 9)],
    ['that writes more than it announced', delta(2, 3, 0x61, 0x62, 0x63)],
    ['that writes less than it announced', delta(9, 1, 0x61)],
    ['that ends inside an insert', delta(9, 9, 0x61)],
    ['that ends inside a copy', delta(9, 0xff)],
    ['with the reserved instruction', delta(1, 0)],
    ['without sizes', Buffer.from([0x80])],
    ['with an endless size', Buffer.alloc(20, 0xff)],
  ])('%s is damaged', (_what, bytes) => {
    expect(applyDelta(source, bytes, 100)).toEqual({ kind: 'damaged' });
  });

  it('that announces more than is wanted is not built', () => {
    expect(applyDelta(source, delta(0xff, 0xff, 0xff, 0x7f), 1000)).toEqual({ kind: 'too-large' });
  });

  it('of any bytes ends without an exception', () => {
    assert(
      property(uint8Array({ maxLength: 40 }), (bytes) => {
        expect(applyDelta(source, Buffer.from(bytes), 1000).kind).toMatch(/applied|too-large|damaged/u);
      }),
    );
  });
});
