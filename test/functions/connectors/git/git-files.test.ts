/** Which files become documents, which are reported instead, and what is never downloaded. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PullEvent } from '../../../../functions/connectors/connector.ts';
import { contextOf } from '../../../contracts/connector.ts';
import { GitWorld, type OpenOptions } from './git-world.ts';
import type { FileChange } from './test-repository.ts';

const MIB = 1024 * 1024;

let world: GitWorld;

beforeEach(async () => {
  world = await GitWorld.create();
});

afterEach(async () => {
  await world.close();
});

const eventsOf = async (options: OpenOptions = {}): Promise<PullEvent[]> => {
  const connector = world.open(options);
  const events: PullEvent[] = [];
  for await (const event of connector.pull(contextOf(), null)) {
    events.push(event);
  }
  return events;
};

/** Text by id; a reported file's reason in brackets. */
const pullAll = async (options: OpenOptions = {}): Promise<Record<string, string>> => {
  const result: Record<string, string> = {};
  for (const event of await eventsOf(options)) {
    if (event.op === 'upsert') {
      result[event.document.id] = event.document.text;
    } else if (event.op === 'skip') {
      result[event.entry.id] = `[${event.reason}]`;
    }
  }
  return result;
};

const put = (path: string | Uint8Array, content: string | Uint8Array, mode?: string): FileChange => ({
  op: 'put',
  path,
  content,
  ...(mode === undefined ? {} : { mode }),
});

const wantedOids = (): string[] =>
  world.front.requests.flatMap(({ body }) => body.match(/(?<=want )[0-9a-f]{40}/gu) ?? []);

/** Bytes that don't compress, the same in every run. */
const noise = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let state = 42;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = (state >>> 16) | 1;
  }
  return bytes;
};

