/** Damaged repositories, ill servers and broken answers: one bad file costs itself only, and a listing is never short. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, PullEvent } from '../../../../functions/connectors/connector.ts';
import { SourceError } from '../../../../functions/domain/errors.ts';
import { collect, contextOf } from '../../../contracts/connector.ts';
import { GitWorld } from './git-world.ts';

const FILES = Object.fromEntries(
  Array.from({ length: 24 }, (_, index) => [`f${String(index).padStart(2, '0')}.md`, `text ${String(index)}`]),
);

let world: GitWorld;

beforeEach(async () => {
  world = await GitWorld.create();
  world.repository.put(FILES);
});

afterEach(async () => {
  await world.close();
});

const pull = async (connector: Connector, into: PullEvent[] = []): Promise<PullEvent[]> =>
  collect(connector.pull(contextOf(), null), into);

const textsOf = (events: readonly PullEvent[]): Record<string, string> => {
  const result: Record<string, string> = {};
  for (const event of events) {
    if (event.op === 'upsert') {
      result[event.document.id] = event.document.text;
    } else if (event.op === 'skip') {
      result[event.entry.id] = `[${event.reason}]`;
    }
  }
  return result;
};

const isFetch = (body: string): boolean => body.includes('command=fetch');
const isBlobFetch = (body: string): boolean => isFetch(body) && !body.includes('filter');

describe('damage on the server', () => {
  it.each([
    ['overwritten', Buffer.from('this is not a compressed object')],
    ['emptied', Buffer.alloc(0)],
  ])('a file whose object is %s is unreadable, and its neighbours are not', async (_how, bytes) => {
    for (const name of ['f00.md', 'f11.md', 'f23.md']) {
      world.repository.damage(world.repository.oidOf(name), bytes);
    }
    const events = await pull(world.open());
    const unreadable = '[unreadable]';
    expect(textsOf(events)).toEqual({ ...FILES, 'f00.md': unreadable, 'f11.md': unreadable, 'f23.md': unreadable });
    expect(events.at(-1)).toMatchObject({ op: 'checkpoint', complete: true });
  });

  it('a file whose object is missing is unreadable', async () => {
    const oid = world.repository.oidOf('f05.md');
    world.repository.damage(oid, null);
    const events = await pull(world.open());
    expect(textsOf(events)).toEqual({ ...FILES, 'f05.md': '[unreadable]' });
  });

  it('a repository that lacks most contents is an error, not a list of unreadable files', async () => {
    for (const name of Object.keys(FILES).slice(0, 20)) {
      world.repository.damage(world.repository.oidOf(name), Buffer.alloc(0));
    }
    const connector = world.open({ bounds: { unreadableMax: 10 } });
    await expect(pull(connector)).rejects.toThrow(/can't send more than 10 files .*"git fsck"/u);
  });

  it('a damaged folder ends the listing and the pull: the files in it must not look deleted', async () => {
    world.repository.put({ 'sub/deep/x.md': 'x' });
    world.repository.damage(world.repository.git('rev-parse', 'HEAD:sub/deep'), Buffer.from('broken'));
    await expect(pull(world.open())).rejects.toThrow(SourceError);
    const listing = world.open().enumerate(new AbortController().signal, null);
    await expect(collect(listing)).rejects.toThrow(SourceError);
  });

  it('a server that stops serving in the middle is an error, although each file alone would look unreadable', async () => {
    let broken = false;
    world.front.fault = ({ body }) => {
      broken ||= isBlobFetch(body);
      return broken && isFetch(body) ? { kind: 'end', afterBytes: 0 } : null;
    };
    const events: PullEvent[] = [];
    await expect(pull(world.open(), events)).rejects.toThrow(/stopped serving/u);
    expect(events.filter(({ op }) => op === 'skip')).toEqual([]);
  });
});

describe('answers that end too early', () => {
  // Negative: so many bytes before the end, of which the last four are the mark that ends an answer.
  const lengths = [0, 3, 4, 20, 60, 200, 400, -30, -8, -4, -1];

  it('a listing that ends in good order, but anywhere too early, is an error, never a short listing', async () => {
    for (const afterBytes of lengths) {
      world.front.fault = ({ body }) => (isFetch(body) ? { kind: 'end', afterBytes } : null);
      const listing = world.open().enumerate(new AbortController().signal, null);
      await expect(collect(listing), `after ${String(afterBytes)} bytes`).rejects.toThrow(SourceError);
    }
  });

  it('contents that are reset anywhere, once, are asked for again', async () => {
    for (const afterBytes of lengths) {
      let resets = 0;
      world.front.fault = ({ body }) => {
        const first = isBlobFetch(body) && resets === 0;
        resets += first ? 1 : 0;
        return first ? { kind: 'reset', afterBytes } : null;
      };
      expect(textsOf(await pull(world.open())), `after ${String(afterBytes)} bytes`).toEqual(FILES);
      expect(resets).toBe(1);
    }
  });

  it('contents that end too early in good order are completed by smaller requests', async () => {
    let cuts = 0;
    world.front.fault = ({ body }) => {
      const many = isBlobFetch(body) && body.split('want ').length > 4;
      cuts += many ? 1 : 0;
      return many ? { kind: 'end', afterBytes: 150 } : null;
    };
    expect(textsOf(await pull(world.open()))).toEqual(FILES);
    expect(cuts).toBeGreaterThan(0);
  });

  it('a listing that is larger than its bound is an error that says what to do', async () => {
    const listing = world.open({ bounds: { treePackBytesMax: 300 } }).enumerate(new AbortController().signal, null);
    await expect(collect(listing)).rejects.toThrow(/takes more than .* MiB. Split the repository/u);
  });

  it('a list of refs that ends too early is an error', async () => {
    world.front.fault = ({ body }) => (body.includes('ls-refs') ? { kind: 'end', afterBytes: 0 } : null);
    await expect(world.open().status(new AbortController().signal)).rejects.toThrow(/list of refs ends too early/u);
  });
});

describe('servers with fewer abilities', () => {
  it('a server that cannot leave contents out is read from one whole download, and check warns of it', async () => {
    const advertisement = await (
      await fetch(`${world.url}/info/refs?service=git-upload-pack`, { headers: { 'git-protocol': 'version=2' } })
    ).text();
    const without = advertisement.replace(/^[0-9a-f]{4}fetch=.*\n/mu, '0012fetch=shallow\n');
    world.front.fault = ({ method }) =>
      method === 'GET' ? { kind: 'answer', type: 'application/x-git-upload-pack-advertisement', body: without } : null;
    world.repository.put({ 'large.txt': 'x'.repeat(3 * 1024 * 1024), 'z.md': 'z' });
    world.front.requests.length = 0;
    const connector = world.open();
    expect(textsOf(await pull(connector))).toEqual({ ...FILES, 'large.txt': '[too-large]', 'z.md': 'z' });
    expect(world.front.requests.filter(({ body }) => isFetch(body))).toHaveLength(1);
    const findings = await connector.check(new AbortController().signal);
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'warning']);
  });

  it('a server without protocol version 2 is named as such', async () => {
    const body =
      '001e# service=git-upload-pack\n0000004895dcfa3633004da0049d3d0fa03f80589cbcaf31 refs/heads/main\0multi_ack\n0000';
    world.front.fault = () => ({ kind: 'answer', type: 'application/x-git-upload-pack-advertisement', body });
    await expect(world.open().status(new AbortController().signal)).rejects.toThrow(/protocol version 2/u);
  });

  it('a web page is not taken for a repository', async () => {
    world.front.fault = () => ({ kind: 'answer', type: 'text/html', body: '<html>sign in</html>' });
    await expect(world.open().status(new AbortController().signal)).rejects.toThrow(/protocol version 2/u);
  });

  it.each(['zzzz', '0003', 'fff1', '00'])('an answer that begins with %s is refused', async (body) => {
    world.front.fault = () => ({ kind: 'answer', type: 'application/x-git-upload-pack-advertisement', body });
    await expect(world.open().status(new AbortController().signal)).rejects.toThrow(SourceError);
  });

  it('bytes after a good protocol head that are no pack are refused', async () => {
    const body = '000dpackfile\n000c\u0001not a p0000';
    world.front.fault = (request) =>
      isFetch(request.body) ? { kind: 'answer', type: 'application/x-git-upload-pack-result', body } : null;
    await expect(pull(world.open())).rejects.toThrow(/not a pack/u);
  });
});
