/** The bound on writes under way: never more than allowed, and a failure is never covered up by what ends later. */
import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { SideFailure } from '../../../functions/dual-write/outcome.ts';
import { Limiter, type Task } from '../../../functions/ingest/limiter.ts';

const FAILURE: SideFailure = { side: 'peer', failure: { reason: 'unreachable', code: 'X', message: 'x' } };

const taskOf =
  (delayMs: number, fails: boolean): Task =>
  async () => {
    await sleep(delayMs);
    return fails ? FAILURE : undefined;
  };

describe('Limiter', () => {
  it('tells a failure whatever the others do, before and after it', async () => {
    const task = fc.record({ delayMs: fc.integer({ min: 0, max: 6 }), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(task, { maxLength: 8 }), fc.integer({ min: 1, max: 8 }), async (tasks, inFlightMax) => {
        const outcome = await new Limiter(inFlightMax).run(tasks.map(({ delayMs, fails }) => taskOf(delayMs, fails)));
        expect(outcome).toBe(tasks.some(({ fails }) => fails) ? FAILURE : undefined);
      }),
      { numRuns: 60 },
    );
  });

  it('starts nothing further of a batch after its first failure', async () => {
    let started = 0;
    const counted: Task = async () => {
      started += 1;
      return undefined;
    };
    await new Limiter(1).run([taskOf(0, true), counted, counted]);
    expect(started).toBe(0);
  });

  it('keeps to its bound over all batches together', async () => {
    const limiter = new Limiter(3);
    let underWay = 0;
    let most = 0;
    const task: Task = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(1);
      underWay -= 1;
      return undefined;
    };
    await Promise.all([
      limiter.run(Array.from({ length: 9 }, () => task)),
      limiter.run(Array.from({ length: 9 }, () => task)),
    ]);
    expect(most).toBe(3);
  });
});
