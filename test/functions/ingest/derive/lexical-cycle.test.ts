/** The lexical index through the real cycle: wherever a run died, what is stored is what there should be; and what a cycle reads for it. */
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../../../functions/domain/limits.ts';
import { parseRegion } from '../../../../functions/domain/region.ts';
import type { SourcePayload } from '../../../../functions/domain/corpus.ts';
import { lexicalDerivation } from '../../../../functions/ingest/derive/lexical/lexical-derivation.ts';
import { debtScope } from '../../../../functions/ingest/settle.ts';
import { bucketKeysOfUnit, directoryPartition } from '../../../../functions/lexical/keys.ts';
import { makeRecord } from '../../../../functions/stores/envelope.ts';
import { SOURCE, World } from '../../../support/cycle-world.ts';
import { derivedRecords } from './small-graph.ts';

const CRASHES = 25;
const MINUTE_MS = 60_000;

const lexicalWorld = (documents: number): World => {
  const world = new World();
  world.derivations = [lexicalDerivation];
  for (let at = 0; at < documents; at += 1) {
    world.origin.files.set(`docs/${at}.md`, `# Page ${at}\n\nWords of page ${at} about queues and topic${at % 7}.\n`);
  }
  return world;
};

/** Of everything that is derived, dead or alive. */
const keysOf = async (world: World): Promise<readonly string[]> =>
  (await world.contents(world.primary))
    .map((text) => JSON.parse(text) as [string, string])
    .filter(([pk]) => pk.startsWith('lex'))
    .map(([pk, sk]) => `${pk} ${sk}`);

const sameInBoth = async (world: World, wanted: ReadonlyMap<string, string>, why: string): Promise<void> => {
  expect(await derivedRecords(world), why).toStrictEqual(wanted);
  expect(await derivedRecords(world, world.secondary), why).toStrictEqual(wanted);
};

describe('the lexical index of a source', () => {
  it.each([
    ['loses its last document', undefined],
    ['is edited', '# Page\n\nWholly other words: zebra.\n'],
  ] as const)('that %s may die at any store call; the next run mends it', async (_what, text) => {
    const start = async (): Promise<World> => {
      const world = lexicalWorld(2);
      await world.run();
      if (text === undefined) {
        world.origin.files.clear();
      } else {
        world.origin.files.set('docs/1.md', text);
      }
      return world;
    };
    const probe = await start();
    expect((await probe.run()).kind).toBe('acknowledged');
    const fresh = lexicalWorld(0);
    for (const [name, own] of probe.origin.files) {
      fresh.origin.files.set(name, own);
    }
    await fresh.run();
    const wanted = await derivedRecords(fresh);
    await sameInBoth(probe, wanted, 'no crash');
    const everStored = new Set(await keysOf(probe));
    const every = Math.max(1, Math.floor(probe.calls / CRASHES));
    for (let crashAt = probe.calls; crashAt > 0; crashAt -= every) {
      const world = await start();
      expect(await world.runOrCrash({ crashAt })).toBe('crashed');
      expect((await world.run()).kind).toBe('acknowledged');
      await sameInBoth(world, wanted, `crash at ${crashAt}`);
      // No tombstone of what was never there.
      expect((await keysOf(world)).filter((key) => !everStored.has(key))).toStrictEqual([]);
    }
  });
});

describe('a source that is removed', () => {
  it('leaves no word of a first sync that died, wherever that was', async () => {
    const probe = lexicalWorld(2);
    await probe.run();
    const every = Math.max(1, Math.floor(probe.calls / CRASHES));
    for (let crashAt = probe.calls; crashAt > 0; crashAt -= every) {
      const world = lexicalWorld(2);
      expect(await world.runOrCrash({ crashAt })).toBe('crashed');
      expect((await world.purge()).kind).toBe('purged');
      await sameInBoth(world, new Map(), `crash at ${crashAt}`);
    }
  });

  it('leaves no word in either Region, not even of a unit whose directory was buried before', async () => {
    const world = lexicalWorld(2);
    await world.run();
    // As a run leaves it that died right after the directory, in one Region alone.
    for (const directory of world.primary.graph.partitions.get(directoryPartition(SOURCE.id))?.values() ?? []) {
      directory.del = true;
      directory.data = '';
    }
    expect((await world.purge()).kind).toBe('purged');
    await sameInBoth(world, new Map(), 'purged');
  });
});

it('a bucket that no directory names, as a run leaves it that died, goes with the next comparison', async () => {
  const world = lexicalWorld(2);
  await world.run();
  const wanted = await derivedRecords(world);
  const orphan = bucketKeysOfUnit({ source: SOURCE.id, part: 0 }).find(({ pk, sk }) => !wanted.has(`${pk} ${sk}`));
  if (orphan === undefined) {
    throw new Error('every bucket is there');
  }
  await world.primary.graph.put(makeRecord(orphan, { v: 'i|0', op: 'dead' }, { a: 1, m: 1, n: 1, p: '' }));
  world.nowMs += 25 * 60 * MINUTE_MS;
  expect(await world.run()).toMatchObject({ kind: 'acknowledged', mode: 'daily' });
  await sameInBoth(world, wanted, 'after a day');
});

