/** Writes of a key that one person alone writes: the one that was made last stands, whatever arrives last, and wherever. */
import { beforeEach, describe, expect, it } from 'vitest';

import type { InteractiveConflict, InteractiveOutcome } from '../../../functions/domain/interactive-write.ts';
import { ApiStage } from '../query/api-stage.ts';

const KEY = { pk: 'vote', sk: 'ada' };

let stage = new ApiStage();

const write = async (
  region: 'home' | 'peer',
  value: string,
  madeAt: number,
  op = `op-${value}`,
): Promise<InteractiveOutcome | InteractiveConflict> => {
  const [mine, other] = region === 'home' ? [stage.home, stage.peer] : [stage.peer, stage.home];
  const content = { kind: 'payload', payload: { value } } as const;
  return stage.writerAt(mine, other).write({ table: 'workspaces', key: KEY, content, op, madeAt });
};

const held = async (): Promise<readonly string[]> => {
  const reads = await Promise.all([stage.home, stage.peer].map(async ({ tables }) => tables.workspaces.get(KEY)));
  return reads.map((read) => (read.kind === 'done' ? (read.value?.data ?? 'nothing') : 'failed'));
};

const both = (value: string): readonly string[] => [`{"value":"${value}"}`, `{"value":"${value}"}`];

beforeEach(() => {
  stage = new ApiStage();
});

describe('a write with the time at which it was made', () => {
  it.each(['home', 'peer'] as const)(
    'loses against one that was made later, also when it arrives last, at %s',
    async (at) => {
      expect(await write('home', 'newer', stage.clockMs - 10)).toMatchObject({ kind: 'held', replication: 'both' });
      stage.clockMs += 5000;
      expect(await write(at, 'older', stage.clockMs - 5020)).toStrictEqual({ kind: 'overtaken', op: 'op-older' });
      expect(await held()).toStrictEqual(both('newer'));
    },
  );

  it('wins against one that was made earlier', async () => {
    await write('peer', 'older', stage.clockMs - 20);
    expect(await write('home', 'newer', stage.clockMs - 10)).toMatchObject({ kind: 'held' });
    expect(await held()).toStrictEqual(both('newer'));
  });

  it.each(['home', 'peer'] as const)(
    'meets itself without harm when it is sent again to %s before its note is there',
    async (at) => {
      stage.faults.add(at === 'home' ? 'home' : 'peer');
      await write(at === 'home' ? 'peer' : 'home', 'one', stage.clockMs - 10);
      stage.faults.clear();
      expect(await write(at, 'one', stage.clockMs - 10)).toMatchObject({ kind: 'held' });
      expect(await held()).toStrictEqual(both('one'));
      // And what was made after it still wins.
      expect(await write('home', 'two', stage.clockMs - 9)).toMatchObject({ kind: 'held' });
      expect(await held()).toStrictEqual(both('two'));
    },
  );
});
