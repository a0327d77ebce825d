/** Documents of very many chunks: their vectors go in puts of a bounded size, and few at once, however many batches are under way. */
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import { World } from '../../support/cycle-world.ts';

const PARAGRAPH =
  'Some words of which there are enough that a part of the text has room for no more of them than these. ';

const largeText = (name: string): string =>
  Array.from({ length: 130 }, (_, at) => `## Part ${at} of ${name}\n\n${PARAGRAPH.repeat(8)}\n`).join('\n');

it('a source of large documents puts few vectors at once, and all of them', async () => {
  const world = new World();
  for (let at = 0; at < 6; at += 1) {
    world.origin.files.set(`large/${at}.md`, largeText(`${at}`));
  }
  const sizes: number[] = [];
  let inFlight = 0;
  let most = 0;
  const { vectors } = world.secondary;
  const put = vectors.put.bind(vectors);
  vectors.put = async (batch) => {
    sizes.push(batch.length);
    inFlight += 1;
    most = Math.max(most, inFlight);
    // A slow Region: whatever else may be under way has begun by now.
    await sleep(5);
    const outcome = await put(batch);
    inFlight -= 1;
    return outcome;
  };
  expect((await world.run()).kind).toBe('acknowledged');
  expect(await world.defects()).toStrictEqual([]);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(6 * LIMITS.vectorWriteItemsMax);
  expect(Math.max(...sizes)).toBe(LIMITS.vectorWriteItemsMax);
  expect(most).toBe(LIMITS.vectorWritesInFlightMax);
});
