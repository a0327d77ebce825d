/** What a client may not say, what a Region may not say, and what the router answers itself. */
import net from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { mintToken, type NewKeyPair, newKeyPair, type OverridePayload } from '../../../router/override/token.ts';
import { type RunningRouter, startRouter } from '../support/running-router.ts';

let running: RunningRouter;
let keys: NewKeyPair;
beforeAll(async () => {
  keys = await newKeyPair();
  running = await startRouter({
    name: 'rt',
    override: { keys: [{ kid: 'k1', publicKey: keys.publicKey }] },
    limits: { bodyBytesMax: 100_000, headerBytesMax: 4096 },
  });
});
afterAll(async () => {
  await running.close();
});

/** Bytes as they are, and the status line of what comes back. */
const raw = async (text: string): Promise<string> => {
  const { port } = new URL(running.router.url);
  const done = Promise.withResolvers<string>();
  const socket = net.connect(Number(port), '127.0.0.1', () => {
    socket.write(text);
  });
  let got = '';
  socket.setTimeout(1000, () => socket.destroy());
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    if (got.includes('\r\n')) {
      socket.destroy();
    }
  });
  socket.on('close', () => {
    done.resolve(got.split('\r\n')[0] ?? '');
  });
  socket.on('error', () => {
    socket.destroy();
  });
  return done.promise;
};

const forwarded = async (headers: Record<string, string>): Promise<ReadonlyMap<string, string>> => {
  const response = await running.get('/headers', { headers });
  const list = (await response.json()) as string[];
  return new Map(list.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), list[at + 1] ?? '']] : [])));
};

describe('requests that could be read in two ways', () => {
  it.each([
    ['both lengths', 'POST /x HTTP/1.1\r\nHost: r\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'POST /x HTTP/1.1\r\nHost: r\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a hidden encoding', 'POST /x HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'POST /x HTTP/1.1\r\nHost: r\r\nContent-Length : 3\r\n\r\nabc'],
    ['a bare line feed in a header', 'GET /x HTTP/1.1\r\nHost: r\r\nX-A: b\nX-C: d\r\n\r\n'],
    ['no host', 'GET /x HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET /x HTTP/1.1\r\nHost: r\r\nHost: s\r\n\r\n'],
    ['another origin as target', 'GET http://169.254.169.254/latest HTTP/1.1\r\nHost: r\r\n\r\n'],
    ['a network path', 'GET //evil.example/x HTTP/1.1\r\nHost: r\r\n\r\n'],
    ['a backslash', 'GET /\\evil.example HTTP/1.1\r\nHost: r\r\n\r\n'],
  ])('with %s are refused', async (_what, text) => {
    const before = running.a.served().length;
    expect(await raw(text)).toMatch(/^HTTP\/1\.1 400 |^$/u);
    expect(running.a.served()).toHaveLength(before);
  });

  it('a tunnel is refused, and a method that reflects', async () => {
    expect(await raw('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n')).not.toContain(' 200 ');
    expect(await raw('TRACE /x HTTP/1.1\r\nHost: r\r\n\r\n')).toContain(' 405 ');
  });

  it('headers and bodies have limits', async () => {
    expect((await running.get('/x', { headers: { 'x-long': 'x'.repeat(6000) } })).status).toBe(431);
    expect((await running.get('/x', { method: 'POST', body: 'x'.repeat(100_001) })).status).toBe(413);
  });
});

describe('headers on their way', () => {
  it('a client can pose as nobody', async () => {
    const seen = await forwarded({
      'x-router-attempt': '9',
      'x-router-secret': 'posing',
      'x-forwarded-for': '10.9.9.9',
      'x-real-ip': '10.9.9.9',
      forwarded: 'for=10.9.9.9',
      cookie: 'keep=1; router-region=b; router-override=t',
    });
    expect(seen.get('x-router-attempt')).toBe('1');
    expect(seen.has('x-router-secret')).toBe(false);
    expect(seen.get('x-forwarded-for')).toBe('127.0.0.1');
    expect(seen.has('x-real-ip')).toBe(false);
    expect(seen.get('forwarded')).toMatch(/^for=127\.0\.0\.1;proto=http;host=/u);
    expect(seen.get('cookie')).toBe('keep=1');
    expect(seen.get('via')).toBe('1.1 rt');
    expect(seen.get('host')).toBe(new URL(running.a.endpoint).host);
    expect(seen.get('x-forwarded-host')).toBe(new URL(running.router.url).host);
  });

  it('what belongs to one connection stays there', async () => {
    const line =
      'GET /headers HTTP/1.1\r\nHost: r\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 9\r\n\r\n';
    await raw(line);
    const { headers } = running.a.served().at(-1) ?? { headers: {} };
    expect(headers).not.toHaveProperty('x-hop');
    expect(headers).not.toHaveProperty('te');
    expect(headers).not.toHaveProperty('keep-alive');
  });

  it('traces pass through', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect((await forwarded({ traceparent })).get('traceparent')).toBe(traceparent);
  });

  it('an answer says who gave it and why; a Region can not pose as the router', async () => {
    const response = await running.get('/headers');
    expect(response.headers.get('x-router-region')).toBe('a');
    expect(response.headers.get('x-router-attempts')).toBe('1');
    expect(response.headers.get('x-router-reason')).toBe('active');
    expect(response.headers.get('x-router-epoch')).toBe('1');
    expect(response.headers.get('server-timing')).toMatch(/^router;dur=[\d.]+, origin;dur=[\d.]+;desc="a"$/u);
    expect(response.headers.getSetCookie()).toStrictEqual(['one=1', 'two=2']);
  });

  it('a request that comes round is stopped', async () => {
    const response = await running.get('/x', { headers: { via: '1.1 other, 1.1 rt' } });
    expect(response.status).toBe(508);
  });
});

