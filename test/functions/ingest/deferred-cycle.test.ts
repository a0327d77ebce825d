/**
 * A declared outage of the peer: the cycle commits at home, marks everything as owed, says that it is degraded, and whatever
 * becomes of it, the first cycle with the peer makes both Regions equal to the origin.
 */
import { describe, expect, it } from 'vitest';

import { documentKey } from '../../../functions/domain/corpus.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import { documentIdOf } from '../../../functions/ingest/plan-document.ts';
import { CrashError, SOURCE, type World } from '../../support/cycle-world.ts';
import { editMuch, filled, takeBack } from './small-source.ts';

const UNREACHABLE: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' };
const OUTAGE = { epoch: 2, deferred: true } as const;
const AFTER = { epoch: 3 } as const;

const peerDown = (world: World): void => {
  world.secondary.fault = () => UNREACHABLE;
};

const peerUp = (world: World): void => {
  world.secondary.fault = () => undefined;
};

const README = documentKey(SOURCE.id, documentIdOf(SOURCE.id, 'README.md'));

describe('a deferred cycle', () => {
  it('commits at home with a dead peer, and is degraded: never acknowledged, with the debt that it read', async () => {
    const world = filled();
    peerDown(world);
    const outcome = await world.run(OUTAGE);
    const held = await world.contents(world.primary);
    expect(outcome).toMatchObject({ kind: 'deferred', mode: 'never-committed', report: { changed: 5 } });
    expect(outcome).toMatchObject({ rpo: { count: held.length, isExact: true } });
    expect(world.secondary.operations).toStrictEqual(['readSource', 'claim']);
    expect(await world.unmarked(world.primary)).toStrictEqual([]);
    expect(await world.gaps(world.primary)).toStrictEqual([]);
  });

  it.each(['unreachable', 'throttled', 'unknown', 'refused'] as const)(
    'goes on where the peer answers a claim with "%s"',
    async (reason) => {
      const world = filled();
      world.secondary.fault = (operation) => (operation === 'claim' ? { ...UNREACHABLE, reason } : undefined);
      expect(await world.run(OUTAGE)).toMatchObject({ kind: 'deferred' });
    },
  );

  it('stops where the peer has seen a newer fence, and writes nothing', async () => {
    const world = filled();
    await world.run({ home: 'secondary', epoch: 5 });
    const before = await world.contents(world.primary);
    expect(await world.run(OUTAGE)).toMatchObject({ kind: 'fenced', step: 'claim', side: 'peer' });
    expect(await world.contents(world.primary)).toStrictEqual(before);
  });

  it('is not acknowledged, and not deferred, where home does not take it', async () => {
    const world = filled();
    peerDown(world);
    world.primary.fault = (operation) => (operation === 'put' ? UNREACHABLE : undefined);
    expect(await world.run(OUTAGE)).toMatchObject({ kind: 'not-acknowledged', side: 'home', step: 'write' });
  });

  it('writes nothing again that home holds, owed or not, and leaves the debts as they are', async () => {
    const world = filled();
    await world.run();
    peerDown(world);
    world.origin.files.set('README.md', '# Payments\n\nChanged.\n');
    expect(await world.run(OUTAGE)).toMatchObject({ mode: 'new-epoch-or-region', report: { changed: 1 } });
    const owed = await world.run(OUTAGE);
    expect(owed).toMatchObject({ kind: 'deferred', mode: 'unchanged', report: { changed: 0 } });
    world.nowMs += 25 * 3_600_000;
    expect(await world.run(OUTAGE)).toMatchObject({ kind: 'deferred', mode: 'daily', report: { changed: 0 } });
    expect(await world.unmarked(world.primary)).toStrictEqual([]);
  });

  it('follows the cursor, tombstones and keeps counts as ever', async () => {
    const world = filled();
    peerDown(world);
    await world.run(OUTAGE);
    editMuch(world.origin.files);
    expect(await world.run(OUTAGE)).toMatchObject({ mode: 'incremental', report: { changed: 2, deleted: 1 } });
    expect(await world.committedCounts()).toMatchObject({ documents: 4, skipped: 1 });
    expect(await world.unmarked(world.primary)).toStrictEqual([]);
  });

  it('hands over and goes on under its fence, with the peer dead all the time', async () => {
    const world = filled();
    peerDown(world);
    for (let n = 0; n < 12; n += 1) {
      world.origin.files.set(`notes/${n}.md`, `# Note ${n}\n\nText ${n}.\n`);
    }
    expect(await world.runAll({ ...OUTAGE, hurried: true })).toMatchObject({
      kind: 'deferred',
      report: { changed: 17 },
    });
    peerUp(world);
    expect(await world.run(AFTER)).toMatchObject({ kind: 'acknowledged' });
    expect(await world.defects()).toStrictEqual([]);
  });

  it('marks what a run of the other Region left here unfinished, because the other one may lack it', async () => {
    const whole = filled();
    await whole.run({ home: 'secondary' });
    for (let crashAt = 1; crashAt <= whole.calls; crashAt += 1) {
      const world = filled();
      await expect(world.run({ home: 'secondary', crashAt })).rejects.toThrow(CrashError);
      peerDown(world);
      expect(await world.run(OUTAGE)).toMatchObject({ kind: 'deferred' });
      expect(await world.unmarked(world.primary), `died at call ${crashAt}`).toStrictEqual([]);
    }
  });

  it('is an ordinary cycle in a single-Region install', async () => {
    const world = filled();
    expect(await world.run({ ...OUTAGE, single: true })).toMatchObject({ kind: 'acknowledged' });
    expect(await world.defects({ single: true })).toStrictEqual([]);
  });
});

