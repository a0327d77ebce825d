/**
 * The sweep of orphan vectors: only what no record of either Region lists, only after a day and a second look, only behind a
 * finished cycle of this Region with both Regions readable; and whatever dies on the way, nothing that is listed is ever lost.
 */
import { describe, expect, it } from 'vitest';

import { documentKey } from '../../../functions/domain/corpus.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import { documentIdOf } from '../../../functions/ingest/plan-document.ts';
import { parseSyncMessage } from '../../../functions/ingest/sync-message.ts';
import { makeVector } from '../../../functions/stores/vector-hash.ts';
import type { StoredVector } from '../../../functions/stores/vector-store.ts';
import { CrashError, SOURCE, type World, type WorldRegion } from '../../support/cycle-world.ts';
import { editMuch, filled } from './small-source.ts';

const UNREACHABLE: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' };

const both = ({ primary, secondary }: World): readonly WorldRegion[] => [primary, secondary];

const orphansOf = async (world: World): Promise<readonly string[]> =>
  (await Promise.all(both(world).map(async (region) => world.orphans(region)))).flat();

const nextDay = (world: World): void => {
  world.nowMs += LIMITS.orphanAgeMs;
};

/** A source whose last edit left orphans in both Regions. */
const edited = async (): Promise<World> => {
  const world = filled();
  await world.run();
  editMuch(world.origin.files);
  await world.run();
  expect(await orphansOf(world)).not.toHaveLength(0);
  return world;
};

const strayVector = (source = SOURCE.id): StoredVector =>
  makeVector(
    Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0),
    { src: source, doc: `${source}~0123456789abcdef0123`, chunk: 'c' },
    'run',
  );

describe('a sweep', () => {
  it('marks orphans, and deletes them in both Regions a day later', async () => {
    const world = await edited();
    const listed = await world.listedVectors(world.primary);
    const orphans = new Set(await orphansOf(world));
    expect(await world.sweep()).toStrictEqual({ kind: 'swept', marked: orphans.size, deleted: 0, cleared: 0 });
    nextDay(world);
    await world.run();
    expect(await world.sweep()).toMatchObject({ kind: 'swept', deleted: orphans.size });
    expect(await orphansOf(world)).toStrictEqual([]);
    expect(await world.listedVectors(world.primary)).toStrictEqual(listed);
    expect(await world.defects()).toStrictEqual([]);
    expect(await world.sweep()).toStrictEqual({ kind: 'swept', marked: 0, deleted: 0, cleared: 0 });
  });

  it('deletes nothing before the day is over, however often it runs', async () => {
    const world = await edited();
    const before = await orphansOf(world);
    for (const share of [0, 0.5, 0.499_999]) {
      world.nowMs += LIMITS.orphanAgeMs * share;
      expect(await world.sweep()).toMatchObject({ kind: 'swept', deleted: 0 });
    }
    expect(await orphansOf(world)).toStrictEqual(before);
    world.nowMs += LIMITS.orphanAgeMs * 0.000_001;
    expect(await world.sweep()).toMatchObject({ deleted: new Set(before).size });
  });

  it.each(['primary', 'secondary'] as const)('finds what only the %s index holds', async (side) => {
    const world = filled();
    await world.run();
    const stray = strayVector();
    await world[side].vectors.put([stray]);
    await world.sweep();
    nextDay(world);
    expect(await world.sweep()).toMatchObject({ deleted: 1 });
    expect(await orphansOf(world)).toStrictEqual([]);
  });

  it('leaves the vectors of other sources alone, and keys that are not ours', async () => {
    const world = filled();
    await world.run();
    const foreign = [strayVector('runbooks'), { ...strayVector(), key: 'no-document' }];
    await world.primary.vectors.put(foreign);
    await world.sweep();
    nextDay(world);
    expect(await world.sweep()).toMatchObject({ deleted: 0 });
    expect(await world.orphans(world.primary)).toHaveLength(2);
  });

  it.each(['primary', 'secondary'] as const)(
    'keeps a marked vector that a record of the %s lists by then, and ends its mark',
    async (side) => {
      const world = await edited();
      const region = world[side];
      const before = await world.contents(region);
      await world.sweep();
      nextDay(world);
      // An older record of the document, as a late put or a transfer would leave it.
      const key = documentKey(SOURCE.id, documentIdOf(SOURCE.id, 'README.md'));
      const orphan = (await world.orphans(region)).find((vector) => vector.startsWith(key.sk.slice(9))) ?? '';
      const stored = before.map((text) => JSON.parse(text) as string[]).find(([, sk]) => sk === key.sk);
      const payload = JSON.parse(stored?.[5] ?? '{}') as { chunks: { k: string }[] };
      const listing = { ...payload, chunks: [{ ...payload.chunks[0], k: orphan }] };
      const item = region.graph.partitions.get(key.pk)?.get(key.sk);
      region.graph.partitions.get(key.pk)?.set(key.sk, { ...key, ...item, data: JSON.stringify(listing) });
      expect(await world.sweep()).toMatchObject({ kind: 'swept', cleared: 1 });
      expect(region.vectors.vectors.has(orphan)).toBe(true);
    },
  );

  it('keeps what a damaged record may list', async () => {
    const world = await edited();
    await world.sweep();
    nextDay(world);
    const key = documentKey(SOURCE.id, documentIdOf(SOURCE.id, 'README.md'));
    const item = world.secondary.graph.partitions.get(key.pk)?.get(key.sk);
    world.secondary.graph.partitions.get(key.pk)?.set(key.sk, { ...key, ...item, data: '{' });
    await world.sweep();
    const left = await world.orphans(world.primary);
    expect(left.length).toBeGreaterThan(0);
    expect(left.every((vector) => vector.startsWith(key.sk.slice(9)))).toBe(true);
  });

  it('sweeps home alone in a single-Region install', async () => {
    const world = filled();
    await world.run({ single: true });
    editMuch(world.origin.files);
    await world.run({ single: true });
    await world.sweep({ single: true });
    nextDay(world);
    await world.sweep({ single: true });
    expect(await world.orphans(world.primary)).toStrictEqual([]);
    expect(world.secondary.operations).toStrictEqual([]);
  });
});

