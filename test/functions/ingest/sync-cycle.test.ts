/** The sync cycle over two Regions in memory: what it writes, what it leaves alone, and what every kind of trouble does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import { CrashError, World } from '../../support/cycle-world.ts';
import { EDITS, editMuch, filled, takeBack } from './small-source.ts';

const UNREACHABLE: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' };

const WRITES = new Set(['put', 'vectors.put', 'vectors.delete', 'commit', 'claim', 'putLocal']);

describe('a first sync', () => {
  it('is acknowledged when both Regions hold every document, chunk and vector', async () => {
    const world = filled();
    const outcome = await world.run();
    expect(outcome).toMatchObject({
      kind: 'acknowledged',
      mode: 'never-committed',
      report: { changed: 5, deleted: 0 },
    });
    expect(await world.defects()).toStrictEqual([]);
    expect(await world.committedCounts()).toMatchObject({ documents: 4, skipped: 1 });
  });

  it('writes one Region where the stack has no peer', async () => {
    const world = filled();
    expect(await world.run({ single: true })).toMatchObject({ kind: 'acknowledged' });
    expect(await world.defects({ single: true })).toStrictEqual([]);
    expect(world.secondary.operations).toStrictEqual([]);
  });

  it('commits an empty source', async () => {
    const world = new World();
    expect(await world.run()).toMatchObject({ kind: 'acknowledged', report: { counts: { documents: 0 } } });
    expect(await world.defects()).toStrictEqual([]);
  });
});

describe('an unchanged sync', () => {
  it('writes a claim and a commit in each Region and nothing else', async () => {
    const world = filled();
    await world.run();
    for (const region of [world.primary, world.secondary]) {
      region.operations.length = 0;
    }
    expect(await world.run()).toMatchObject({ kind: 'acknowledged', mode: 'unchanged', report: { changed: 0 } });
    for (const region of [world.primary, world.secondary]) {
      expect(region.operations.filter((operation) => WRITES.has(operation))).toStrictEqual(['claim', 'commit']);
    }
    expect(await world.defects()).toStrictEqual([]);
  });
});

describe('an incremental sync', () => {
  it.each([
    ['an edit', (files: Map<string, string>) => files.set('README.md', '# Payments\n\nTakes a lot of money.\n'), 1, 0],
    ['a new file', (files: Map<string, string>) => files.set('new.md', '# New\n\nText.\n'), 1, 0],
    ['a deleted file', (files: Map<string, string>) => files.delete('src/refund.ts'), 0, 1],
    [
      'a rename',
      (files: Map<string, string>) => {
        files.set('src/renamed.ts', files.get('src/refund.ts') ?? '');
        files.delete('src/refund.ts');
      },
      1,
      1,
    ],
    ['a file that became binary', (files: Map<string, string>) => files.set('README.md', 'BINARY'), 1, 0],
    ['a binary that became text', (files: Map<string, string>) => files.set('logo.png', 'Now it is a text.\n'), 1, 0],
  ])('changes exactly what %s changed', async (_what, edit, changed, deleted) => {
    const world = filled();
    await world.run();
    const before = await world.contents(world.primary);
    edit(world.origin.files);
    expect(await world.run()).toMatchObject({
      kind: 'acknowledged',
      mode: 'incremental',
      report: { changed, deleted },
    });
    expect(await world.defects()).toStrictEqual([]);
    const after = new Set(await world.contents(world.primary));
    const documents = before.filter((text) => text.includes('"document#') && !after.has(text));
    expect(documents.length).toBeLessThanOrEqual(changed + deleted);
  });

  it('keeps the counts that a full one would find', async () => {
    const world = filled();
    await world.run();
    world.origin.files.delete('docs/runbook.md');
    world.origin.files.set('README.md', 'BINARY');
    await world.run();
    const counted = await world.committedCounts();
    world.nowMs += 25 * 3_600_000;
    expect(await world.run()).toMatchObject({ mode: 'daily', report: { changed: 0, deleted: 0 } });
    expect(await world.committedCounts()).toStrictEqual(counted);
  });

  it('compares everything when the origin has forgotten the cursor', async () => {
    const world = filled();
    await world.run();
    world.origin.files.delete('README.md');
    world.origin.forget();
    expect(await world.run()).toMatchObject({ kind: 'acknowledged', mode: 'cursor-lost', report: { deleted: 1 } });
    expect(await world.defects()).toStrictEqual([]);
  });
});

describe('a Region in trouble', () => {
  it.each([
    ['peer', 'claim', 'claim'],
    ['peer', 'put', 'write'],
    ['peer', 'vectors.put', 'write'],
    ['peer', 'commit', 'commit'],
    ['home', 'claim', 'claim'],
    ['home', 'put', 'write'],
    ['home', 'commit', 'commit'],
  ] as const)(
    'at the %s, refusing %s, leaves the cycle unacknowledged, and the next run completes',
    async (side, operation, step) => {
      const world = filled();
      const region = side === 'home' ? world.primary : world.secondary;
      region.fault = (asked) => (asked === operation ? UNREACHABLE : undefined);
      expect(await world.run()).toMatchObject({ kind: 'not-acknowledged', side, step });
      region.fault = () => undefined;
      expect(await world.run()).toMatchObject({ kind: 'acknowledged' });
      expect(await world.defects()).toStrictEqual([]);
    },
  );

  it('that fails one write of many, while the others succeed later, keeps the cycle unacknowledged', async () => {
    const whole = filled();
    await whole.run();
    const puts = whole.secondary.operations.filter((operation) => operation === 'put').length;
    for (let failing = 1; failing <= puts; failing += 1) {
      const world = filled();
      let seen = 0;
      world.secondary.fault = (operation) => {
        seen += operation === 'put' ? 1 : 0;
        return operation === 'put' && seen === failing ? UNREACHABLE : undefined;
      };
      expect(await world.run(), `put ${failing}`).toMatchObject({
        kind: 'not-acknowledged',
        side: 'peer',
        step: 'write',
      });
      expect(await world.gaps(world.primary)).toStrictEqual([]);
      world.secondary.fault = () => undefined;
      expect(await world.run()).toMatchObject({ kind: 'acknowledged' });
      expect(await world.defects()).toStrictEqual([]);
    }
  });

  it('moves no cursor', async () => {
    const world = filled();
    await world.run();
    const committed = await world.contents(world.primary);
    world.origin.files.set('README.md', '# Other\n\nText.\n');
    world.secondary.fault = (operation) => (operation === 'commit' ? UNREACHABLE : undefined);
    await world.run();
    const sourceOf = (texts: readonly string[]): string | undefined =>
      texts.find((text) => text.startsWith('["sources"'));
    expect(sourceOf(await world.contents(world.primary))).toBe(sourceOf(committed));
    expect(sourceOf(await world.contents(world.secondary))).toBe(sourceOf(committed));
  });
});

describe('two runs', () => {
  it('of two Regions are ordered by epoch: the older one is fenced and writes no commit', async () => {
    const world = filled();
    expect(await world.run({ home: 'secondary', epoch: 2 })).toMatchObject({ kind: 'acknowledged' });
    expect(await world.run({ home: 'primary', epoch: 1 })).toMatchObject({ kind: 'fenced', step: 'claim' });
    expect(await world.defects()).toStrictEqual([]);
  });

  it('under a new epoch compare once more when nothing of an older run can still be writing', async () => {
    const world = filled();
    await world.run();
    await world.run({ home: 'secondary', epoch: 2 });
    world.nowMs += LIMITS.syncTimeoutSeconds * 1000;
    expect(await world.run({ home: 'secondary', epoch: 2 })).toMatchObject({ mode: 'unchanged' });
    world.nowMs += LIMITS.overlapMs;
    expect(await world.run({ home: 'secondary', epoch: 2 })).toMatchObject({ mode: 'daily' });
    expect(await world.run({ home: 'secondary', epoch: 2 })).toMatchObject({ mode: 'unchanged' });
  });

  it('under a new epoch begin with a full comparison', async () => {
    const world = filled();
    await world.run();
    expect(await world.run({ home: 'secondary', epoch: 2 })).toMatchObject({ mode: 'new-epoch-or-region' });
    expect(await world.run({ home: 'secondary', epoch: 2 })).toMatchObject({ mode: 'unchanged' });
  });
});

describe('a run that is out of time', () => {
  it('hands over and goes on under the same fence until everything is in', async () => {
    const world = filled();
    for (let n = 0; n < 12; n += 1) {
      world.origin.files.set(`notes/${n}.md`, `# Note ${n}\n\nText ${n}.\n`);
    }
    expect(await world.runAll({ hurried: true })).toMatchObject({ kind: 'acknowledged', report: { changed: 17 } });
    expect(await world.defects()).toStrictEqual([]);
  });

  it('hands over an incremental cycle too', async () => {
    const world = filled();
    await world.run();
    for (let n = 0; n < 12; n += 1) {
      world.origin.files.set(`notes/${n}.md`, `# Note ${n}\n\nText ${n}.\n`);
    }
    expect(await world.runAll({ hurried: true })).toMatchObject({
      kind: 'acknowledged',
      mode: 'incremental',
      report: { changed: 12 },
    });
    expect(await world.defects()).toStrictEqual([]);
    expect(await world.committedCounts()).toMatchObject({ documents: 16, skipped: 1 });
  });

  it('starts anew where another run has claimed the source in between', async () => {
    const world = filled();
    for (let n = 0; n < 12; n += 1) {
      world.origin.files.set(`notes/${n}.md`, `# Note ${n}\n\nText ${n}.\n`);
    }
    expect(await world.run({ hurried: true })).toMatchObject({ kind: 'handed-over' });
    await world.run();
    world.origin.files.delete('README.md');
    const resumed = await world.runAll();
    expect(resumed).toMatchObject({ kind: 'acknowledged' });
    expect(await world.defects()).toStrictEqual([]);
  });
});

describe('a run that dies', () => {
  it('at any store call of a first sync is mended by the next one', async () => {
    const whole = filled();
    await whole.run();
    for (let crashAt = 1; crashAt <= whole.calls; crashAt += 1) {
      const world = filled();
      await expect(world.run({ crashAt })).rejects.toThrow(CrashError);
      expect(await world.run()).toMatchObject({ kind: 'acknowledged' });
      expect(await world.defects(), `died at call ${crashAt}`).toStrictEqual([]);
    }
  });

  it.each(['kept', 'taken back'] as const)('at any store call of an edit that is then %s is mended', async (fate) => {
    const whole = filled();
    await whole.run();
    editMuch(whole.origin.files);
    await whole.run();
    for (let crashAt = 1; crashAt <= whole.calls; crashAt += 1) {
      const world = filled();
      await world.run();
      editMuch(world.origin.files);
      await expect(world.run({ crashAt })).rejects.toThrow(CrashError);
      expect(await world.gaps(world.primary), `died at call ${crashAt}`).toStrictEqual([]);
      expect(await world.gaps(world.secondary), `died at call ${crashAt}`).toStrictEqual([]);
      if (fate === 'taken back') {
        takeBack(world.origin.files);
      }
      expect(await world.run()).toMatchObject({ kind: 'acknowledged' });
      expect(await world.defects(), `died at call ${crashAt}`).toStrictEqual([]);
    }
  });

  it('in any sequence of edits and crashes never leaves the Regions different from the origin', async () => {
    const step = fc.record({
      edit: fc.integer({ min: 0, max: EDITS.length - 1 }),
      crashAt: fc.integer({ min: 1, max: 30 }),
      home: fc.constantFrom('primary' as const, 'secondary' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const world = filled();
        let epoch = 1;
        let home: 'primary' | 'secondary' = 'primary';
        await world.run();
        for (const { edit, crashAt, home: wanted } of steps) {
          epoch += wanted === home ? 0 : 1;
          home = wanted;
          EDITS[edit]?.(world.origin.files);
          await world.runOrCrash({ home, epoch, crashAt });
        }
        expect(await world.run({ home, epoch })).toMatchObject({ kind: 'acknowledged' });
        expect(await world.defects()).toStrictEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