/** Keys that a Region is asked for by their names, and those of whole partitions, from now on. */
const counting = (world: World): { named: number; listed: number } => {
  const count = { named: 0, listed: 0 };
  const { graph } = world.primary;
  const own = { getDigests: graph.getDigests.bind(graph), query: graph.query.bind(graph) };
  graph.getDigests = async (keys) => {
    count.named += keys.length;
    return own.getDigests(keys);
  };
  graph.query = async (pk, options) => {
    const page = await own.query(pk, options);
    count.listed += page.kind === 'done' ? page.value.items.length : 0;
    return page;
  };
  return count;
};

describe('what a cycle reads for it', () => {
  it('is nothing where nothing changed, and the unit of an edit, once the epoch is old enough', async () => {
    const world = lexicalWorld(40);
    await world.run();
    world.nowMs += 40 * MINUTE_MS;
    await world.run();
    world.nowMs += 5 * MINUTE_MS;
    const count = counting(world);
    expect(await world.run()).toMatchObject({ kind: 'acknowledged', mode: 'unchanged' });
    expect(count).toEqual({ named: 0, listed: 0 });
    world.origin.files.set('docs/1.md', '# Page\n\nzebra\n');
    expect(await world.run()).toMatchObject({ kind: 'acknowledged', mode: 'incremental' });
    expect(count.listed).toBe(0);
    expect(count.named).toBeLessThanOrEqual(bucketKeysOfUnit({ source: SOURCE.id, part: 0 }).length + 1);
  });

  it('finds what is owed of it as long as a run of an outage may still write', async () => {
    const world = lexicalWorld(2);
    await world.run();
    world.nowMs += 5 * MINUTE_MS;
    expect((await world.run({ epoch: 2, deferred: true })).kind).toBe('deferred');
    world.nowMs += 5 * MINUTE_MS;
    expect((await world.run({ epoch: 3 })).kind).toBe('acknowledged');
    const key = [...(await derivedRecords(world)).keys()].find((one) => one.startsWith('lex#'));
    const [pk = '', sk = ''] = key?.split(' ') ?? [];
    const held = world.primary.graph.partitions.get(pk)?.get(sk);
    Object.assign(held ?? {}, { owed: world.secondary.region });
    world.nowMs += 10 * MINUTE_MS;
    expect(await world.run({ epoch: 3 })).toMatchObject({ kind: 'acknowledged', mode: 'owed-records' });
    expect(world.primary.graph.partitions.get(pk)?.get(sk)?.owed).toBeUndefined();
  });
});

describe('what a cycle looks through for debts', () => {
  const region = parseRegion('us-east-2');
  const HOUR_MS = 60 * MINUTE_MS;
  const FULL_AT = 1_700_000_000_000;
  const scopeAt = (terms: {
    readonly lastFullAt?: number;
    readonly finishedAt: number;
    readonly now: number;
    readonly more?: Partial<SourcePayload>;
    readonly epoch?: number;
  }): string => {
    const { lastFullAt = FULL_AT, finishedAt, now, more, epoch = 3 } = terms;
    if (region === undefined) {
      throw new Error('us-east-2 is a Region');
    }
    const cycle = { op: '', epoch, region, finishedAt, changed: 0, deleted: 0 };
    const counts = { documents: 0, chunks: 0, skipped: 0 };
    const about = { id: 'a', kind: 'git', name: 'a', url: '', snapshot: '', cursor: null, counts, index: '' };
    return debtScope({ ...about, lastFullAt, cycle, ...more }, { epoch: 3, region, now });
  };
  const [finishedAt, now] = [FULL_AT + 2 * HOUR_MS, FULL_AT + 2 * HOUR_MS + MINUTE_MS];

  it('is without the buckets only where a cycle of this epoch has looked after every earlier run had ended', () => {
    expect(scopeAt({ finishedAt, now })).toBe('without-buckets');
    expect(scopeAt({ finishedAt: FULL_AT, now })).toBe('all');
    expect(scopeAt({ finishedAt: FULL_AT + LIMITS.overlapMs, now })).toBe('all');
    expect(scopeAt({ finishedAt, now, epoch: 2 })).toBe('all');
    expect(scopeAt({ finishedAt, now, more: { deferred: { since: '' } } })).toBe('all');
  });

  it('is everything after a comparison that will be repeated', () => {
    const lastFullAt = FULL_AT - LIMITS.fullCycleIntervalMs + LIMITS.overlapMs;
    for (const minutes of [0, 1, 10, 15]) {
      const at = FULL_AT + minutes * MINUTE_MS;
      expect(scopeAt({ lastFullAt, finishedAt: at, now: at })).toBe('all');
    }
    const uncompared = FULL_AT - LIMITS.fullCycleIntervalMs + LIMITS.uncomparedRetryMs;
    expect(scopeAt({ lastFullAt: uncompared, finishedAt: FULL_AT, now, more: { uncompared: 'a part' } })).toBe('all');
  });
});