describe('the first cycle with the peer', () => {
  it('settles everything, writes nothing anew, and is acknowledged', async () => {
    const world = filled();
    await world.run();
    editMuch(world.origin.files);
    peerDown(world);
    await world.run(OUTAGE);
    peerUp(world);
    expect(await world.run(AFTER)).toMatchObject({ kind: 'acknowledged', report: { changed: 0, deleted: 0 } });
    expect(await world.defects()).toStrictEqual([]);
  });

  it.each(['the same', 'the other'] as const)('of %s Region mends a deferred run that died anywhere', async (which) => {
    const start = async (): Promise<World> => {
      const world = filled();
      await world.run();
      editMuch(world.origin.files);
      return world;
    };
    const whole = await start();
    peerDown(whole);
    await whole.run(OUTAGE);
    for (let crashAt = 1; crashAt <= whole.calls; crashAt += 1) {
      const world = await start();
      peerDown(world);
      await expect(world.run({ ...OUTAGE, crashAt })).rejects.toThrow(CrashError);
      expect(await world.unmarked(world.primary), `died at call ${crashAt}`).toStrictEqual([]);
      expect(await world.gaps(world.primary)).toStrictEqual([]);
      peerUp(world);
      const home = which === 'the same' ? 'primary' : 'secondary';
      expect(await world.run({ ...AFTER, home })).toMatchObject({ kind: 'acknowledged' });
      expect(await world.defects(), `died at call ${crashAt}`).toStrictEqual([]);
    }
  });

  it.each(['kept', 'taken back'] as const)('may die anywhere, settling included; the edit is %s', async (fate) => {
    const start = async (): Promise<World> => {
      const world = filled();
      await world.run();
      editMuch(world.origin.files);
      await world.run(OUTAGE);
      if (fate === 'taken back') {
        takeBack(world.origin.files);
      }
      return world;
    };
    const whole = await start();
    await whole.run(AFTER);
    for (let crashAt = 1; crashAt <= whole.calls; crashAt += 1) {
      const world = await start();
      await expect(world.run({ ...AFTER, crashAt })).rejects.toThrow(CrashError);
      for (const region of [world.primary, world.secondary]) {
        expect(await world.gaps(region), `died at call ${crashAt}`).toStrictEqual([]);
      }
      expect(await world.run(AFTER)).toMatchObject({ kind: 'acknowledged' });
      expect(await world.defects(), `died at call ${crashAt}`).toStrictEqual([]);
    }
  });

  it('writes anew what can’t be sent, because a vector that it lists is gone', async () => {
    const world = filled();
    await world.run(OUTAGE);
    const [lost = ''] = await world.listedVectors(world.primary);
    world.primary.vectors.vectors.delete(lost);
    expect(await world.run(AFTER)).toMatchObject({ kind: 'acknowledged', report: { changed: 1 } });
    expect(await world.defects()).toStrictEqual([]);
  });

  it.each([
    ['peer', 'put'],
    ['peer', 'mergeSource'],
    ['home', 'clearOwed'],
    ['home', 'queryDigests'],
  ] as const)('is not acknowledged where the %s fails %s while it settles', async (side, operation) => {
    const world = filled();
    await world.run(OUTAGE);
    const region = side === 'home' ? world.primary : world.secondary;
    region.fault = (asked) => (asked === operation ? UNREACHABLE : undefined);
    expect(await world.run(AFTER)).toMatchObject({ kind: 'not-acknowledged', step: 'settle', side });
    region.fault = () => undefined;
    expect(await world.run(AFTER)).toMatchObject({ kind: 'acknowledged' });
    expect(await world.defects()).toStrictEqual([]);
  });
});