describe('files of a git source', () => {
  it('names say binary or generated before anything is downloaded', async () => {
    const names = ['logo.PNG', 'lib/app.min.js', 'package-lock.json', 'out.js.map', 'tool.wasm', 'store.jks'];
    world.repository.put({ ...Object.fromEntries(names.map((name) => [name, `text of ${name}`])), 'read.me': 'hello' });
    expect(await pullAll()).toEqual({
      'lib/app.min.js': '[generated]',
      'logo.PNG': '[binary]',
      'out.js.map': '[generated]',
      'package-lock.json': '[generated]',
      'read.me': 'hello',
      'store.jks': '[binary]',
      'tool.wasm': '[binary]',
    });
    const unwanted = new Set(names.map((name) => world.repository.oidOf(name)));
    expect(wantedOids().filter((oid) => unwanted.has(oid))).toEqual([]);
    expect(wantedOids()).toContain(world.repository.oidOf('read.me'));
  });

  it('contents decide where names are silent: binary, undecodable, UTF-16, byte order marks, empty', async () => {
    world.repository.put({
      blob: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]),
      'latin1.txt': Buffer.from('caf\u00E9', 'latin1'),
      'bom.txt': Buffer.from('\uFEFFmarked'),
      'utf16le.txt': Buffer.from('\uFEFFzwei', 'utf16le'),
      'utf16be.txt': Buffer.from('\uFEFFdrei', 'utf16le').swap16(),
      'utf16odd.txt': Buffer.from([0xff, 0xfe, 0x41]),
      'late-nul.txt': Buffer.concat([Buffer.alloc(9000, 'x'), Buffer.from([0])]),
      'empty.txt': '',
      'big.psd.txt': 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
    });
    expect(await pullAll()).toEqual({
      'big.psd.txt': '[binary]',
      blob: '[binary]',
      'bom.txt': 'marked',
      'empty.txt': '',
      'late-nul.txt': `${'x'.repeat(9000)}\0`,
      'latin1.txt': '[undecodable]',
      'utf16be.txt': 'drei',
      'utf16le.txt': 'zwei',
      'utf16odd.txt': '[undecodable]',
    });
  });

  it('links and submodules are reported and not followed; an executable file is a document', async () => {
    const commit = world.repository.commit([
      put('target.md', 'real'),
      put('link.md', 'target.md', '120000'),
      put('/etc-link'.slice(1), '/etc/passwd', '120000'),
      put('run.sh', '#!/bin/sh\n', '100755'),
    ]);
    world.repository.commit([{ op: 'submodule', path: 'vendor/lib', commit }]);
    expect(await pullAll()).toEqual({
      'etc-link': '[link]',
      'link.md': '[link]',
      'run.sh': '#!/bin/sh\n',
      'target.md': 'real',
      'vendor/lib': '[submodule]',
    });
  });

  it('a file that becomes a link with the same bytes is a change', async () => {
    world.repository.commit([put('a', 'target')]);
    const first = await eventsOf();
    world.repository.commit([put('a', 'target', '120000')]);
    const events: PullEvent[] = [];
    for await (const event of world.open().pull(contextOf(), { commit: firstCommit(first) })) {
      events.push(event);
    }
    expect(events.map((event) => (event.op === 'skip' ? event.reason : event.op))).toEqual(['link', 'checkpoint']);
  });

  it('paths with spaces, line feeds, quotes and any script are ids as they are', async () => {
    const files = {
      ' lead and trail ': '1',
      'line\nfeed.md': '2',
      'tab\t"quote"\\.md': '3',
      'ünï/çødé/日本.md': '4',
      '🗺/map.md': '5',
      '-n': '6',
    };
    world.repository.put(files);
    expect(await pullAll()).toEqual(files);
  });

  it('paths that are not UTF-8 or too long are reported under different substitute ids', async () => {
    const bad = [Buffer.from([0x61, 0xff, 0x2f, 0x62]), Buffer.from([0x61, 0xfe, 0x2f, 0x62])];
    const long = `${'d/'.repeat(600)}long.md`;
    world.repository.commit([put('ok.md', 'ok'), put(long, 'far down'), ...bad.map((path) => put(path, 'x'))]);
    const result = await pullAll();
    expect(Object.values(result).toSorted()).toEqual(['[path]', '[path]', '[path]', 'ok']);
    expect(Object.keys(result).every((id) => id.length < 300 && id.isWellFormed())).toBe(true);
  });

  it('a large file that compresses well is reported without being kept in memory', async () => {
    world.repository.put({ 'a.md': 'a', 'huge.log': Buffer.alloc(40 * MIB, 'log line\n'), 'z.md': 'z' });
    expect(await pullAll()).toEqual({ 'a.md': 'a', 'huge.log': '[too-large]', 'z.md': 'z' });
  });

  it('large files that do not compress are found in few downloads and cost their neighbours nothing', async () => {
    const files: Record<string, string> = {};
    for (let index = 0; index < 40; index += 1) {
      files[`small${String(index).padStart(2, '0')}.md`] = `document ${String(index)}`;
    }
    world.repository.put({ ...files, 'small07-large.txt': noise(3 * MIB), 'small23-large.txt': noise(5 * MIB) });
    expect(await pullAll({ bounds: { fetchBytesMax: 2_500_000 } })).toEqual({
      ...files,
      'small07-large.txt': '[too-large]',
      'small23-large.txt': '[too-large]',
    });
    expect(world.front.requests.length).toBeLessThan(10);
  });

  it('a group of files that is larger than one download comes in several', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`f${String(index)}.txt`, noise(60_000 + index).toString('base64')]),
    );
    world.repository.put(files);
    expect(await pullAll({ bounds: { fetchBytesMax: 500_000 } })).toEqual(files);
    expect(world.front.requests.length).toBeLessThan(8);
  });

  it('a file of exactly the largest size is a document, one byte more is not', async () => {
    const bounds = { fileBytesMax: 5000 };
    world.repository.put({ exact: 'x'.repeat(5000), over: 'x'.repeat(5001) });
    expect(await pullAll({ bounds })).toEqual({ exact: 'x'.repeat(5000), over: '[too-large]' });
  });

  it('one content under several paths is asked for once', async () => {
    world.repository.put({ 'a.md': 'same', 'b.md': 'same', 'c/d.md': 'same' });
    expect(await pullAll()).toEqual({ 'a.md': 'same', 'b.md': 'same', 'c/d.md': 'same' });
    expect(wantedOids().filter((oid) => oid === world.repository.oidOf('a.md'))).toHaveLength(1);
  });

  it('a commit without any file is a complete, empty pull', async () => {
    world.repository.commit([put('a', 'a')]);
    world.repository.commit([{ op: 'remove', path: 'a' }]);
    expect((await eventsOf()).map(({ op }) => op)).toEqual(['checkpoint']);
  });

  it('a work tree is never read, only what is committed', async () => {
    await world.close();
    world = await GitWorld.create([]);
    world.repository.put({ 'a.md': 'committed' });
    world.repository.git('checkout', '--quiet', '-f', 'main');
    world.repository.git('config', 'filter.x.smudge', 'false');
    expect(await pullAll()).toEqual({ 'a.md': 'committed' });
  });

  it('attributes and settings of the repository change nothing', async () => {
    world.repository.put({
      '.gitattributes': '*.md export-ignore filter=evil eol=crlf working-tree-encoding=UTF-16',
      '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c false\n',
      'a.md': 'one\ntwo\n',
    });
    world.repository.git('config', 'uploadpack.packObjectsHook', 'false');
    world.repository.git('config', 'uploadpack.allowFilter', 'false');
    expect((await pullAll())['a.md']).toBe('one\ntwo\n');
  });

  it('objects named by SHA-256 are read as well', async () => {
    await world.close();
    world = await GitWorld.create(['--bare', '--object-format=sha256']);
    world.repository.put({ 'a.md': 'alpha', 'sub/b.md': 'beta' });
    expect(await pullAll()).toEqual({ 'a.md': 'alpha', 'sub/b.md': 'beta' });
  });

  it('progress tells the listing and then every batch', async () => {
    world.repository.put({ a: '1', b: '2', c: '3' });
    const seen: string[] = [];
    await pullAll({
      bounds: { fetchDocumentsMax: 2 },
      onProgress: ({ phase, done, total }) => {
        seen.push(`${phase} ${String(done)}/${String(total)}`);
      },
    });
    expect(seen).toEqual(['listing 0/0', 'listing 3/3', 'documents 2/3', 'documents 3/3']);
  });

  it('nothing is left in the scratch space', async () => {
    world.repository.put({ a: '1' });
    const connector = world.open();
    for await (const event of connector.pull(contextOf(), null)) {
      expect(event.op).toBeDefined();
      expect(world.leftovers().filter((name) => name.includes('pack'))).toEqual([]);
    }
    await connector.close();
    expect(world.leftovers()).toEqual([]);
  });
});

const firstCommit = (events: readonly PullEvent[]): string => {
  const last = events.at(-1);
  return last?.op === 'checkpoint' ? String(last.cursor['commit']) : '';
};
