/** Many deletions at once wait for a person: nothing that was indexed goes because a listing came back short. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isTooMany, planOf } from '../../../functions/ingest/prune-guard.ts';
import { World } from '../../support/cycle-world.ts';

const FILES = 70;
const DAY_MS = 24 * 60 * 60 * 1000;

const nameOf = (at: number): string => `page-${String(at).padStart(3, '0')}.md`;

/** A source of 70 pages, committed in both Regions. */
const committed = async (): Promise<World> => {
  const world = new World();
  for (let at = 0; at < FILES; at += 1) {
    world.origin.files.set(nameOf(at), `# Page ${at}\n\nText ${at}.\n`);
  }
  await world.runAll();
  return world;
};

const loseFrom = (world: World, first: number): void => {
  for (let at = first; at < FILES; at += 1) {
    world.origin.files.delete(nameOf(at));
  }
};

const heldOf = async (world: World): Promise<string> => {
  const outcome = await world.runAll();
  return outcome.kind === 'acknowledged' ? (outcome.report.held?.plan ?? '') : '';
};

describe('deletions of a source', () => {
  it('go at once where they are fifty or fewer', async () => {
    const world = await committed();
    loseFrom(world, FILES - 50);
    expect(await world.runAll()).toMatchObject({ kind: 'acknowledged', mode: 'incremental', report: { deleted: 50 } });
    expect(await world.committedCounts()).toMatchObject({ documents: FILES - 50 });
    expect(await world.defects()).toStrictEqual([]);
  });

  it('wait for a person where they are more than fifty and more than a fifth: none of them is made', async () => {
    const world = await committed();
    loseFrom(world, 10);
    world.origin.files.set(nameOf(0), '# Page 0\n\nChanged.\n');
    expect(await world.runAll()).toMatchObject({
      kind: 'acknowledged',
      mode: 'many-deletions',
      report: { changed: 1, deleted: 0, held: { documents: FILES - 10 }, counts: { documents: FILES } },
    });
  });

  it('still wait after an unchanged cycle and after the daily comparison, under the same name', async () => {
    const world = await committed();
    loseFrom(world, 10);
    const plan = await heldOf(world);
    expect(plan).toMatch(/^[0-9a-f]{16}$/u);
    expect(await world.runAll()).toMatchObject({ mode: 'unchanged', report: { held: { plan } } });
    world.nowMs += 2 * DAY_MS;
    expect(await world.runAll()).toMatchObject({ mode: 'daily', report: { deleted: 0, held: { plan } } });
  });

  it('are made in both Regions by the next cycle after a person has approved exactly them', async () => {
    const world = await committed();
    loseFrom(world, 10);
    world.approvedPlan = await heldOf(world);
    const outcome = await world.runAll();
    expect(outcome).toMatchObject({ kind: 'acknowledged', mode: 'prune-approved', report: { deleted: FILES - 10 } });
    expect(outcome.kind === 'acknowledged' && outcome.report.held).toBe(undefined);
    expect(await world.committedCounts()).toMatchObject({ documents: 10 });
    expect(await world.defects()).toStrictEqual([]);
  });

  it('wait again where more is gone than was approved', async () => {
    const world = await committed();
    loseFrom(world, 15);
    world.approvedPlan = await heldOf(world);
    loseFrom(world, 10);
    const again = await world.runAll();
    expect(again).toMatchObject({ mode: 'prune-approved', report: { deleted: 0, held: { documents: FILES - 10 } } });
    expect(await world.committedCounts()).toMatchObject({ documents: FILES });
  });

  it('are forgotten where the origin has the documents again', async () => {
    const world = await committed();
    const before = new Map(world.origin.files);
    loseFrom(world, 10);
    await heldOf(world);
    for (const [name, text] of before) {
      world.origin.files.set(name, text);
    }
    world.nowMs += 2 * DAY_MS;
    const outcome = await world.runAll();
    expect(outcome.kind === 'acknowledged' && outcome.report.held).toBe(undefined);
    expect(await world.defects()).toStrictEqual([]);
  });

  it('wait also where every invocation has time for one page only', async () => {
    const world = await committed();
    loseFrom(world, 10);
    expect(await world.runAll({ hurried: true })).toMatchObject({ report: { held: { documents: FILES - 10 } } });
    expect(await world.committedCounts()).toMatchObject({ documents: FILES });
  });
});

describe('the guard', () => {
  it.each([
    [50, 60, false],
    [51, 60, true],
    [200, 1000, false],
    [201, 1000, true],
    [51, 1000, false],
  ])('of %i deletions in %i documents says %s', (deletions, documents, tooMany) => {
    expect(isTooMany(deletions, documents)).toBe(tooMany);
  });

  it('names a plan by what it deletes, in whatever order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), fc.string(), (ids, other) => {
        expect(planOf(ids.toReversed())).toStrictEqual(planOf(ids));
        fc.pre(!ids.includes(other));
        expect(planOf([...ids, other]).plan).not.toBe(planOf(ids).plan);
      }),
    );
  });
});
