/** Which commit is read: branches, an empty repository, a rewritten history. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, Cursor, PullEvent } from '../../../../functions/connectors/connector.ts';
import { collect, contextOf } from '../../../contracts/connector.ts';
import { GitWorld } from './git-world.ts';

let world: GitWorld;

beforeEach(async () => {
  world = await GitWorld.create();
});

afterEach(async () => {
  await world.close();
});

const { signal } = new AbortController();

const pull = async (connector: Connector, cursor: Cursor | null): Promise<PullEvent[]> =>
  collect(connector.pull(contextOf(), cursor));

const shortFormOf = (event: PullEvent): string => {
  switch (event.op) {
    case 'upsert': {
      return `upsert ${event.document.id}`;
    }
    case 'skip': {
      return `skip ${event.entry.id}`;
    }
    case 'delete': {
      return `delete ${event.id}`;
    }
    case 'checkpoint': {
      return event.complete ? 'complete' : 'checkpoint';
    }
    case 'failure': {
      return `failure ${event.failure.id}`;
    }
    case 'cursor-lost': {
      return 'cursor-lost';
    }
  }
};

const shortForm = (events: readonly PullEvent[]): string[] => events.map(shortFormOf);

describe('the commit of a git source', () => {
  it('HEAD is read unless a branch is configured', async () => {
    const main = world.repository.put({ 'a.md': 'main' });
    const other = world.repository.commit([{ op: 'put', path: 'b.md', content: 'other' }], {
      branch: 'team/other',
      orphan: true,
    });
    expect(await world.open().status(signal)).toEqual({ snapshot: main });
    expect(await world.open({ branch: 'team/other' }).status(signal)).toEqual({ snapshot: other });
    expect(shortForm(await pull(world.open({ branch: 'team/other' }), null))).toEqual(['upsert b.md', 'complete']);
  });

  it('a branch is not confused with a longer one of the same beginning', async () => {
    const main = world.repository.put({ 'a.md': '1' });
    world.repository.commit([{ op: 'put', path: 'a.md', content: '2' }], { branch: 'main-next', orphan: true });
    expect(await world.open({ branch: 'main' }).status(signal)).toEqual({ snapshot: main });
  });

  it('a detached HEAD is read', async () => {
    const first = world.repository.put({ 'a.md': '1' });
    world.repository.put({ 'a.md': '2' });
    world.repository.git('update-ref', '--no-deref', 'HEAD', first);
    expect(await world.open().status(signal)).toEqual({ snapshot: first });
  });

  it('an annotated tag stands for its commit', async () => {
    const commit = world.repository.put({ 'a.md': '1' });
    world.repository.git('tag', '-a', '-m', 'one', 'v1', commit);
    expect(await world.open({ branch: 'refs/tags/v1' }).status(signal)).toEqual({ snapshot: commit });
  });

  it('a repository without a commit says so', async () => {
    await expect(world.open().status(signal)).rejects.toThrow(/has no commit yet/u);
    await expect(pull(world.open(), null)).rejects.toThrow(/has no commit yet/u);
    expect(await world.open().check(signal)).toMatchObject([{ level: 'error' }]);
  });

  it('a branch that does not exist is answered with those that do', async () => {
    world.repository.put({ 'a.md': '1' });
    await expect(world.open({ branch: 'mian' }).status(signal)).rejects.toThrow(
      /no refs\/heads\/mian.*there are: main/u,
    );
  });

  it('a HEAD that names a branch without a commit is answered with the branches that have one', async () => {
    world.repository.put({ 'a.md': '1' });
    world.repository.git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
    await expect(world.open().status(signal)).rejects.toThrow(/refs\/heads\/trunk.*there are: main/u);
  });

  it('a branch name that could add a line to a request is refused', () => {
    expect(() => world.open({ branch: 'main\n0000' })).toThrow(/is not a branch name/u);
    expect(() => world.open({ branch: '' })).toThrow(/is not a branch name/u);
  });
});

describe('a rewritten history', () => {
  it('a force-push whose old commit is still there is a difference of two trees', async () => {
    const old = world.repository.put({ 'a.md': '1', 'b.md': '2', 'c.md': '3' });
    world.repository.commit(
      [
        { op: 'put', path: 'a.md', content: '1' },
        { op: 'put', path: 'b.md', content: 'rewritten' },
        { op: 'put', path: 'd.md', content: 'new' },
      ],
      { orphan: true },
    );
    expect(shortForm(await pull(world.open(), { commit: old }))).toEqual([
      'delete c.md',
      'upsert b.md',
      'upsert d.md',
      'complete',
    ]);
  });

  it('a force-push back to an older commit undoes exactly what came after it', async () => {
    const first = world.repository.put({ 'a.md': '1' });
    const second = world.repository.put({ 'a.md': '2', 'b.md': 'b' });
    world.repository.git('update-ref', 'refs/heads/main', first);
    const events = await pull(world.open(), { commit: second });
    expect(shortForm(events)).toEqual(['delete b.md', 'upsert a.md', 'complete']);
    expect(events.at(-1)).toMatchObject({ cursor: { commit: first } });
  });

  it('a repository that was replaced by another one loses the cursor', async () => {
    const old = world.repository.put({ 'a.md': '1' });
    world.repository.commit([{ op: 'put', path: 'z.md', content: 'z' }], { orphan: true });
    world.repository.prune();
    expect(shortForm(await pull(world.open(), { commit: old }))).toEqual(['cursor-lost']);
    const listing = collect(world.open().enumerate(signal, { commit: old }));
    await expect(listing).rejects.toThrow(/can't be listed at/u);
  });

  it('an incremental pull after an edit asks for that one file', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`d${String(index)}/f.md`, String(index)]),
    );
    const old = world.repository.put(files);
    world.repository.put({ 'd7/f.md': 'edited' });
    world.front.requests.length = 0;
    expect(shortForm(await pull(world.open(), { commit: old }))).toEqual(['upsert d7/f.md', 'complete']);
    const wants = world.front.requests.flatMap(({ body }) => body.match(/want [0-9a-f]{40}/gu) ?? []);
    expect(wants).toHaveLength(3);
  });

  it('a pull and a listing of one commit in one invocation download its trees once', async () => {
    world.repository.put({ 'a.md': '1', 'b/c.md': '2' });
    const connector = world.open();
    const [last] = (await pull(connector, null)).slice(-1);
    const cursor = last?.op === 'checkpoint' ? last.cursor : null;
    const listed = await collect(connector.enumerate(signal, cursor));
    expect(listed.map(({ id }) => id)).toEqual(['a.md', 'b/c.md']);
    expect(world.front.requests.filter(({ body }) => body.includes('filter blob:none'))).toHaveLength(1);
  });
});
