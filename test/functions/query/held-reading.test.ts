/** Readings that are shared and kept for a moment, never waited for too long, and never poisoned by one that failed. */
import { setImmediate } from 'node:timers/promises';

import { beforeEach, describe, expect, it } from 'vitest';

import { HeldReading } from '../../../functions/query/held-reading.ts';
import { mapLimited } from '../../../functions/query/map-limited.ts';

const WAIT_MS = 40;

let clockMs = 0;
let reads: PromiseWithResolvers<string>[] = [];

const reading = (): HeldReading<string> =>
  new HeldReading<string>({
    read: async () => {
      const arrival = Promise.withResolvers<string>();
      reads.push(arrival);
      return arrival.promise;
    },
    otherwise: (why) => `unknown: ${why}`,
    now: () => clockMs,
    keptMs: 1000,
    waitMs: WAIT_MS,
  });

beforeEach(() => {
  clockMs = 0;
  reads = [];
});

describe('a held reading', () => {
  it('is shared by all who ask while it is under way, and kept for its time', async () => {
    const held = reading();
    expect(held.peek()).toBe('unknown: it was not read yet');
    const asked = [held.get(), held.get(), held.fresh()];
    reads[0]?.resolve('one');
    expect(await Promise.all(asked)).toEqual(['one', 'one', 'one']);
    clockMs = 999;
    expect(await held.get()).toBe('one');
    expect(reads).toHaveLength(1);
    clockMs = 1000;
    const next = held.get();
    reads[1]?.resolve('two');
    expect(await next).toBe('two');
    expect(held.peek()).toBe('two');
  });

  it('that fails is told as unknown, and read again by the next who asks', async () => {
    const held = reading();
    const failing = held.get();
    reads[0]?.reject(new TypeError('secret'));
    expect(await failing).toBe('unknown: TypeError');
    const next = held.get();
    reads[1]?.resolve('two');
    expect(await next).toBe('two');
  });

  it('that does not arrive is waited for once, not by every request', async () => {
    const held = reading();
    expect(await held.get()).toBe(`unknown: it did not arrive within ${WAIT_MS} ms`);
    clockMs = WAIT_MS;
    expect(await held.get()).toBe(`unknown: it did not arrive within ${WAIT_MS} ms`);
    expect(reads).toHaveLength(1);
    reads[0]?.resolve('late');
    await setImmediate();
    expect(await held.get()).toBe('late');
  });

  it('that hangs is given up in the end, and what it brings then is not kept', async () => {
    const held = reading();
    await held.get();
    clockMs = WAIT_MS * 10;
    const next = held.get();
    reads[1]?.resolve('two');
    expect(await next).toBe('two');
    reads[0]?.resolve('long over');
    await setImmediate();
    expect(held.peek()).toBe('two');
  });
});

describe('reads side by side', () => {
  it('are never more than allowed, and keep their order', async () => {
    let inFlight = 0;
    let inFlightMax = 0;
    const results = await mapLimited([5, 1, 4, 2, 3, 0], 2, async (item) => {
      inFlight += 1;
      inFlightMax = Math.max(inFlightMax, inFlight);
      for (let turn = 0; turn < item; turn += 1) {
        await Promise.resolve();
      }
      inFlight -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30, 0]);
    expect(inFlightMax).toBe(2);
  });

  it('of nothing are nothing', async () => {
    expect(await mapLimited([], 4, async () => 1)).toEqual([]);
  });
});
