/** Virtual time and chance: the seed decides the order of everything, and nothing else does. */
import { describe, expect, it } from 'vitest';

import { Kernel } from './kernel.ts';
import { Random } from './random.ts';

describe('the kernel', () => {
  it('runs events in the order of time, and promises to their end between two of them', async () => {
    const kernel = new Kernel('a', 1000);
    const seen: string[] = [];
    kernel.after(50, () => seen.push(`late at ${kernel.nowMs}`));
    const story = async (): Promise<void> => {
      await kernel.sleep(10);
      seen.push(`slept until ${kernel.nowMs}`);
      for (let turn = 0; turn < 20; turn += 1) {
        await Promise.resolve();
      }
      seen.push('settled');
      await kernel.sleep(10);
      seen.push(`slept until ${kernel.nowMs}`);
    };
    kernel.after(0, () => void story());
    kernel.after(10, () => seen.push('beside'));
    await kernel.runUntil(2000);
    expect(seen.filter((text) => text !== 'beside')).toEqual([
      'slept until 1010',
      'settled',
      'slept until 1020',
      'late at 1050',
    ]);
    expect(seen).toHaveLength(5);
    expect(kernel.nowMs).toBe(2000);
  });

  it('lets the seed decide between events of one time', async () => {
    const orderOf = async (seed: string): Promise<string> => {
      const kernel = new Kernel(seed, 0);
      const order: string[] = [];
      for (const name of 'abcdefgh') {
        kernel.at(5, () => order.push(name));
      }
      await kernel.runUntil(10);
      return order.join('');
    };
    const orders = await Promise.all(['1', '2', '3', '4'].map(async (seed) => orderOf(seed)));
    expect(await orderOf('1')).toBe(orders[0]);
    expect(new Set(orders).size).toBeGreaterThan(2);
    expect(orders[0]?.split('').toSorted().join('')).toBe('abcdefgh');
  });

  it('stops at once, and does not go on', async () => {
    const kernel = new Kernel('a', 0);
    const ran: number[] = [];
    for (const at of [1, 2, 3, 4, 5]) {
      kernel.at(at, () => ran.push(at));
    }
    kernel.at(2.5, () => {
      kernel.stop();
    });
    await kernel.runUntil(10);
    await kernel.runUntil(20);
    expect(ran).toEqual([1, 2]);
    expect(kernel.nowMs).toBe(2.5);
  });

  it('hands on what an event throws', async () => {
    const kernel = new Kernel('a', 0);
    kernel.at(1, () => {
      throw new Error('broken');
    });
    await expect(kernel.runUntil(2)).rejects.toThrow('broken');
  });
});

describe('chance', () => {
  it('is the same for the same name, and another one for another', () => {
    const draw = (name: string): number[] => {
      const random = new Random(name);
      return Array.from({ length: 8 }, () => random.below(1000));
    };
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
  });

  it('keeps its bounds and its weights', () => {
    const random = new Random('bounds');
    const drawn = Array.from({ length: 4000 }, () => random.between(3, 6));
    expect(new Set(drawn)).toEqual(new Set([3, 4, 5, 6]));
    const weighted = Array.from({ length: 4000 }, () =>
      random.weighted([
        ['often', 3],
        ['seldom', 1],
        ['never', 0],
      ]),
    );
    const often = weighted.filter((one) => one === 'often').length;
    expect(often).toBeGreaterThan(2800);
    expect(often).toBeLessThan(3200);
    expect(weighted).not.toContain('never');
    expect(Array.from({ length: 2000 }, () => random.chance(0.25)).filter(Boolean).length).toBeGreaterThan(420);
  });
});
