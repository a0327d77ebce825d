/** A source that a person removed goes from both Regions, whatever cuts its purge off; and what could not be read is told. */
import { describe, expect, it } from 'vitest';

import type { PullEvent } from '../../../functions/connectors/connector.ts';
import { sourceKey } from '../../../functions/domain/corpus.ts';
import { done } from '../../../functions/domain/failure.ts';
import { definitionName } from '../../../functions/ingest/definition-name.ts';
import { FailureList } from '../../../functions/ingest/failure-list.ts';
import { sourceFailed } from '../../../functions/ingest/source-failed.ts';
import { isSourceLeft } from '../../../functions/ingest/source-left.ts';
import { nextStatus } from '../../../functions/ingest/source-status.ts';
import { SourceTrouble } from '../../../functions/connectors/source-trouble.ts';
import { gitDefinition } from '../../../functions/domain/source-definition.ts';
import { SOURCE, World } from '../../support/cycle-world.ts';

const FILES = ['a.md', 'b.md', 'c.md', 'd.md'];

const filled = async (): Promise<World> => {
  const world = new World();
  for (const name of FILES) {
    world.origin.files.set(name, `# ${name}\n\nWhat ${name} says.\n`);
  }
  await world.runAll();
  return world;
};

const liveIn = async (world: World): Promise<readonly string[]> => {
  const lines = await Promise.all([world.primary, world.secondary].map(async (region) => world.contents(region)));
  return lines.flat().filter((line) => !line.endsWith(',true,""]'));
};

describe('a purge', () => {
  it('leaves tombstones alone in both Regions, and no vector', async () => {
    const world = await filled();
    expect(await isSourceLeft(world.primary.graph, SOURCE.id)).toBe(true);
    expect(await world.purge()).toMatchObject({ kind: 'purged', deleted: FILES.length, replication: 'both' });
    expect(await isSourceLeft(world.primary.graph, SOURCE.id)).toBe(false);
    for (const region of [world.primary, world.secondary]) {
      expect(await region.graph.get(sourceKey(SOURCE.id))).toMatchObject({ value: { del: true } });
      expect(await region.vectors.listHashes({ segment: 0, segments: 1 })).toMatchObject(done({ items: [] }));
    }
    expect(await world.contents(world.primary)).toEqual(await world.contents(world.secondary));
    expect(await liveIn(world)).toEqual([]);
  });

  it('that is cut off at any store call is finished by the next one', async () => {
    const whole = await filled();
    await whole.purge();
    const calls = whole.calls;
    for (let crashAt = 1; crashAt < calls; crashAt += 7) {
      const world = await filled();
      await world.purgeOrCrash(crashAt);
      expect(await world.purge(), `cut off at ${String(crashAt)}`).toMatchObject({ kind: 'purged' });
      expect(await world.contents(world.primary)).toEqual(await world.contents(world.secondary));
      expect(await liveIn(world)).toEqual([]);
    }
  });

  it('goes on in another invocation where time is up', async () => {
    const world = await filled();
    expect(await world.purge({ hurried: true })).toMatchObject({ kind: 'handed-over' });
    expect(world.queued).toEqual([JSON.stringify({ source: SOURCE.id })]);
    expect(await world.purge()).toMatchObject({ kind: 'purged' });
  });

  it('of a source that is added again gives way to what is read then', async () => {
    const world = await filled();
    await world.purge();
    expect(await world.runAll()).toMatchObject({ kind: 'acknowledged', mode: 'never-committed' });
    expect(await world.contents(world.primary)).toEqual(await world.contents(world.secondary));
    expect((await liveIn(world)).length).toBeGreaterThan(0);
  });
});

describe('what is left of a removed source', () => {
  it('is told also where a run has claimed it since its purge, and died before it committed', async () => {
    const world = await filled();
    await world.purge();
    const whole = await filled();
    await whole.purge();
    await whole.run();
    expect(await world.runOrCrash({ crashAt: whole.calls - 2 })).toBe('crashed');
    expect((await liveIn(world)).length).toBeGreaterThan(0);
    expect(await isSourceLeft(world.primary.graph, SOURCE.id)).toBe(true);
    expect(await world.purge()).toMatchObject({ kind: 'purged' });
    expect(await isSourceLeft(world.primary.graph, SOURCE.id)).toBe(false);
    expect(await liveIn(world)).toEqual([]);
  });
});

describe('the list of failures', () => {
  const failure = (
    id: string,
    scope: 'document' | 'part' = 'document',
  ): Extract<PullEvent, { op: 'failure' }>['failure'] => ({
    id,
    scope,
    reason: 'unavailable',
    retryable: true,
    message: 'It did not answer.',
  });

  it('counts tries, keeps when it began, and forgets what was read', () => {
    const first = FailureList.incremental(undefined);
    first.add(failure('a'), 10);
    first.add(failure('b'), 10);
    const second = FailureList.incremental(first.payload());
    second.add({ ...failure('a'), nextTryAt: 99 }, 20);
    second.solve('b');
    expect(second.payload()).toMatchObject({ count: 1, listed: [{ id: 'a', since: 10, tries: 2, nextTryAt: 99 }] });
    second.startOver();
    expect(second.payload()).toBeUndefined();
  });

  it('is short, and counts what it leaves out', () => {
    const list = FailureList.incremental(undefined);
    for (let at = 0; at < 60; at += 1) {
      list.add(failure(`document-${String(at)}`), 1);
    }
    expect([list.payload()?.count, list.payload()?.listed.length]).toEqual([60, 50]);
  });

  it('tells of parts anew with every pull', () => {
    const first = FailureList.incremental(undefined);
    first.add(failure('shop', 'part'), 1);
    expect(first.parts()).toHaveLength(1);
    expect(FailureList.incremental(first.payload()).payload()).toBeUndefined();
    expect(FailureList.resumed(first.payload()).parts()).toHaveLength(1);
  });
});

describe('how a source fares', () => {
  const refused = sourceFailed(new SourceTrouble('refused', 'It refuses the credential.', { status: 401 }));

  it('is told with what to do, since when and how often; a success ends it once', () => {
    const first = nextStatus(undefined, refused, 10);
    const second = nextStatus(first, refused, 20);
    expect(second).toMatchObject({ state: 'failing', at: 20, failure: { trouble: 'refused', since: 10, attempts: 2 } });
    expect(second?.failure?.next).toMatch(/credential/u);
    const ok = { kind: 'handed-over', changed: 1 } as const;
    expect(nextStatus(second, ok, 30)).toStrictEqual({ state: 'ok', at: 30 });
    expect(nextStatus({ state: 'ok', at: 30 }, ok, 40)).toBeUndefined();
  });
});

describe('the name of a definition', () => {
  it('changes with what is read, and not with the port of a local start or the name that people use', () => {
    const of = (url: string, name = 'shop'): string => definitionName(gitDefinition({ id: 'shop', name, url }));
    expect(of('http://127.0.0.1:4711/shop')).toBe(of('http://127.0.0.1:52311/shop', 'Shop'));
    expect(of('http://127.0.0.1:4711/shop')).not.toBe(of('http://127.0.0.1:4711/other'));
  });
});
