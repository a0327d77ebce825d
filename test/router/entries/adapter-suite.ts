/** What every form of the router does when a Region fails: the same facts for Node, workerd and the fetch client. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Fault } from '../support/fault-origin.ts';
import { type Adapter, type AnsweredBy, type RunningAdapter, THRESHOLDS, until } from '../support/adapter.ts';
import { pace } from '../support/pace.ts';

/** The bar is 400 ms, held by the bench; a test machine that does other work gets more. */
const WINDOW_MS = 1000;

interface Timed extends AnsweredBy {
  readonly tookMs: number;
  readonly startedMs: number;
}

export const adapterSuite = <Running extends RunningAdapter>(adapter: Adapter<Running>): void => {
  let running: Running;
  beforeEach(async () => {
    running = await adapter.start();
  });
  afterEach(async () => {
    await running.close();
  });

  const send = async (method = 'GET', path = '/x', headers: Record<string, string> = {}): Promise<Timed> => {
    const startedMs = performance.now();
    const done = (answered: AnsweredBy): Timed => ({
      ...answered,
      startedMs,
      tookMs: performance.now() - startedMs,
    });
    try {
      const response = await running.get(path, { method, headers, ...(method === 'POST' ? { body: 'vote' } : {}) });
      await response.text();
      return done(running.answeredBy(response));
    } catch {
      // The client has no response to give where no Region answered.
      return done({ status: 0, region: undefined, reason: undefined, isBehind: false });
    }
  };

  const warm = async (): Promise<void> => {
    await pace(40, 3, async () => send());
  };
  const writes = (): number =>
    [...running.a.served(), ...running.b.served()].filter(({ method }) => method === 'POST').length;

  const pause = async (ms: number): Promise<void> => {
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  };
  /** Until what the Regions say has surely been asked again; the client asks only while it is used. */
  const reported = async (): Promise<void> => {
    await pace((3 * THRESHOLDS.statusIntervalMs) / 20, 20, async () => send());
    await pause(THRESHOLDS.statusIntervalMs / 2);
  };

  describe(`${adapter.name}: reads`, () => {
    it.each<Fault>(['hang', 'reset', 'refuse', '503'])('none fails while the first Region does "%s"', async (fault) => {
      await warm();
      const answers = await pace(80, 8, async (at) => {
        if (at === 20) {
          await running.a.set(fault);
        }
        return send();
      });
      expect(answers.filter(({ status }) => status !== 200)).toStrictEqual([]);
      expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(THRESHOLDS.attemptTimeoutMs);
      expect(answers.at(-1)?.region).toBe('b');
      await until('a is out', async () => (await running.states())[0] !== 'closed');
    });

    it('traffic returns by itself when the Region is back', async () => {
      await running.a.set('503');
      await pace(10, 3, async () => send());
      await running.a.set('none');
      await until('a closes', async () => (await running.states())[0] === 'closed');
      expect((await send()).region).toBe('a');
    });

    it('a drain moves new requests without an error and without a trip', async () => {
      await running.a.set('drain');
      expect(await send()).toMatchObject({ status: 200, region: 'b' });
      expect((await running.states())[0]).toBe('closed');
    });

    it('an answer of 500 is passed on', async () => {
      await running.a.set('500');
      expect(await send()).toMatchObject({ status: 500, region: 'a' });
      expect(running.b.served()).toHaveLength(0);
    });

    it('follow the active Region that the Regions declare, not the order of the config', async () => {
      Object.assign(running.a.status, { state: 'passive', epoch: 2 });
      Object.assign(running.b.status, { state: 'active', epoch: 2 });
      await until('b is active', async () => (await send()).region === 'b');
      expect(await send()).toMatchObject({ reason: 'active' });
    });
  });

  describe(`${adapter.name}: a copy that may miss writes`, () => {
    it('is not asked while the other one is well, and says so when it is', async () => {
      running.a.status.peerWrites = 'deferred';
      await reported();
      running.b.seen.length = 0;
      await running.a.set('hang');
      const waiting = send();
      await pause(100);
      // A hedge would have gone there by now.
      expect(running.b.served()).toHaveLength(0);
      expect(await waiting).toMatchObject({ status: 200, region: 'b', isBehind: true });
    });

    it('is not first, even where it is the active one and catches up', async () => {
      running.a.status.replication = 'catching-up';
      await until('a is behind', async () => (await send()).region === 'b');
      expect(await send()).toMatchObject({ region: 'b', reason: 'behind', isBehind: false });
    });
  });

  describe(`${adapter.name}: writes`, () => {
    it.each<Fault>(['hang', 'reset', '503'])('none is sent twice while the first Region does "%s"', async (fault) => {
      await warm();
      const answers = await pace(70, 6, async (at) => {
        if (at === 20) {
          await running.a.set(fault);
        }
        return send('POST');
      });
      expect(writes()).toBeLessThanOrEqual(answers.length);
      await until('writes move', async () => (await send('POST')).region === 'b');
      const failed = answers.filter(({ status }) => status !== 200);
      expect(failed.length).toBeGreaterThan(0);
      expect((failed.at(-1)?.startedMs ?? 0) - (failed[0]?.startedMs ?? 0)).toBeLessThan(WINDOW_MS);
    });

    it('one that may never have left goes elsewhere only where that is known', async () => {
      await running.a.set('refuse');
      // Connections that were open are gone after this one; what comes next is refused.
      await send();
      const first = await send('POST');
      expect(first.region === 'b').toBe(adapter.tellsUnsent);
      expect(writes()).toBe(adapter.tellsUnsent ? 1 : 0);
      await pace(8, 5, async () => send());
      expect(await send('POST')).toMatchObject({ status: 200, region: 'b' });
    });

    it('one with a key that both Regions honour is sent again', async () => {
      await running.close();
      running = await adapter.start({ sharedKeyPaths: ['/v1/votes'] });
      await running.a.set('reset');
      expect(await send('POST', '/v1/votes', { 'idempotency-key': 'k1' })).toMatchObject({ status: 200, region: 'b' });
      expect((await send('POST', '/v1/other', { 'idempotency-key': 'k1' })).status).not.toBe(200);
    });
  });

  describe(`${adapter.name}: streams`, () => {
    it('an answer that breaks off does not end cleanly', async () => {
      await running.a.set('cut');
      const response = await running.get('/x');
      await expect(response.text()).rejects.toThrow(/terminated|aborted|failed/iu);
      expect(running.b.served()).toHaveLength(0);
    });

    it('events pass as they come, and a client that leaves ends them at the origin', async () => {
      const leave = new AbortController();
      const response = await running.get('/events', {
        headers: { accept: 'text/event-stream' },
        signal: leave.signal,
      });
      const first = await response.body?.getReader().read();
      expect(Buffer.from(first?.value ?? []).toString()).toContain('data: 1');
      leave.abort();
      await until('the origin sees the client leave', async () => running.a.aborted() === 1);
    });

    it('a large body goes up once', async () => {
      const response = await running.get('/x', { method: 'POST', body: 'x'.repeat(300_000) });
      expect(await response.text()).toBe('a:POST:300000');
    });
  });

  describe(`${adapter.name}: both Regions dead`, () => {
    it('each request is still tried, and the first Region that is back serves', async () => {
      await Promise.all([running.a.set('refuse'), running.b.set('refuse')]);
      await pace(12, 3, async () => send());
      await running.b.set('none');
      await until('b serves', async () => (await send()).status === 200);
      expect(await send()).toMatchObject({ status: 200, region: 'b' });
    });
  });
};
