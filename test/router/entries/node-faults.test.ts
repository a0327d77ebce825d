/** The Node entry against broken wires: reads do not notice, writes are never doubled, truncated answers look truncated. */
import http from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Fault } from '../support/fault-origin.ts';
import { pace } from '../support/pace.ts';
import { type RunningRouter, startRouter } from '../support/running-router.ts';

let running: RunningRouter;
beforeEach(async () => {
  running = await startRouter();
});
afterEach(async () => {
  await running.close();
});

const statusOf = async (): Promise<number> => {
  const response = await running.get('/x');
  await response.text();
  return response.status;
};

const warm = async (): Promise<void> => {
  await pace(40, 2, statusOf);
};

describe('reads', () => {
  it('none fails while the fault changes all the time, and nothing stays in flight', async () => {
    await warm();
    const faults: readonly Fault[] = ['hang', 'none', 'reset', 'refuse', 'none', '503'];
    const statuses = await pace(300, 4, async (at) => {
      if (at % 25 === 0) {
        await running.a.set(faults[(at / 25) % faults.length] ?? 'none');
      }
      return statusOf();
    });
    expect(statuses.filter((status) => status !== 200)).toStrictEqual([]);
    await running.until(
      () => running.router.view().regions.every(({ inFlight }) => inFlight === 0),
      'nothing is in flight',
    );
  });
});

describe('streams', () => {
  it('a body without a length is cut at the limit', async () => {
    await running.close();
    running = await startRouter({ limits: { bodyBytesMax: 10_000 } });
    const status = await new Promise<number>((resolve, reject) => {
      const req = http.request(`${running.router.url}/x`, { method: 'POST' }, (res) => {
        res.resume();
        resolve(res.statusCode ?? 0);
      });
      req.on('error', reject);
      req.end('x'.repeat(20_000)).flushHeaders();
    });
    expect(status).toBe(413);
  });
});

describe('both Regions dead', () => {
  it('the answer names what each of them did, says what to do, and comes in time', async () => {
    await running.a.set('reset');
    await running.b.set('refuse');
    const response = await running.get('/x');
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({
      type: 'urn:twinmap:problem:router:no-region',
      regions: [
        { region: 'a', phase: 'ambiguous' },
        { region: 'b', code: 'ECONNREFUSED', phase: 'unsent' },
      ],
    });
  });
});