describe("the router's own pages", () => {
  it('the status is a page for people and JSON for machines', async () => {
    const page = await running.get('/__router/status', { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<title>rt: ready</title>');
    const json: unknown = await (await running.get('/__router/status')).json();
    expect(json).toMatchObject({
      isReady: true,
      declaredActive: 'a',
      next: { region: 'a', reason: 'active' },
      regions: [
        { id: 'a', state: 'closed', gate: 'active', epoch: 1 },
        { id: 'b', gate: 'passive' },
      ],
    });
  });

  it('health, readiness and metrics answer', async () => {
    await running.get('/x');
    expect((await running.get('/healthz')).status).toBe(200);
    expect((await running.get('/readyz')).status).toBe(200);
    const metrics = await (await running.get('/metrics')).text();
    expect(metrics).toMatch(/^router_requests_total\{region="a",class="2xx"\} \d+$/mu);
    expect(metrics).toMatch(/^router_breaker_state\{region="a"\} 0$/mu);
    expect(metrics).toMatch(/^router_origin_latency_seconds_count\{region="a"\} \d+$/mu);
  });

  it('other pages of its own are not asked of a Region', async () => {
    const before = running.a.served().length;
    expect((await running.get('/__router/nothing')).status).toBe(404);
    expect(running.a.served()).toHaveLength(before);
  });
});

describe('the override on the wire', () => {
  const mint = async (more: Partial<OverridePayload>): Promise<string> =>
    mintToken(
      {
        mode: { kind: 'prefer', region: 'b' },
        scope: 'fleet',
        aud: 'rt',
        kid: 'k1',
        iatMs: Date.now(),
        expMs: Date.now() + 60_000,
        seq: 1,
        by: 'on-call',
        why: 'drill',
        ...more,
      },
      keys.privateKey,
    );
  const regionOf = async (headers: Record<string, string> = {}): Promise<string> => {
    const response = await running.get('/x', { headers });
    return `${response.headers.get('x-router-region') ?? response.status} ${response.headers.get('x-router-reason')}`;
  };
  const put = async (body: string): Promise<number> =>
    (await running.get('/__router/override', { method: 'PUT', body })).status;

  it('a header pins one request, whatever the case of its token', async () => {
    const token = await mint({ scope: 'request', mode: { kind: 'pin', region: 'b' } });
    expect(await regionOf({ 'x-router-override': token })).toBe('b pinned');
    expect(await regionOf({ 'x-router-override': `${token}x` })).toBe('a active');
    expect(await regionOf()).toBe('a active');
  });

  it('a link makes a cookie for who follows it, and for nobody else', async () => {
    const token = await mint({ scope: 'request', mode: { kind: 'prefer', region: 'b' } });
    const followed = await running.get(`/__router/override?token=${token}`);
    expect(followed.status).toBe(303);
    const cookie = followed.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(await regionOf({ cookie })).toBe('b preferred');
    expect(await regionOf()).toBe('a active');
    expect((await running.get(`/__router/override?token=${await mint({})}`)).status).toBe(403);
  });

  it('an unsigned wish is nothing unless it is allowed', async () => {
    expect(await regionOf({ 'x-router-prefer': 'b' })).toBe('a active');
  });

  it('a PUT moves the fleet, is shown with who and why, and is undone by the next', async () => {
    expect(await put(await mint({ seq: 1 }))).toBe(200);
    expect(await regionOf()).toBe('b preferred');
    expect(running.router.view().inForce).toMatchObject({
      mode: 'prefer:b',
      origin: 'operator',
      by: 'on-call',
      why: 'drill',
    });
    expect(await put('nonsense')).toBe(403);
    expect(await put(await mint({ seq: 2, mode: { kind: 'maintenance' } }))).toBe(200);
    const held = await running.get('/x');
    expect(held.status).toBe(503);
    expect(held.headers.get('retry-after')).toBe('300');
    expect(await put(await mint({ seq: 1 }))).toBe(409);
    expect(await put(await mint({ seq: 3, mode: { kind: 'auto' } }))).toBe(200);
    expect(await regionOf()).toBe('a active');
    expect(running.logs.filter(({ event }) => event === 'override.applied')).toHaveLength(3);
  });
});