describe('a put of an outage that arrives late', () => {
  const lateReadme = async (): Promise<World> => {
    const world = filled();
    await world.run();
    world.origin.files.set('README.md', '# Payments\n\nWritten in the outage.\n');
    world.primary.graph.isLate = ({ sk }) => sk === README.sk;
    expect(await world.run(OUTAGE)).toMatchObject({ kind: 'not-acknowledged' });
    return world;
  };

  it('after the next cycle has written the document loses', async () => {
    const world = await lateReadme();
    world.primary.graph.isLate = () => false;
    world.origin.files.set('README.md', '# Payments\n\nWritten afterwards.\n');
    await world.run(AFTER);
    expect(await world.primary.graph.arrive()).toMatchObject([{ kind: 'superseded' }]);
    expect(await world.defects()).toStrictEqual([]);
  });

  it('after the next cycle has found the document unchanged is found by the one after', async () => {
    const world = await lateReadme();
    world.primary.graph.isLate = () => false;
    takeBack(world.origin.files);
    expect(await world.run(AFTER)).toMatchObject({ kind: 'acknowledged' });
    expect(await world.primary.graph.arrive()).toMatchObject([{ kind: 'written' }]);
    expect(await world.unmarked(world.primary)).toStrictEqual([]);
    expect(await world.run(AFTER)).toMatchObject({ kind: 'acknowledged', mode: 'owed-records' });
    expect(await world.defects()).toStrictEqual([]);
  });

  it('between settling and commit keeps the cycle from committing', async () => {
    const world = await lateReadme();
    world.primary.graph.isLate = () => false;
    takeBack(world.origin.files);
    world.origin.files.set('docs/new.md', '# New page\n\nWith text.\n');
    let arrived = false;
    world.secondary.fault = (operation) => {
      if (operation === 'vectors.put' && !arrived) {
        arrived = true;
        void world.primary.graph.arrive();
      }
      return undefined;
    };
    expect(await world.run(AFTER)).toMatchObject({ kind: 'not-acknowledged', step: 'settle', side: 'home' });
    expect(await world.run(AFTER)).toMatchObject({ kind: 'acknowledged' });
    expect(await world.defects()).toStrictEqual([]);
  });

  it('between two invocations makes the second one compare from the beginning', async () => {
    const world = await lateReadme();
    world.primary.graph.isLate = () => false;
    takeBack(world.origin.files);
    for (let n = 0; n < 9; n += 1) {
      world.origin.files.set(`notes/${n}.md`, `# Note ${n}\n\nText ${n}.\n`);
    }
    expect(await world.run({ ...AFTER, hurried: true })).toMatchObject({ kind: 'handed-over' });
    await world.primary.graph.arrive();
    expect(await world.resume(AFTER)).toMatchObject({ kind: 'acknowledged' });
    expect(await world.defects()).toStrictEqual([]);
  });
});
