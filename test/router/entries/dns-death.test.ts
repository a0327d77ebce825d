/** DNS dies on the wire: a name server of our own, a new connection for each request, and a router that goes on. Without root. */
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { routerConfigSchema } from '../../../router/config/schema.ts';
import { Origin } from '../../../router/entries/node/origin.ts';
import {
  type DnsStage,
  fillSnapshot,
  openDnsStage,
  playColdStart,
  playDeath,
  playStuckLookup,
  startNamedRouter,
} from '../../../scripts/bench/router/dns-drill.ts';
import { DNS_FAULTS } from '../../../scripts/bench/router/dns-server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'router-dns-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const PER_SECOND = 40;
const FOR_MS = 700;

describe('a name that stops resolving', () => {
  it.concurrent.each(DNS_FAULTS)('with "%s" fails no request, and the last good address serves on', async (mode) => {
    const stage = await openDnsStage(0);
    try {
      const death = await playDeath(stage, mode, PER_SECOND, FOR_MS);
      expect(death.failed).toBe(0);
      expect(death.mode).toBe('last-known-good');
      expect(stage.dns.asked).toBeGreaterThan(2);
    } finally {
      await stage.close();
    }
  });
});

describe('a start without DNS', () => {
  let stage: DnsStage;
  beforeAll(async () => {
    stage = await openDnsStage(0);
  });
  afterAll(async () => {
    await stage.close();
  });

  it('is served from the seeds', async () => {
    expect(await playColdStart(stage, 'black-hole', { seeds: ['127.0.0.1'] })).toBeLessThan(2000);
  });

  it('is served from what an earlier run has kept', async () => {
    const stateFolder = path.join(folder, 'state');
    await fillSnapshot(stage, stateFolder);
    expect(await playColdStart(stage, 'black-hole', { stateFolder })).toBeLessThan(1000);
  });

  it('and without seed or snapshot is an error that names the cause, and ends when DNS is back', async () => {
    stage.dns.set('region-a.twinmap.test', 'nxdomain');
    stage.dns.set('region-b.twinmap.test', 'nxdomain');
    const router = await startNamedRouter(stage, {});
    const response = await fetch(`${router.url}/x`);
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('NO_ADDRESS');
    stage.dns.set('region-a.twinmap.test', 'ok');
    stage.dns.set('region-b.twinmap.test', 'ok');
    await expect.poll(async () => (await fetch(`${router.url}/x`)).status, { timeout: 10_000 }).toBe(200);
    await router.close();
  });

  it("does not let one Region's stuck look-ups hold the other's connections", async () => {
    // By getaddrinfo it would be ten seconds and more.
    const { addedMs, stuck } = await playStuckLookup(stage);
    expect(stuck).toBeGreaterThan(0);
    expect(addedMs).toBeLessThan(100);
  });
});

describe('connections that are renewed by age', () => {
  const server = http.createServer((_req, res) => {
    res.end('ok');
  });
  const config = routerConfigSchema.parse({ regions: [{ id: 'a', endpoint: 'http://region-a.twinmap.test:1' }] });
  let origin: Origin;
  let addresses: readonly string[];

  beforeEach(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    addresses = ['127.0.0.1'];
    const [region] = routerConfigSchema.parse({
      regions: [{ id: 'a', endpoint: `http://region-a.twinmap.test:${port}` }],
    }).regions;
    if (region === undefined) {
      throw new Error('The config lost its Region.');
    }
    origin = new Origin(region, config, (_host, _options, callback) => {
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    });
  });
  afterEach(async () => {
    await origin.close();
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  const ask = async (): Promise<number> => {
    const { statusCode, body } = await origin.pool.request({ method: 'GET', path: '/x' });
    await body.dump();
    return statusCode;
  };

  it('have carried an answer before the first request uses them', async () => {
    await ask();
    const old = origin.pool;
    expect(await origin.renew()).toBe('renewed');
    expect(origin.pool).not.toBe(old);
    expect(origin.pool.stats.connected).toBe(1);
    expect(await ask()).toBe(200);
  });

  it('stay where no new one can be made', async () => {
    await ask();
    const old = origin.pool;
    // Nothing listens there.
    addresses = ['127.0.0.9'];
    expect(await origin.renew()).toBe('kept');
    expect(origin.pool).toBe(old);
    expect(await ask()).toBe(200);
  });
});
