/** The one HTTP client: where it goes and does not go, what it waits for, and what its errors say. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer as createProxy } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { inspect } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { HttpClient, type HttpSetting } from '../../../../functions/connectors/http/http-client.ts';
import { SourceTrouble } from '../../../../functions/connectors/source-trouble.ts';
import { type FakeReply, type FakeRequest, FakeServer } from '../../../../local/fakes/fake-server.ts';
import { makeCertificate } from '../../../../local/services/certificate.ts';

class Scripted extends FakeServer {
  reply: (request: FakeRequest) => FakeReply = () => ({ json: { ok: true } });

  protected override answer(request: FakeRequest): FakeReply {
    return this.reply(request);
  }
}

const { signal } = new AbortController();
const anything = z.unknown();
const closers: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

const scripted = async (): Promise<Scripted> => {
  const server = await new Scripted().start();
  closers.push(async () => server.close());
  return server;
};

const settingFor = (origin: string, more: Partial<HttpSetting> = {}): HttpSetting => ({
  rules: { gitHosts: [], loopbackOrigin: origin },
  now: () => 0,
  random: () => 0,
  remainingMs: () => 60_000,
  bounds: { retryDelayMs: 1 },
  ...more,
});

const clientOf = (
  server: FakeServer,
  more: Partial<HttpSetting> = {},
  authorize: ConstructorParameters<typeof HttpClient>[2] = async () => ({ authorization: 'Bearer s3cret' }),
): HttpClient => {
  const client = new HttpClient(server.origin, settingFor(server.origin, more), authorize);
  closers.push(async () => client.close());
  return client;
};

const troubleOf = async (call: Promise<unknown>): Promise<SourceTrouble> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof SourceTrouble) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('where a call goes', () => {
  it('a next page of another server is not asked for', async () => {
    const server = await scripted();
    const call = { url: 'http://169.254.169.254/latest/meta-data', what: 'the next page', signal };
    expect((await troubleOf(clientOf(server).json(call, anything))).trouble).toBe('unexpected');
    expect(server.seen).toHaveLength(0);
  });

  it.each(['http://127.0.0.1:1/x', 'http://169.254.169.254/x', 'https://example.com/x', 'file:///etc/passwd'])(
    'a redirect to %s is not followed',
    async (location) => {
      const server = await scripted();
      server.reply = () => ({ status: 302, headers: { location } });
      await troubleOf(clientOf(server).bytes({ url: '/file', what: 'a file', signal }));
      expect(server.seen).toHaveLength(1);
    },
  );

  it('a redirect on the same server is followed, but not for ever', async () => {
    const server = await scripted();
    server.reply = ({ path }) => (path === '/a' ? { status: 302, headers: { location: '/b?x=1' } } : { json: 'there' });
    expect((await clientOf(server).json({ url: '/a', what: 'a', signal }, anything)).value).toBe('there');
    server.reply = () => ({ status: 302, headers: { location: '/a' } });
    await expect(clientOf(server).json({ url: '/a', what: 'a', signal }, anything)).rejects.toThrow(/redirects/u);
  });

  it.each([
    ['http://wiki.example', /not https/u],
    ['https://other.example', /not an allowed host/u],
    ['https://10.0.0.7', /not an allowed host/u],
  ])('a client for %s is refused before anything is asked', (url, why) => {
    const setting = { ...settingFor('http://127.0.0.1:1'), rules: { gitHosts: ['wiki.example'] } };
    expect(() => new HttpClient(url, setting, async () => ({}))).toThrow(why);
  });

  it('a name that resolves to this machine is refused where the connection is made', async () => {
    const setting: HttpSetting = {
      ...settingFor('http://127.0.0.1:1'),
      rules: { gitHosts: ['wiki.example'] },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    };
    const client = new HttpClient('https://wiki.example', setting, async () => ({}));
    closers.push(async () => client.close());
    await expect(client.json({ url: '/', what: 'x', signal }, anything)).rejects.toThrow(/private, loopback/u);
  });

  it('a proxy and an authority of the house lead to a server of the house', async () => {
    const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const common = { issuer: 'house', notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
    const ca = makeCertificate({
      ...common,
      subject: 'house',
      publicKey: authority.publicKey,
      signingKey: authority.privateKey,
      usage: { kind: 'authority' },
    });
    const cert = makeCertificate({
      ...common,
      subject: 'wiki.example',
      publicKey: own.publicKey,
      signingKey: authority.privateKey,
      usage: { kind: 'server', names: ['wiki.example'] },
    });
    const key = own.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const server = createHttps({ key, cert }, (request, response) => {
      response.end(JSON.stringify({ host: request.headers.host }));
    });
    const tunnels: string[] = [];
    const proxy = createProxy();
    proxy.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const onward = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    for (const one of [server, proxy]) {
      const listening = Promise.withResolvers<undefined>();
      one.listen(0, '127.0.0.1', () => {
        listening.resolve(undefined);
      });
      await listening.promise;
      closers.push(() => {
        one.close();
        one.closeAllConnections();
      });
    }
    const setting: HttpSetting = {
      ...settingFor('http://127.0.0.1:1'),
      rules: { gitHosts: ['wiki.example'] },
      network: { proxyUrl: `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`, authority: ca },
    };
    const client = new HttpClient('https://wiki.example', setting, async () => ({}));
    expect((await client.json({ url: '/', what: 'x', signal }, anything)).value).toEqual({ host: 'wiki.example' });
    expect(tunnels).toEqual(['wiki.example:443']);
    await client.close();
  });
});

describe('what comes back', () => {
  it.each<readonly [string, FakeReply, SourceTrouble['trouble']]>([
    ['a page of HTML', { bytes: Buffer.from('<html>sign in</html>') }, 'unexpected'],
    ['another form', { json: { items: 'no list' } }, 'unexpected'],
    ['401', { status: 401 }, 'refused'],
    ['403', { status: 403 }, 'refused'],
    [
      '403 with the words of a burst limit',
      { status: 403, json: { message: 'You have exceeded a secondary rate limit' } },
      'throttled',
    ],
    ['404', { status: 404 }, 'missing'],
    ['410', { status: 410 }, 'expired'],
    ['418', { status: 418 }, 'unexpected'],
    ['500', { status: 500 }, 'unavailable'],
  ])('%s is named', async (_title, reply, trouble) => {
    const server = await scripted();
    server.reply = () => reply;
    const schema = z.looseObject({ items: z.array(z.unknown()) });
    const error = await troubleOf(clientOf(server).json({ url: '/x?token=s3cret', what: 'things', signal }, schema));
    expect(error.trouble).toBe(trouble);
    expect(inspect(error, { depth: 10 })).not.toMatch(/s3cret|sign in|exceeded/u);
  });

  it('more than was allowed is not read to its end', async () => {
    const server = await scripted();
    server.reply = () => ({ bytes: new Uint8Array(100_000) });
    const call = { url: '/x', what: 'a file', signal, bytesMax: 1000 };
    expect((await troubleOf(clientOf(server).bytes(call))).trouble).toBe('too-large');
  });

  it('a credential that ended is renewed once, and a credential that is refused is not tried for ever', async () => {
    const server = await scripted();
    const asked: boolean[] = [];
    const client = clientOf(server, {}, async (_signal, renew) => {
      asked.push(renew);
      return { authorization: renew ? 'fresh' : 'stale' };
    });
    server.reply = ({ headers }) => (headers.authorization === 'fresh' ? { json: 'in' } : { status: 401 });
    expect((await client.json({ url: '/', what: 'x', signal }, anything)).value).toBe('in');
    server.reply = () => ({ status: 401 });
    expect((await troubleOf(client.json({ url: '/', what: 'x', signal }, anything))).trouble).toBe('refused');
    expect(asked).toEqual([false, true, false, true]);
  });
});

describe('patience', () => {
  it('a failing service is asked again, later each time, and then no more', async () => {
    const server = await scripted();
    const waits: number[] = [];
    server.reply = () => ({ status: 502 });
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
    };
    const client = clientOf(server, { sleep, random: () => 0.5, bounds: { retryDelayMs: 100, attemptsMax: 4 } });
    expect((await troubleOf(client.json({ url: '/', what: 'x', signal }, anything))).trouble).toBe('unavailable');
    expect(waits).toEqual([100, 200, 400]);
    expect(server.seen).toHaveLength(4);
  });

  it('a wait that would not fit into the invocation is not begun', async () => {
    const server = await scripted();
    server.reply = () => ({ status: 429, headers: { 'retry-after': '5' } });
    const sleep = async (): Promise<void> => {
      throw new Error('slept');
    };
    const error = await troubleOf(
      clientOf(server, { sleep, remainingMs: () => 4000 }).json({ url: '/', what: 'x', signal }, anything),
    );
    expect([error.trouble, error.retryAfterMs]).toEqual(['throttled', 5000]);
  });

  it('an aborted signal ends a call and a wait with its own reason', async () => {
    const server = await scripted();
    const reason = new Error('time is up');
    server.fault = () => ({ kind: 'silent' });
    const silent = new AbortController();
    const call = clientOf(server).json({ url: '/', what: 'x', signal: silent.signal }, anything);
    setTimeout(() => {
      silent.abort(reason);
    }, 20);
    await expect(call).rejects.toBe(reason);
    server.fault = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '9' } });
    const waiting = new AbortController();
    const second = clientOf(server).json({ url: '/', what: 'x', signal: waiting.signal }, anything);
    setTimeout(() => {
      waiting.abort(reason);
    }, 50);
    await expect(second).rejects.toThrow();
  });
});
