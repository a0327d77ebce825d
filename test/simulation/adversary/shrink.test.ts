/** The shrinker finds what matters, and stops when its time is over. */
import { describe, expect, it } from 'vitest';

import { shrink } from './shrink.ts';

const actions = Array.from({ length: 40 }, (_, at) => at);

describe('shrink', () => {
  it('leaves exactly the actions that are needed', async () => {
    let asked = 0;
    const left = await shrink({
      actions,
      fails: async (some) => {
        asked += 1;
        return [7, 8, 31].every((needed) => some.includes(needed));
      },
      remainingMs: () => 1000,
    });
    expect(left).toEqual([7, 8, 31]);
    expect(asked).toBeLessThan(150);
  });

  it('leaves nothing where nothing is needed, and everything where all is', async () => {
    const remainingMs = (): number => 1000;
    expect(await shrink({ actions, fails: async () => true, remainingMs })).toEqual([]);
    expect(await shrink({ actions, fails: async (some) => some.length === 40, remainingMs })).toEqual(actions);
  });

  it('answers with something that fails, also when time is up', async () => {
    let left = 5;
    const fails = async (some: readonly number[]): Promise<boolean> => {
      left -= 1;
      return some.includes(20);
    };
    const found = await shrink({ actions, fails, remainingMs: () => left });
    expect(found).toContain(20);
    expect(found.length).toBeLessThan(40);
  });
});
