/** DNS dies and the router goes on: last known good, seeds, snapshots, and certificates that are always checked. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { RouterConfig } from '../../../router/config/schema.ts';
import { routerConfigSchema } from '../../../router/config/schema.ts';
import {
  LastKnownGood,
  type LastKnownGoodOptions,
  type Resolved,
} from '../../../router/entries/node/last-known-good.ts';
import { type NodeRouter, startNodeRouter } from '../../../router/entries/node/node-router.ts';
import { AddressFile, readAddresses } from '../../../router/entries/node/state-files.ts';
import { makeCertificates } from '../support/certificates.ts';

type DnsState = 'ok' | 'empty' | 'fails' | 'hangs';

const folder = mkdtempSync(path.join(tmpdir(), 'router-addresses-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const never = async <T>(): Promise<T> => Promise.withResolvers<T>().promise;
const nxdomain = async (): Promise<Resolved> => {
  throw new Error('NXDOMAIN');
};

const namesWith = (more: Partial<LastKnownGoodOptions> = {}) => {
  const state: { dns: DnsState; nowMs: number; answer: readonly string[]; asked: number } = {
    dns: 'ok',
    nowMs: 1_000_000,
    answer: ['10.0.0.1'],
    asked: 0,
  };
  const events: string[] = [];
  const names = new LastKnownGood({
    resolve: async (): Promise<Resolved> => {
      state.asked += 1;
      if (state.dns === 'hangs') {
        return never();
      }
      if (state.dns === 'fails') {
        throw new Error('SERVFAIL');
      }
      return { addresses: state.dns === 'empty' ? [] : state.answer, ttlMs: 5000 };
    },
    isGenuine: async () => true,
    now: () => state.nowMs,
    pinned: new Map([['pinned.test', ['10.9.9.9']]]),
    seeds: new Map(),
    snapshot: new Map(),
    onEvent: (event) => {
      events.push(event);
    },
    onChange: () => undefined,
    firstAnswerMs: 50,
    staleMsMax: 7 * 86_400_000,
    ...more,
  });
  return { names, state, events };
};

const settled = async (): Promise<void> => {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
};

describe('addresses', () => {
  it.each<DnsState>(['empty', 'fails', 'hangs'])('stay when DNS is "%s" after their time ran out', async (dns) => {
    const { names, state } = namesWith();
    expect(await names.addresses('a.test')).toStrictEqual(['10.0.0.1']);
    state.dns = dns;
    state.nowMs += 86_400_000;
    const startedMs = performance.now();
    expect(await names.addresses('a.test')).toStrictEqual(['10.0.0.1']);
    expect(performance.now() - startedMs).toBeLessThan(20);
  });

  it('say how old they are, and once that DNS is bad and once that it is back', async () => {
    const { names, state, events } = namesWith();
    await names.addresses('a.test');
    state.dns = 'empty';
    for (let at = 0; at < 5; at += 1) {
      state.nowMs += 60_000;
      await names.addresses('a.test');
      await settled();
    }
    expect(names.view('a.test')).toMatchObject({ mode: 'last-known-good', ageMs: 300_000 });
    state.dns = 'ok';
    state.nowMs += 60_000;
    await names.addresses('a.test');
    await settled();
    expect(names.view('a.test').mode).toBe('live');
    expect(events).toStrictEqual(['dns.stale', 'dns.recovered']);
  });

  it('come from the seed in bounded time when DNS was never there', async () => {
    const { names, state } = namesWith({ seeds: new Map([['a.test', ['10.0.0.7']]]) });
    state.dns = 'hangs';
    expect(await names.addresses('a.test')).toStrictEqual(['10.0.0.7']);
    expect(await names.addresses('unknown.test')).toStrictEqual([]);
    // DNS had its time: the next connection does not wait for it again.
    const startedMs = performance.now();
    expect(await names.addresses('a.test')).toStrictEqual(['10.0.0.7']);
    expect(performance.now() - startedMs).toBeLessThan(40);
  });

  it('of a config are never asked for', async () => {
    const { names, state } = namesWith();
    expect(await names.addresses('pinned.test')).toStrictEqual(['10.9.9.9']);
    expect(state.asked).toBe(0);
  });

  it('that can not show the certificate do not replace those that could', async () => {
    const { names, state, events } = namesWith({ isGenuine: async (_host, address) => address !== '10.6.6.6' });
    await names.addresses('a.test');
    state.answer = ['10.6.6.6'];
    state.nowMs += 60_000;
    await names.addresses('a.test');
    await settled();
    expect(await names.addresses('a.test')).toStrictEqual(['10.0.0.1']);
    state.answer = ['10.0.0.2'];
    state.nowMs += 60_000;
    await names.addresses('a.test');
    await settled();
    expect(await names.addresses('a.test')).toStrictEqual(['10.0.0.2']);
    expect(events).toContain('dns.refused');
    expect(events).toContain('dns.changed');
  });

  it('survive a restart on disk, and a damaged file is as if there were none', async () => {
    const file = new AddressFile(folder);
    file.save(new Map([['a.test', { addresses: ['10.0.0.3'], confirmedMs: 5 }]]), () => undefined);
    await file.settled();
    const snapshot = await readAddresses(folder);
    expect(snapshot.get('a.test')).toStrictEqual({ addresses: ['10.0.0.3'], confirmedMs: 5 });
    expect((await readAddresses(path.join(folder, 'nowhere'))).size).toBe(0);
    const { names, state } = namesWith({ snapshot, now: () => 10 });
    state.dns = 'hangs';
    expect(await names.addresses('a.test')).toStrictEqual(['10.0.0.3']);
  });
});

describe('TLS to a Region whose name does not resolve', () => {
  const servers: https.Server[] = [];
  let router: NodeRouter | undefined;
  const ports: Record<string, number> = {};

  const serve = async (name: string, cert: string): Promise<void> => {
    const options = {
      cert: readFileSync(path.join(folder, `${cert}.pem`)),
      key: readFileSync(path.join(folder, `${cert}.key`)),
    };
    const server = https.createServer(options, (req, res) => {
      res.end(`${name} ${req.headers.host ?? ''} ${'servername' in req.socket ? String(req.socket.servername) : ''}`);
    });
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    ports[name] = (server.address() as AddressInfo).port;
  };

  beforeAll(async () => {
    makeCertificates(folder);
    await Promise.all([serve('one', 'one'), serve('two', 'two'), serve('fake', 'fake')]);
  });
  afterEach(async () => {
    await router?.close();
    router = undefined;
  });
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  const start = async (
    port: number,
    more: Partial<RouterConfig['regions'][number]>,
    resolve?: () => Promise<Resolved>,
  ): Promise<string> => {
    const config = routerConfigSchema.parse({
      listen: { host: '127.0.0.1', port: 0 },
      regions: [
        { id: 'one', endpoint: `https://one.internal.test:${port}`, caFile: path.join(folder, 'ca.pem'), ...more },
      ],
      policy: { deadlineMs: 2000, attemptTimeoutMs: 1000 },
    });
    router = await startNodeRouter({
      config,
      log: () => undefined,
      resolve: resolve ?? nxdomain,
    });
    const response = await fetch(`${router.url}/x`);
    return `${response.status} ${await response.text()}`;
  };

  it('a pinned address keeps name, Host and SNI', async () => {
    const port = ports['one'] ?? 0;
    expect(await start(port, { addresses: ['127.0.0.1'] })).toBe(`200 one one.internal.test:${port} one.internal.test`);
  });

  it('a cold start with dead DNS is answered from the seed within a second', async () => {
    const startedMs = performance.now();
    const answer = await start(ports['one'] ?? 0, { seedAddresses: ['127.0.0.1'] }, async () => never());
    expect(answer).toMatch(/^200 one/u);
    expect(performance.now() - startedMs).toBeLessThan(3000);
    const askedMs = performance.now();
    expect((await fetch(`${router?.url}/x`)).status).toBe(200);
    expect(performance.now() - askedMs).toBeLessThan(1000);
  });

  it("another Region's address is refused: its certificate names the other", async () => {
    expect(await start(ports['two'] ?? 0, { addresses: ['127.0.0.1'] })).toMatch(
      /^502 .*ERR_TLS_CERT_ALTNAME_INVALID/u,
    );
  });

  it('a certificate of another authority is refused', async () => {
    expect(await start(ports['fake'] ?? 0, { addresses: ['127.0.0.1'] })).toMatch(
      /^502 .*UNABLE_TO_VERIFY_LEAF_SIGNATURE|^502 .*CERT/u,
    );
  });

  it('a new authority is used after a reload, and an unreadable one changes nothing', async () => {
    const caFile = path.join(folder, 'rotating.pem');
    copyFileSync(path.join(folder, 'rogue.pem'), caFile);
    expect(await start(ports['one'] ?? 0, { addresses: ['127.0.0.1'], caFile })).toMatch(/^502/u);
    copyFileSync(path.join(folder, 'ca.pem'), caFile);
    await router?.reload();
    expect((await fetch(`${router?.url}/x`)).status).toBe(200);
    rmSync(caFile);
    await router?.reload();
    expect((await fetch(`${router?.url}/x`)).status).toBe(200);
  });

  it('without its authority even the right one is refused', async () => {
    expect(
      await start(ports['one'] ?? 0, { addresses: ['127.0.0.1'], caFile: path.join(folder, 'rogue.pem') }),
    ).toMatch(/^502/u);
  });
});
