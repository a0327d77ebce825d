/** The small pure parts: packets in any chunking, trees, classification by name, differences of listings. */
import { assert, asyncProperty, constantFrom, integer, nat, property, tuple, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../../../functions/connectors/git/changes.ts';
import { classifyPath } from '../../../../functions/connectors/git/classify-path.ts';
import { GIT_BOUNDS } from '../../../../functions/connectors/git/git-bounds.ts';
import { encodePacket, type Packet, readPackets } from '../../../../functions/connectors/git/pkt-line.ts';
import {
  type ListedFile,
  listTree,
  type ListingSource,
  readTree,
} from '../../../../functions/connectors/git/tree-listing.ts';
import { LIMITS } from '../../../../functions/domain/limits.ts';
import { collect } from '../../../contracts/connector.ts';

const asChunks = async function* (bytes: Buffer, size: number): AsyncGenerator<Buffer, void, void> {
  for (let from = 0; from < bytes.length; from += size) {
    yield bytes.subarray(from, from + size);
  }
};

const wordsOf = (packets: readonly Packet[]): string[] =>
  packets.map((packet) => (packet.kind === 'data' ? packet.payload.toString() : packet.kind));

describe('packets', () => {
  it('are the same however the network cuts them', async () => {
    const stream = Buffer.from(`${encodePacket('command=fetch')}0001${encodePacket('größe 日本')}000400000002`);
    const expected = ['command=fetch\n', 'delimiter', 'größe 日本\n', '', 'flush', 'response-end'];
    await assert(
      asyncProperty(integer({ min: 1, max: stream.length }), async (size) => {
        expect(wordsOf(await collect(readPackets(asChunks(stream, size))))).toEqual(expected);
      }),
    );
  });

  it('that end in the middle are trouble', async () => {
    await expect(collect(readPackets(asChunks(Buffer.from('0009ab'), 2)))).rejects.toThrow(/middle of a packet/u);
  });
});

const hex = (byte: number): string => byte.toString(16).padStart(2, '0').repeat(20);
const treeEntry = (mode: string, name: string, oid: string): Buffer =>
  Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);

const sourceOf = (
  trees: ReadonlyMap<string, Buffer>,
  bounds: Partial<ListingSource['bounds']> = {},
): ListingSource => ({
  find: (oid) => {
    const content = trees.get(oid);
    return content === undefined ? { kind: 'absent' } : { kind: 'object', type: 'tree', content };
  },
  format: 'sha1',
  bounds: { ...GIT_BOUNDS, ...bounds },
  display: 'https://git.example.com/r',
});

describe('a listing', () => {
  it('of a few small folders that name billions of files ends with an error', () => {
    const trees = new Map<string, Buffer>();
    for (let level = 1; level <= 20; level += 1) {
      const below = level === 1 ? treeEntry('100644', 'f', hex(0xee)) : treeEntry('40000', 'd', hex(level - 1));
      const many = Array.from({ length: 10 }, (_, index) =>
        Buffer.concat([Buffer.from(`${level === 1 ? '100644' : '40000'} ${String(index)}\0`), below.subarray(-20)]),
      );
      trees.set(hex(level), Buffer.concat(many));
    }
    expect(() => listTree(sourceOf(trees, { entriesMax: 10_000 }), hex(20))).toThrow(/more than 10000 files/u);
  });

  it('of folders nested without end ends with an error', () => {
    const trees = new Map<string, Buffer>();
    for (let level = 1; level <= 50; level += 1) {
      trees.set(hex(level), treeEntry('40000', 'd', hex(level - 1)));
    }
    expect(() => listTree(sourceOf(trees, { treeDepthMax: 20 }), hex(50))).toThrow(/more than 20 deep/u);
  });

  it('names a path once, also where a damaged folder names it twice', () => {
    const trees = new Map([
      [hex(1), Buffer.concat([treeEntry('100644', 'a', hex(2)), treeEntry('100644', 'a', hex(3))])],
    ]);
    expect(listTree(sourceOf(trees), hex(1)).map(({ id, rev }) => [id, rev])).toEqual([['a', hex(2)]]);
  });

  it.each(['100644 a', '100644', ' ', '99 a\0', `100644 a\0${'x'.repeat(19)}`, `x a\0${'x'.repeat(20)}`])(
    'of the folder %j is an error',
    (content) => {
      expect(() => [...readTree(Buffer.from(content), 'sha1')]).toThrow(/damaged folder/u);
    },
  );
});