describe('a sweep that must not', () => {
  it.each([
    ['peer', 'readSource', 'source'],
    ['peer', 'getMany', 'documents'],
    ['peer', 'vectors.delete', 'delete'],
    ['home', 'queryLocal', 'marks'],
    ['home', 'getMany', 'documents'],
  ] as const)('deletes nothing at home where the %s fails %s', async (side, operation, step) => {
    const world = await edited();
    await world.sweep();
    nextDay(world);
    const before = await world.orphans(world.primary);
    const region = side === 'home' ? world.primary : world.secondary;
    region.fault = (asked) => (asked === operation ? UNREACHABLE : undefined);
    expect(await world.sweep()).toMatchObject({ kind: 'failed', side, step });
    expect(await world.orphans(world.primary)).toStrictEqual(before);
    region.fault = () => undefined;
    expect(await world.sweep()).toMatchObject({ kind: 'swept' });
    expect(await orphansOf(world)).toStrictEqual([]);
  });

  it.each(['vectors.listHashes', 'query', 'queryDigests'])(
    'marks nothing where the peer fails %s',
    async (operation) => {
      const world = await edited();
      world.secondary.fault = (asked) =>
        asked === operation || (operation === 'query' && asked === 'queryDigests') ? UNREACHABLE : undefined;
      expect(await world.sweep()).toMatchObject({ kind: 'failed', side: 'peer' });
      expect(world.primary.operations).not.toContain('putLocal');
    },
  );

  it('does nothing while a cycle is unfinished, under another epoch, or where the other Region took over', async () => {
    const world = await edited();
    await world.sweep();
    nextDay(world);
    world.origin.files.set('docs/late.md', '# Late\n\nText.\n');
    await world.run({ hurried: true });
    expect(await world.sweep()).toStrictEqual({ kind: 'not-ours' });
    await world.run();
    expect(await world.sweep({ epoch: 2 })).toStrictEqual({ kind: 'not-ours' });
    await world.run({ home: 'secondary', epoch: 2 });
    expect(await world.sweep()).toStrictEqual({ kind: 'not-ours' });
    expect(await orphansOf(world)).not.toHaveLength(0);
  });

  it('stops before a delete where the other Region claims the source in between', async () => {
    const world = await edited();
    await world.sweep();
    nextDay(world);
    let claimed: Promise<unknown> | undefined;
    world.secondary.fault = (operation) => {
      if (operation === 'getMany') {
        claimed ??= world.secondary.graph.claim({ pk: 'sources', sk: SOURCE.id }, '000000000002/us-west-2/x');
      }
      return undefined;
    };
    expect(await world.sweep()).toStrictEqual({ kind: 'not-ours' });
    await claimed;
    expect(await orphansOf(world)).not.toHaveLength(0);
  });
});

describe('a sweep that is interrupted', () => {
  it('at any store call loses nothing that is listed, and the next one ends it', async () => {
    const start = async (): Promise<World> => {
      const world = await edited();
      await world.sweep();
      nextDay(world);
      return world;
    };
    const whole = await start();
    await whole.sweep();
    for (let crashAt = 1; crashAt <= whole.calls; crashAt += 1) {
      const world = await start();
      await expect(world.sweep({ crashAt })).rejects.toThrow(CrashError);
      expect(await world.defects(), `died at call ${crashAt}`).toStrictEqual([]);
      expect(await world.sweep()).toMatchObject({ kind: 'swept' });
      expect(await orphansOf(world), `died at call ${crashAt}`).toStrictEqual([]);
    }
  });

  it('by the end of its time hands the rest of the listing over', async () => {
    const world = await edited();
    let left = 3;
    Object.defineProperty(world, 'remainingMs', {
      get: () => {
        left -= 1;
        return left >= 0 ? 900_000 : 0;
      },
    });
    expect(await world.sweep()).toMatchObject({ kind: 'paused', segment: 3 });
    const [message = ''] = world.queued;
    expect(parseSyncMessage(message)).toMatchObject({ kind: 'message', message: { sweepFrom: 3 } });
    left = Infinity;
    expect(await world.sweep({}, 3)).toMatchObject({ kind: 'swept' });
    nextDay(world);
    await world.sweep();
    expect(await orphansOf(world)).toStrictEqual([]);
  });
});

describe('a run that is older than its vectors may be', () => {
  it('is not resumed: it claims the source anew, under another id', async () => {
    const keysPut = async (waitedMs: number): Promise<{ runs: number }> => {
      const world = filled();
      expect(await world.run({ hurried: true })).toMatchObject({ kind: 'handed-over' });
      const checkpoint = world.nextCheckpoint();
      world.nowMs += waitedMs;
      expect(await world.run({}, checkpoint)).toMatchObject({ kind: 'acknowledged' });
      expect(await world.defects()).toStrictEqual([]);
      const runs = new Set([...world.primary.vectors.vectors.keys()].map((key) => key.slice(key.lastIndexOf('#'))));
      return { runs: runs.size };
    };
    expect(await keysPut(LIMITS.runAgeMaxMs)).toMatchObject({ runs: 1 });
    expect(await keysPut(LIMITS.runAgeMaxMs + 1)).toMatchObject({ runs: 2 });
  });
});
