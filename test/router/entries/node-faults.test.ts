/** The Node entry against broken wires: reads do not notice, writes are never doubled, truncated answers look truncated. */
import http from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Fault } from '../support/fault-origin.ts';
import { type RunningRouter, SHORT, startRouter } from '../support/running-router.ts';

let running: RunningRouter;
beforeEach(async () => {
  running = await startRouter();
});
afterEach(async () => {
  await running.close();
});

interface Timed {
  readonly status: number;
  readonly region: string | null;
  readonly tookMs: number;
  readonly startedMs: number;
}

const timed = async (method: string, path = '/x', headers: Record<string, string> = {}): Promise<Timed> => {
  const startedMs = performance.now();
  const response = await running.get(path, {
    method,
    headers,
    ...(method === 'POST' ? { body: 'vote' } : {}),
  });
  await response.text();
  return {
    status: response.status,
    region: response.headers.get('x-router-region'),
    tookMs: performance.now() - startedMs,
    startedMs,
  };
};

/** Requests at a fixed pace, whatever becomes of them. */
const pace = async (count: number, everyMs: number, send: (at: number) => Promise<Timed>): Promise<Timed[]> => {
  const sent: Promise<Timed>[] = [];
  const startMs = performance.now();
  for (let at = 0; at < count; at += 1) {
    const waitMs = startMs + at * everyMs - performance.now();
    if (waitMs > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    }
    sent.push(send(at));
  }
  return Promise.all(sent);
};

const warm = async (): Promise<void> => {
  await pace(40, 2, async () => timed('GET'));
};

describe('reads', () => {
  it.each<Fault>(['hang', 'reset', 'refuse', '503'])('none fails while the active Region does "%s"', async (fault) => {
    await warm();
    const answers = await pace(160, 5, async (at) => {
      if (at === 40) {
        await running.a.set(fault);
      }
      return timed('GET');
    });
    expect(answers.filter(({ status }) => status !== 200)).toStrictEqual([]);
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(SHORT.attemptTimeoutMs);
    expect(answers.at(-1)?.region).toBe('b');
    expect(running.router.view().regions[0]?.state).toMatch(/open/u);
  });

  it('none fails while the fault changes all the time, and nothing stays in flight', async () => {
    await warm();
    const faults: readonly Fault[] = ['hang', 'none', 'reset', 'refuse', 'none', '503'];
    const answers = await pace(300, 4, async (at) => {
      if (at % 25 === 0) {
        await running.a.set(faults[(at / 25) % faults.length] ?? 'none');
      }
      return timed('GET');
    });
    expect(answers.filter(({ status }) => status !== 200)).toStrictEqual([]);
    await running.until(
      () => running.router.view().regions.every(({ inFlight }) => inFlight === 0),
      'nothing is in flight',
    );
  });

  it('traffic returns by itself, after good probes, when the Region is back', async () => {
    await running.a.set('503');
    await pace(10, 2, async () => timed('GET'));
    expect(running.router.view().regions[0]?.state).toMatch(/open/u);
    await running.a.set('none');
    await running.until(() => running.router.view().regions[0]?.state === 'closed', 'a closes');
    expect((await timed('GET')).region).toBe('a');
  });

  it('a drain moves new requests without an error and without a trip', async () => {
    await running.a.set('drain');
    expect(await timed('GET')).toMatchObject({ status: 200, region: 'b' });
    expect(running.router.view().regions[0]).toMatchObject({ state: 'closed', isDraining: true });
  });

  it('an answer of 500 is passed on: it is deterministic more often than not', async () => {
    await running.a.set('500');
    expect(await timed('GET')).toMatchObject({ status: 500, region: 'a' });
    expect(running.b.served()).toHaveLength(0);
  });
});

describe('writes', () => {
  const writesAt = (): number =>
    [...running.a.served(), ...running.b.served()].filter(({ method }) => method === 'POST').length;

  it.each<Fault>(['hang', 'reset', '503'])('none is sent twice while the active Region does "%s"', async (fault) => {
    await warm();
    const answers = await pace(100, 5, async (at) => {
      if (at === 20) {
        await running.a.set(fault);
      }
      return timed('POST');
    });
    expect(writesAt()).toBeLessThanOrEqual(answers.length);
    expect(answers.at(-1)).toMatchObject({ status: 200, region: 'b' });
    const failed = answers.filter(({ status }) => status !== 200);
    const window = (failed.at(-1)?.startedMs ?? 0) - (failed[0]?.startedMs ?? 0);
    expect(failed.length).toBeGreaterThan(0);
    expect(window).toBeLessThan(400);
  });

  it('one that never left the router goes to the other Region', async () => {
    await running.a.set('refuse');
    expect(await timed('POST')).toMatchObject({ status: 200, region: 'b' });
    expect(writesAt()).toBe(1);
  });

  it('one with a key that both Regions honour is sent again', async () => {
    await running.close();
    running = await startRouter({ sharedKeyPaths: ['/v1/votes'] });
    await running.a.set('reset');
    expect(await timed('POST', '/v1/votes', { 'idempotency-key': 'k1' })).toMatchObject({
      status: 200,
      region: 'b',
    });
    expect((await timed('POST', '/v1/other', { 'idempotency-key': 'k1' })).status).toBe(502);
  });

  it('who wrote in a Region reads there next', async () => {
    await running.a.set('refuse');
    const wrote = await running.get('/x', { method: 'POST', body: 'vote' });
    const cookie = wrote.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(cookie).toMatch(/^router-region=b\|/u);
    await running.a.set('none');
    await running.until(() => running.router.view().regions[0]?.state === 'closed', 'a closes');
    const read = await running.get('/x', { headers: { cookie } });
    expect(read.headers.get('x-router-region')).toBe('b');
    expect(read.headers.get('x-router-reason')).toBe('read-your-writes');
  });
});

describe('streams', () => {
  it('an answer that breaks off ends with a broken connection, not with a clean end', async () => {
    await running.a.set('cut');
    const response = await running.get('/x');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow(/terminated/u);
    expect(running.b.served()).toHaveLength(0);
  });

  it('events pass as they come, and a client that leaves ends them at the origin', async () => {
    const leave = new AbortController();
    const response = await running.get('/events', {
      headers: { accept: 'text/event-stream' },
      signal: leave.signal,
    });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toContain('data: 1');
    leave.abort();
    await running.until(() => running.a.aborted() === 1, 'the origin sees the client leave');
  });

  it('a large body streams through once, and a small one is kept', async () => {
    const large = await running.get('/x', { method: 'POST', body: 'x'.repeat(300_000) });
    expect(await large.text()).toBe('a:POST:300000');
    const small = await running.get('/x', { method: 'POST', body: 'x'.repeat(3000) });
    expect(await small.text()).toBe('a:POST:3000');
  });

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

  it('each request is still tried, and the first Region that is back serves', async () => {
    await Promise.all([running.a.set('refuse'), running.b.set('refuse')]);
    await pace(12, 2, async () => timed('GET'));
    expect(running.router.view().isReady).toBe(false);
    expect((await running.get('/readyz')).status).toBe(503);
    await running.b.set('none');
    expect(await timed('GET')).toMatchObject({ status: 200, region: 'b' });
  });
});
