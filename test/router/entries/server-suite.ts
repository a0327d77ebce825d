/** What a router that is a server does besides: hygiene, overrides, memory, its own pages. For Node and workerd alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { mintToken, type NewKeyPair, newKeyPair, type OverridePayload } from '../../../router/override/token.ts';
import { type RunningServer, type ServerAdapter, until } from '../support/adapter.ts';
import { rawRequest } from '../support/raw-request.ts';

const POST = 'POST /x HTTP/1.1\r\nHost: r\r\n';

const SMUGGLED: readonly (readonly [string, string])[] = [
  [
    'both lengths',
    `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nX: `,
  ],
  ['two lengths', `${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ['a hidden encoding', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['a space before the colon', `${POST}Content-Length : 3\r\n\r\nabc`],
  ['a negative length', `${POST}Content-Length: -1\r\n\r\nabc`],
  ['a bad chunk', `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\nGET /smuggled HTTP/1.1\r\n\r\n`],
  ['two hosts', 'GET /x HTTP/1.1\r\nHost: r\r\nHost: s\r\n\r\n'],
  ['no host', 'GET /x HTTP/1.1\r\n\r\n'],
  ['a network path', 'GET //evil.example/x HTTP/1.1\r\nHost: r\r\n\r\n'],
  ['a backslash', 'GET /\\evil.example HTTP/1.1\r\nHost: r\r\n\r\n'],
  ['another origin as target', 'GET http://169.254.169.254/latest HTTP/1.1\r\nHost: r\r\n\r\n'],
  ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'],
  ['a reflecting method', 'TRACE /x HTTP/1.1\r\nHost: r\r\n\r\n'],
];

interface Suite {
  readonly running: () => RunningServer;
}

const hygiene = ({ running }: Suite): void => {
  const forwarded = async (headers: Record<string, string>): Promise<ReadonlyMap<string, string>> => {
    const list = (await (await running().get('/headers', { headers })).json()) as string[];
    return new Map(list.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), list[at + 1] ?? '']] : [])));
  };

  it.each(SMUGGLED)('a request with %s is refused, or reaches a Region as one plain request', async (_what, text) => {
    const before = running().a.served().length;
    const answer = await rawRequest(running().url, text);
    const reached = running().a.served().slice(before);
    expect(reached.length).toBeLessThanOrEqual(1);
    for (const { url, headers } of reached) {
      // The runtime read it in one way, and the Region got what was read, in a frame of the router's own.
      expect(url).toMatch(/^\/(?:x|latest)$/u);
      expect(headers['content-length'] === undefined || headers['transfer-encoding'] === undefined).toBe(true);
      expect(headers.host).toBe(new URL(running().a.endpoint).host);
    }
    expect(reached.length === 1 || /^HTTP\/1\.1 [45]|^$/u.test(answer)).toBe(true);
  });

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
    expect(seen.has('forwarded')).toBe(false);
    expect(seen.get('cookie')).toBe('keep=1');
    expect(seen.get('via')).toBe('1.1 rt');
    expect(seen.get('host')).toBe(new URL(running().a.endpoint).host);
    expect(seen.get('x-forwarded-host')).toBe(new URL(running().url).host);
  });

  it('what belongs to one connection stays there', async () => {
    const line =
      'GET /headers HTTP/1.1\r\nHost: r\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 9\r\nProxy-Authorization: x\r\n\r\n';
    expect(await rawRequest(running().url, line)).toContain(' 200 ');
    const { headers } = running().a.served().at(-1) ?? { headers: {} };
    for (const name of ['x-hop', 'te', 'keep-alive', 'proxy-authorization']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('traces pass through, and a request that comes round is stopped', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect((await forwarded({ traceparent })).get('traceparent')).toBe(traceparent);
    expect((await running().get('/x', { headers: { via: '1.1 other, 1.1 rt' } })).status).toBe(508);
  });

  it('an answer says who gave it and why; a Region can not pose as the router', async () => {
    const { headers } = await running().get('/headers');
    expect(headers.get('x-router-region')).toBe('a');
    expect(headers.get('x-router-attempts')).toBe('1');
    expect(headers.get('x-router-reason')).toBe('active');
    expect(headers.get('x-router-epoch')).toBe('1');
    expect(headers.get('server-timing')).toMatch(/^router;dur=[\d.]+, origin;dur=[\d.]+;desc="a"$/u);
    expect(headers.getSetCookie()).toStrictEqual(['one=1', 'two=2']);
  });

  it('headers and bodies have limits, with a length and without', async () => {
    const { get, url } = running();
    expect((await get('/x', { headers: { 'x-long': 'x'.repeat(6000) } })).status).toBe(431);
    expect((await get('/x', { method: 'POST', body: 'x'.repeat(100_001) })).status).toBe(413);
    const chunked = `${POST}Transfer-Encoding: chunked\r\n\r\n${(200_000).toString(16)}\r\n${'x'.repeat(200_000)}\r\n0\r\n\r\n`;
    expect(await rawRequest(url, chunked)).toContain(' 413 ');
  });

  it('a WebSocket passes both ways', async () => {
    const socket = new WebSocket(`${running().url.replace('http', 'ws')}/socket`);
    const heard = Promise.withResolvers<string>();
    const closed = Promise.withResolvers<undefined>();
    socket.addEventListener('open', () => {
      socket.send('hello');
    });
    socket.addEventListener('message', ({ data }) => {
      heard.resolve(String(data));
      socket.close();
    });
    socket.addEventListener('error', () => {
      heard.reject(new Error('The WebSocket failed.'));
    });
    socket.addEventListener('close', () => {
      closed.resolve(undefined);
    });
    expect(await heard.promise).toBe('a:hello');
    await closed.promise;
  });
};

interface Keys {
  readonly now: NewKeyPair;
  readonly next: NewKeyPair;
}

const overrides = ({ running }: Suite, keys: () => Keys): void => {
  let seq = 0;
  const mint = async (more: Partial<OverridePayload>, key = keys().now.privateKey): Promise<string> => {
    seq += 1;
    const times = { iatMs: Date.now(), expMs: Date.now() + 60_000 };
    return mintToken(
      {
        mode: { kind: 'prefer', region: 'b' },
        scope: 'fleet',
        aud: 'rt',
        kid: 'k1',
        ...times,
        seq,
        by: 'on-call',
        why: 'drill',
        ...more,
      },
      key,
    );
  };
  const regionOf = async (headers: Record<string, string> = {}): Promise<string> => {
    const response = await running().get('/x', { headers });
    return `${response.headers.get('x-router-region') ?? response.status} ${response.headers.get('x-router-reason')}`;
  };
  const put = async (body: string): Promise<number> =>
    (await running().get('/__router/override', { method: 'PUT', body })).status;
  const request = { scope: 'request' } as const;

  it('a header pins one request, whatever else it carries', async () => {
    const token = await mint({ ...request, mode: { kind: 'pin', region: 'b' } });
    expect(await regionOf({ 'x-router-override': token })).toBe('b pinned');
    expect(await regionOf({ 'x-router-override': `${token}x` })).toBe('a active');
    expect(await regionOf()).toBe('a active');
  });

  it('a link makes a cookie for who follows it, and for nobody else', async () => {
    const token = await mint({ ...request, mode: { kind: 'prefer', region: 'b' } });
    const followed = await running().get(`/__router/override?token=${token}`);
    expect(followed.status).toBe(303);
    const cookie = followed.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(await regionOf({ cookie })).toBe('b preferred');
    expect(await regionOf()).toBe('a active');
    expect((await running().get(`/__router/override?token=${await mint({})}`)).status).toBe(403);
  });

  it('both keys of a rotation are believed, and a retired one is not', async () => {
    const pin = { ...request, mode: { kind: 'pin', region: 'b' } } as const;
    const next = await mint({ ...pin, kid: 'k2' }, keys().next.privateKey);
    expect(await regionOf({ 'x-router-override': next })).toBe('b pinned');
    const retired = await mint({ ...pin, kid: 'k0' });
    expect(await regionOf({ 'x-router-override': retired })).toBe('a active');
    const posing = await mint({ ...pin, kid: 'k2' }, keys().now.privateKey);
    expect(await regionOf({ 'x-router-override': posing })).toBe('a active');
  });

  it('maintenance beats a pin, that beats the fleet, that beats a wish', async () => {
    const pin = await mint({ ...request, mode: { kind: 'pin', region: 'a' } });
    const wish = await mint({ ...request, mode: { kind: 'prefer', region: 'a' } });
    expect(await regionOf({ 'x-router-prefer': 'b' })).toBe('b preferred');
    expect(await put(await mint({ mode: { kind: 'prefer', region: 'b' } }))).toBe(200);
    expect(await regionOf()).toBe('b preferred');
    expect(await regionOf({ 'x-router-prefer': 'a' })).toBe('b preferred');
    expect(await regionOf({ 'x-router-override': wish })).toBe('b preferred');
    expect(await regionOf({ 'x-router-override': pin })).toBe('a pinned');
    expect(await put('nonsense')).toBe(403);
    const paused = await mint({ mode: { kind: 'maintenance' } });
    expect(await put(paused)).toBe(200);
    const held = await running().get('/x', { headers: { 'x-router-override': pin } });
    expect(held.status).toBe(503);
    expect(held.headers.get('retry-after')).toBe('300');
    expect((await running().get('/open/page')).status).toBe(200);
    expect(await put(await mint({ seq: 1 }))).toBe(409);
    expect(await put(await mint({ mode: { kind: 'auto' } }))).toBe(200);
    expect(await regionOf()).toBe('a active');
  });

  it('the status shows which one is in force, by whom and why', async () => {
    await put(await mint({ mode: { kind: 'prefer', region: 'b' }, why: 'us-east-2 is failing' }));
    const view: unknown = await (await running().get('/__router/status')).json();
    expect(view).toMatchObject({ inForce: { mode: 'prefer:b', origin: 'operator', by: 'on-call' } });
    const page = await running().get('/__router/status', { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('us-east-2 is failing');
    await put(await mint({ mode: { kind: 'auto' } }));
  });
};

const memory = ({ running }: Suite): void => {
  it('a client stays with its Region, and reads where it wrote', async () => {
    const first = await running().get('/x');
    expect(first.headers.get('set-cookie')).toMatch(/^router-region=a;/u);
    const stays = await running().get('/x', { headers: { cookie: 'router-region=b' } });
    expect(stays.headers.get('x-router-reason')).toBe('sticky');
    expect(stays.headers.get('x-router-region')).toBe('b');
    const wrote = await running().get('/x', { method: 'POST', body: 'vote', headers: { cookie: 'router-region=b' } });
    const cookie = wrote.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(cookie).toMatch(/^router-region=b\|/u);
    const read = await running().get('/x', { headers: { cookie } });
    expect(read.headers.get('x-router-reason')).toBe('read-your-writes');
  });
};

const ownPages = ({ running }: Suite): void => {
  it('health, readiness and metrics answer; other pages are not asked of a Region', async () => {
    await running().get('/x');
    expect((await running().get('/healthz')).status).toBe(200);
    expect((await running().get('/readyz')).status).toBe(200);
    const metrics = await (await running().get('/metrics')).text();
    expect(metrics).toMatch(/^router_requests_total\{region="a",class="2xx"\} \d+$/mu);
    expect(metrics).toMatch(/^router_breaker_state\{region="a"\} 0$/mu);
    expect(metrics).toMatch(/^router_inflight\{region="a"\} 0$/mu);
    const before = running().a.served().length;
    expect((await running().get('/__router/nothing')).status).toBe(404);
    expect(running().a.served()).toHaveLength(before);
  });

  it('no Region: the answer names what each did last, and the runbook', async () => {
    await Promise.all([running().a.set('refuse'), running().b.set('refuse')]);
    await until('the router is not ready', async () => {
      await running().get('/x');
      return (await running().get('/readyz')).status === 503;
    });
    const response = await running().get('/x');
    await Promise.all([running().a.set('none'), running().b.set('none')]);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ runbook: 'https://wiki.example/failover' });
    expect(body['next']).toContain('https://wiki.example/failover');
    expect(Object.values(body['lastErrors'] as object).every((last) => typeof last === 'string' && last !== '')).toBe(
      true,
    );
    expect((body['regions'] as unknown[]).length).toBe(2);
  });
};

const idleAnswers = ({ running }: Suite): void => {
  it('an answer whose next part does not come is cut; events may take their time', async () => {
    const cut = await running().get('/stalls');
    await expect(cut.text()).rejects.toThrow(/terminated|aborted|failed/iu);
    const leave = new AbortController();
    const events = await running().get('/stalls', {
      headers: { accept: 'text/event-stream' },
      signal: leave.signal,
    });
    const reader = events.body?.getReader();
    await reader?.read();
    const pause = new Promise((resolve) => {
      setTimeout(resolve, 3 * IDLE_TIMEOUT_MS, 'still open');
    });
    const next = reader?.read().then(
      () => 'came',
      () => 'ended',
    );
    expect(await Promise.race([next, pause])).toBe('still open');
    leave.abort();
  });
};

const IDLE_TIMEOUT_MS = 250;

export const serverSuite = (adapter: ServerAdapter): void => {
  let running: RunningServer;
  let keys: Keys;
  beforeAll(async () => {
    const [now, next] = await Promise.all([newKeyPair(), newKeyPair()]);
    keys = { now, next };
    running = await adapter.start({
      name: 'rt',
      runbook: 'https://wiki.example/failover',
      maintenance: { allowPaths: ['/open/'] },
      override: {
        isUnsignedPreferenceAllowed: true,
        keys: [
          { kid: 'k1', publicKey: now.publicKey },
          { kid: 'k2', publicKey: next.publicKey },
        ],
      },
      limits: { bodyBytesMax: 100_000, headerBytesMax: 4096 },
    });
  });
  afterAll(async () => {
    await running.close();
  });
  const suite: Suite = { running: () => running };
  describe(`${adapter.name}: hygiene`, () => {
    hygiene(suite);
  });
  describe(`${adapter.name}: override`, () => {
    overrides(suite, () => keys);
  });
  describe(`${adapter.name}: its own pages`, () => {
    ownPages(suite);
  });
  describe(`${adapter.name}: answers that stop coming`, () => {
    let impatient: RunningServer;
    beforeAll(async () => {
      impatient = await adapter.start({ limits: { idleTimeoutMs: IDLE_TIMEOUT_MS } });
    });
    afterAll(async () => {
      await impatient.close();
    });
    idleAnswers({ running: () => impatient });
  });
  describe(`${adapter.name}: memory`, () => {
    let sticky: RunningServer;
    beforeAll(async () => {
      sticky = await adapter.start({ memory: { isSticky: true, readYourWritesSeconds: 30 } });
    });
    afterAll(async () => {
      await sticky.close();
    });
    memory({ running: () => sticky });
  });
};
