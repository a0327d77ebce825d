/** Redirects, name resolution, time-outs and second tries on the way to a git server. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector } from '../../../../functions/connectors/connector.ts';
import { createGitConnector } from '../../../../functions/connectors/git/git-connector.ts';
import { SourceError } from '../../../../functions/domain/errors.ts';
import { collect, contextOf } from '../../../contracts/connector.ts';
import { GitWorld } from './git-world.ts';

let world: GitWorld;
const { signal } = new AbortController();

beforeEach(async () => {
  world = await GitWorld.create();
  world.repository.put({ 'a.md': 'alpha' });
});

afterEach(async () => {
  await world.close();
});

const redirectTo = (location: string): void => {
  world.front.fault = ({ url }) =>
    url.startsWith('/repo.git/info') ? { kind: 'status', status: 302, headers: { location } } : null;
};

describe('a proxy', () => {
  it('is asked for the host of an https address, whose name nobody here resolves', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', ({ url }, socket) => {
      asked.push(url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const connector = createGitConnector(
      { id: 'r', url: 'https://git.example.com/shop', gitHosts: ['git.example.com'] },
      {
        directory: world.scratch,
        proxyUrl: `http://127.0.0.1:${port}`,
        bounds: { retryDelayMs: 1 },
        resolve: async () => {
          throw new Error('a name was looked up');
        },
      },
    );
    await expect(connector.status(signal)).rejects.toThrow(SourceError);
    await connector.close();
    proxy.close();
    expect(new Set(asked)).toStrictEqual(new Set(['git.example.com:443']));
  });
});

describe('redirects', () => {
  it.each([
    ['http://169.254.169.254/latest/info/refs', /not allowed/u],
    ['https://169.254.169.254/info/refs', /not allowed/u],
    ['http://127.0.0.1:1/repo.git/info/refs', /not allowed/u],
    ['http://localhost/repo.git/info/refs', /not allowed/u],
    ['file:///etc/info/refs', /not allowed/u],
    ['http://[', /can't be read/u],
    ['/login', /not a git repository/u],
  ])('one to %s is refused, and nothing is asked there', async (location, reason) => {
    redirectTo(location);
    await expect(world.open().status(signal)).rejects.toThrow(reason);
    expect(world.front.requests).toHaveLength(1);
  });

  it('one on the same origin is followed, and later requests go where it led', async () => {
    const oid = world.repository.git('rev-parse', 'HEAD');
    let redirects = 0;
    world.front.fault = ({ url }) => {
      const old = url.startsWith('/old/');
      redirects += old ? 1 : 0;
      const location = '/repo.git/info/refs?service=git-upload-pack';
      return old ? { kind: 'status', status: 301, headers: { location } } : null;
    };
    const connector = createGitConnector(
      { id: 'r', url: `${world.front.origin}/old/name`, gitHosts: [], loopbackOrigin: world.front.origin },
      { directory: world.scratch },
    );
    expect(await connector.status(signal)).toEqual({ snapshot: oid });
    await connector.close();
    expect(redirects).toBe(1);
    expect(world.front.requests.map(({ url }) => url)).toContain('/repo.git/git-upload-pack');
  });

  it('a loop of them ends', async () => {
    redirectTo('/repo.git/info/refs?service=git-upload-pack');
    await expect(world.open().status(signal)).rejects.toThrow(/more than 3 times/u);
    expect(world.front.requests).toHaveLength(4);
  });

  it('one of a later request is refused, since its body was meant for the first address', async () => {
    world.front.fault = ({ method }) =>
      method === 'POST' ? { kind: 'status', status: 307, headers: { location: '/repo.git/git-upload-pack' } } : null;
    await expect(world.open().status(signal)).rejects.toThrow(/HTTP 307/u);
  });
});

const openRemote = (address: string): Connector =>
  createGitConnector(
    { id: 'r', url: 'https://git.example.com/r.git', gitHosts: ['git.example.com'] },
    { directory: world.scratch, resolve: async () => [{ address, family: 4 }], bounds: { retryDelayMs: 1 } },
  );

describe('names', () => {
  it.each(['127.0.0.1', '169.254.169.254', '10.0.0.1'])(
    'an allowed host that resolves to %s is refused',
    async (address) => {
      const connector = openRemote(address);
      await expect(connector.status(signal)).rejects.toThrow(/private, loopback or link-local/u);
      await connector.close();
    },
  );

  it('a name that does not resolve is an error that says so', async () => {
    const connector = createGitConnector(
      { id: 'r', url: 'https://git.example.com/r.git', gitHosts: ['git.example.com'] },
      {
        directory: world.scratch,
        resolve: async () => {
          throw Object.assign(new Error('getaddrinfo ENOTFOUND git.example.com'), { code: 'ENOTFOUND' });
        },
        bounds: { retryDelayMs: 1 },
      },
    );
    await expect(connector.status(signal)).rejects.toThrow(/git\.example\.com failed \(ENOTFOUND\)/u);
    await connector.close();
  });
});

describe('time and second tries', () => {
  it.each(['silent', 'stall'] as const)(
    'a server that goes %s ends within its time, after a second try',
    async (kind) => {
      world.front.fault = ({ body }) => (body.includes('command=fetch') ? { kind, afterBytes: 50 } : null);
      const started = performance.now();
      const connector = world.open({ bounds: { callTimeoutMs: 600 } });
      await expect(collect(connector.pull(contextOf(), null))).rejects.toThrow(/did not answer in time/u);
      expect(performance.now() - started).toBeLessThan(6000);
      expect(world.front.requests.filter(({ body }) => body.includes('command=fetch'))).toHaveLength(2);
    },
  );

  it('the total time ends a server that never falls silent', async () => {
    const bounds = { callTimeoutMs: 10_000, callTotalTimeoutMs: 800, attemptsMax: 1 };
    world.front.fault = ({ method }) => (method === 'POST' ? { kind: 'silent' } : null);
    await expect(world.open({ bounds }).status(signal)).rejects.toThrow(/did not answer in time/u);
  });

  it('an aborted pull ends at once while a body stalls, with the reason of the abort', async () => {
    world.front.fault = ({ body }) => (body.includes('command=fetch') ? { kind: 'stall', afterBytes: 50 } : null);
    const abort = new AbortController();
    const reason = new Error('handing over');
    setTimeout(() => {
      abort.abort(reason);
    }, 100);
    await expect(
      collect(
        world.open().pull(
          contextOf(() => true, abort.signal),
          null,
        ),
      ),
    ).rejects.toBe(reason);
  });

  it('a server in trouble is asked again after the time that it names', async () => {
    let refusals = 0;
    world.front.fault = () => {
      refusals += 1;
      return refusals === 1 ? { kind: 'status', status: 429, headers: { 'retry-after': '0.2' } } : null;
    };
    const started = performance.now();
    await world.open().status(signal);
    expect(performance.now() - started).toBeGreaterThan(190);
  });

  it('a server that wants more patience than there is gets none', async () => {
    world.front.fault = () => ({ kind: 'status', status: 503, headers: { 'retry-after': '3600' } });
    await expect(world.open().status(signal)).rejects.toThrow(/HTTP 503/u);
    expect(world.front.requests).toHaveLength(1);
  });

  it.each([
    [401, /private or does not exist/u],
    [403, /private or does not exist/u],
    [404, /no git repository at/u],
    [418, /HTTP 418/u],
  ])('HTTP %i is final', async (status, reason) => {
    world.front.fault = () => ({ kind: 'status', status });
    const call = world.open().status(signal);
    await expect(call).rejects.toThrow(reason);
    await expect(call).rejects.toThrow(SourceError);
    expect(world.front.requests).toHaveLength(1);
  });

  it('a server that nobody runs is an error that names the host', async () => {
    await world.front.close();
    await expect(world.open().status(signal)).rejects.toThrow(/127\.0\.0\.1:\d+ failed \(ECONNREFUSED\)/u);
  });
});
