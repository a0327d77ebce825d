/** The graph of a source through the real cycle: whatever was edited, and wherever a run died, what is stored is what a fresh sync stores. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { World } from '../../../support/cycle-world.ts';
import { GRAPH_EDITS, graphRecords, graphWorld } from './small-graph.ts';

/** What a first sync of the same files stores. */
const fresh = async (world: World): Promise<ReadonlyMap<string, string>> => {
  const other = graphWorld();
  other.origin.files.clear();
  for (const [name, text] of world.origin.files) {
    other.origin.files.set(name, text);
  }
  await other.run();
  return graphRecords(other);
};

const CRASHES = 9;

const withoutCommits = (records: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...records].map(([key, data]) => [key, data.replaceAll(/"commit":"[0-9a-f]{64}"/gu, '"commit":"…"')]));

const sameAsFresh = async (world: World, wanted?: ReadonlyMap<string, string>): Promise<void> => {
  expect(withoutCommits(await graphRecords(world))).toStrictEqual(withoutCommits(wanted ?? (await fresh(world))));
  expect(await graphRecords(world, world.secondary)).toStrictEqual(await graphRecords(world));
};

describe('the graph of a source', () => {
  it('is stored in both Regions by the first sync', async () => {
    const world = graphWorld();
    expect(await world.run()).toMatchObject({ kind: 'acknowledged' });
    const records = await graphRecords(world);
    const kinds = Map.groupBy([...records.keys()], (key) => key.split(' ')[1]?.split('#')[0] ?? '');
    expect([...kinds.keys()].toSorted()).toStrictEqual(['facts', 'files', 'head', 'index', 'node']);
    expect(await graphRecords(world, world.secondary)).toStrictEqual(records);
    expect(await world.defects()).toStrictEqual([]);
  });

  it('is not touched by a cycle without a change, nor by one that changed only prose', async () => {
    const world = graphWorld();
    await world.run();
    const before = await world.contents(world.primary);
    world.origin.files.set('README.md', '# Changed\n');
    await world.run();
    await world.run();
    const graphOf = (contents: readonly string[]): readonly string[] =>
      contents.filter((one) => one.includes('"graph#'));
    expect(graphOf(await world.contents(world.primary))).toStrictEqual(graphOf(before));
  });

  it('after an edit of one file only its own nodes are written', async () => {
    const world = graphWorld();
    await world.run();
    const before = await graphRecords(world);
    GRAPH_EDITS[0]?.(world.origin.files);
    await world.run();
    const after = await graphRecords(world);
    const changed = [...after].filter(([key, data]) => before.get(key) !== data).map(([key]) => key);
    expect(changed.length).toBeGreaterThan(3);
    expect(changed.length).toBeLessThan(after.size / 2);
    await sameAsFresh(world);
  });

  it('any edits, followed one by one or read at once, end in what a fresh sync stores', async () => {
    const edit = fc.record({
      edits: fc.array(fc.integer({ min: 0, max: GRAPH_EDITS.length - 1 }), { minLength: 1, maxLength: 3 }),
      epoch: fc.integer({ min: 0, max: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 5 }), async (steps) => {
        const world = graphWorld();
        await world.run();
        let epoch = 1;
        for (const { edits, epoch: by } of steps) {
          for (const one of edits) {
            GRAPH_EDITS[one]?.(world.origin.files);
          }
          epoch += by;
          expect((await world.run({ epoch })).kind).toBe('acknowledged');
        }
        await sameAsFresh(world);
      }),
      { numRuns: 6 },
    );
  });

  it.each([
    ['the first sync', undefined],
    ['an edit of code', 0],
    ['an edit of infrastructure', 2],
    ['a file that is gone', 3],
  ] as const)('%s may die at any store call; the next run mends it', async (_what, edit) => {
    const probe = graphWorld();
    if (edit !== undefined) {
      await probe.run();
      GRAPH_EDITS[edit]?.(probe.origin.files);
    }
    await probe.run();
    const calls = probe.calls;
    const wanted = await fresh(probe);
    // Each call is one that a run may die at; some of them at each run of this test, the last ones always.
    const every = Math.max(1, Math.floor(calls / CRASHES));
    for (let crashAt = calls; crashAt > 0; crashAt -= every) {
      const world = graphWorld();
      if (edit !== undefined) {
        await world.run();
        GRAPH_EDITS[edit]?.(world.origin.files);
      }
      expect(await world.runOrCrash({ crashAt })).toBe('crashed');
      expect((await world.run()).kind).toBe('acknowledged');
      expect(await world.defects(), `crash at ${crashAt}`).toStrictEqual([]);
      await sameAsFresh(world, wanted);
    }
  });

  it('an edit that a dead run had read and that was taken back leaves nothing behind', async () => {
    const world = graphWorld();
    await world.run();
    GRAPH_EDITS[0]?.(world.origin.files);
    const probe = world.calls;
    for (let crashAt = probe; crashAt > 20; crashAt -= 40) {
      GRAPH_EDITS[0]?.(world.origin.files);
      await world.runOrCrash({ crashAt });
      GRAPH_EDITS.at(-1)?.(world.origin.files);
      await world.runOrCrash({ crashAt });
      expect((await world.run()).kind).toBe('acknowledged');
      await sameAsFresh(world);
    }
  });

  it('in a declared outage it is owed, and settled afterwards', async () => {
    const world = graphWorld();
    await world.run();
    GRAPH_EDITS[2]?.(world.origin.files);
    expect((await world.run({ epoch: 2, deferred: true })).kind).toBe('deferred');
    expect(await world.unmarked(world.primary)).toStrictEqual([]);
    expect((await world.run({ epoch: 3 })).kind).toBe('acknowledged');
    await sameAsFresh(world);
  });

  it('goes on in another invocation where time was up', async () => {
    const world = graphWorld();
    expect((await world.runAll({ hurried: true })).kind).toBe('acknowledged');
    await sameAsFresh(world);
    GRAPH_EDITS[2]?.(world.origin.files);
    expect((await world.runAll({ hurried: true })).kind).toBe('acknowledged');
    await sameAsFresh(world);
  });

  it('a record that a Region lost is written again by the next comparison', async () => {
    const world = graphWorld();
    await world.run();
    const records = await graphRecords(world);
    const [pk = '', sk = ''] = [...records.keys()].find((key) => key.includes('node#'))?.split(' ') ?? [];
    world.secondary.graph.partitions.get(pk)?.delete(sk);
    expect((await world.run({ epoch: 2 })).kind).toBe('acknowledged');
    await sameAsFresh(world);
  });

  it('another version of the extractors derives everything anew, and reads no document again', async () => {
    const world = graphWorld();
    await world.run();
    const [derivation] = world.derivations;
    if (derivation === undefined) {
      throw new Error('the world derives nothing');
    }
    world.derivations = [{ name: 'graph-0', derive: (input) => derivation.derive(input) }];
    const outcome = await world.run();
    expect(outcome).toMatchObject({ kind: 'acknowledged', mode: 'derivation-changed', report: { changed: 0 } });
    await sameAsFresh(world);
  });
});