describe('names of files', () => {
  it.each([
    ['src/index.ts', null],
    ['README', null],
    ['.gitignore', null],
    ['.key', null],
    ['docs/a.b.md', null],
    ['notes.PNG', 'binary'],
    ['a/b/photo.JpEg', 'binary'],
    ['app.jar', 'binary'],
    ['cache.pyc', 'binary'],
    ['report.PDF', 'binary'],
    ['cert.p12', 'binary'],
    ['png', null],
    ['dir.png/readme', null],
    ['web/Package-Lock.json', 'generated'],
    ['Cargo.lock', 'generated'],
    ['go.sum', 'generated'],
    ['go.mod', null],
    ['lib/x.min.css', 'generated'],
    ['admin.js', null],
    ['x.js.map', 'generated'],
    ['mapping', null],
    ['api.pb.go', 'generated'],
    ['api_pb2.py', 'generated'],
    ['model.g.dart', 'generated'],
    ['example.com', null],
    ['graph.dot', null],
  ])('%s is %s', (path, expected) => {
    expect(classifyPath(path)).toBe(expected);
  });
});

const listed = (id: string, rev: string): ListedFile => ({ id, rev, oid: rev, skip: null });

describe('the difference of two listings', () => {
  const listing = uniqueArray(tuple(constantFrom('a', 'b', 'b/c', 'd', 'é', '🗺', '\uFFFD'), constantFrom('1', '2')), {
    selector: ([id]) => id,
  }).map((pairs) => pairs.map(([id, rev]) => listed(id, rev)));

  it('turns one into the other, in order, and any cut of it can be continued', () => {
    assert(
      property(listing, listing, nat(8), (base, target, cut) => {
        const changes = changesBetween(base, target, null);
        const state = new Map(base.map(({ id, rev }) => [id, rev]));
        const first = changes.slice(0, cut);
        const rest = changesBetween(base, target, first.at(-1)?.id ?? null);
        expect([...first, ...rest]).toEqual(changes);
        for (const change of changes) {
          if (change.kind === 'gone') {
            state.delete(change.id);
          } else {
            state.set(change.id, change.file.rev);
          }
        }
        expect(state).toEqual(new Map(target.map(({ id, rev }) => [id, rev])));
        expect(changes.map(({ id }) => id)).toEqual(changes.map(({ id }) => id).toSorted((x, y) => (x < y ? -1 : 1)));
      }),
    );
  });
});

describe('the bounds of the git connector', () => {
  it('leave room for each other', () => {
    expect(GIT_BOUNDS.fetchBytesMax).toBeGreaterThan(2 * GIT_BOUNDS.fileBytesMax);
    expect(GIT_BOUNDS.treePackBytesMax).toBeGreaterThan(GIT_BOUNDS.treeBytesMax);
    expect(GIT_BOUNDS.skipBytesMax).toBeGreaterThan(200 * 1024 * 1024);
    expect(GIT_BOUNDS.attemptsMax * GIT_BOUNDS.callTotalTimeoutMs).toBeLessThan(LIMITS.syncTimeoutSeconds * 1000);
    expect(GIT_BOUNDS.callTimeoutMs).toBeLessThan(GIT_BOUNDS.callTotalTimeoutMs);
    expect(GIT_BOUNDS.deltaCacheBytesMax).toBeGreaterThan(GIT_BOUNDS.fileBytesMax);
  });
});
