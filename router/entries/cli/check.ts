/** `router check`: everything that the router will need of each Region, asked once: addresses, certificate, health, status. */
import tls from 'node:tls';

import { Pool } from 'undici';

import type { RegionConfig, RouterConfig } from '../../config/schema.ts';
import { reportOf } from '../../forward/region-status.ts';
import { openResolver } from '../node/name-server.ts';
import { lookupFrom, readCredentials } from '../node/origin.ts';
import { CONFIG_OPTION, readConfig, ROUTER_EXIT, type RouterCommand } from './router-command.ts';

interface Finding {
  readonly what: string;
  readonly isGood: boolean;
  readonly detail: string;
}

const TIMEOUT_MS = 5000;
const EXPIRY_WARNING_DAYS = 14;
const DAY_MS = 86_400_000;

const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error instanceof Error ? error.message : 'unknown';
};

const addressesOf = async (
  config: RouterConfig,
  region: RegionConfig,
): Promise<{ readonly addresses: readonly string[]; readonly finding: Finding }> => {
  if (region.addresses.length > 0) {
    const detail = `pinned to ${region.addresses.join(', ')}`;
    return { addresses: region.addresses, finding: { what: 'addresses', isGood: true, detail } };
  }
  const { addresses } = await openResolver(config.dns.servers, config.dns.timeoutMs)(new URL(region.endpoint).hostname);
  const isGood = addresses.length > 0;
  const detail = isGood ? addresses.join(', ') : `DNS has none; seeds: ${region.seedAddresses.join(', ') || 'none'}`;
  return { addresses: isGood ? addresses : region.seedAddresses, finding: { what: 'addresses', isGood, detail } };
};

/** The certificate that this address shows for the endpoint's name. */
const certificateOf = async (region: RegionConfig, address: string): Promise<Finding> => {
  const url = new URL(region.endpoint);
  const done = Promise.withResolvers<Finding>();
  const end = (isGood: boolean, detail: string): void => {
    done.resolve({ what: `certificate at ${address}`, isGood, detail });
    socket.destroy();
  };
  const socket = tls.connect(
    {
      host: address,
      port: Number(url.port) || 443,
      servername: url.hostname,
      timeout: TIMEOUT_MS,
      ...readCredentials(region),
    },
    () => {
      const days = Math.floor((Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / DAY_MS);
      end(days > EXPIRY_WARNING_DAYS, `verified for ${url.hostname}, ${days} days left`);
    },
  );
  socket.once('error', (error) => {
    end(false, codeOf(error));
  });
  socket.once('timeout', () => {
    end(false, `no answer within ${TIMEOUT_MS} ms`);
  });
  return done.promise;
};

const askedOf = async (pool: Pool, host: string, path: string): Promise<Finding & { readonly body?: unknown }> => {
  const startedMs = performance.now();
  try {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path,
      headers: { host },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await body.text();
    const tookMs = Math.round(performance.now() - startedMs);
    const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
    return { what: path, isGood: statusCode < 400, detail: `HTTP ${statusCode} in ${tookMs} ms`, body: parsed };
  } catch (error) {
    return { what: path, isGood: false, detail: codeOf(error) };
  }
};

const checkRegion = async (config: RouterConfig, region: RegionConfig): Promise<readonly Finding[]> => {
  const { addresses, finding } = await addressesOf(config, region);
  const url = new URL(region.endpoint);
  const certificates =
    url.protocol === 'https:'
      ? await Promise.all(addresses.map(async (address) => certificateOf(region, address)))
      : [{ what: 'certificate', isGood: true, detail: 'none: plain http on loopback' }];
  const pool = new Pool(url.origin, {
    connections: 1,
    connect: {
      timeout: config.limits.connectTimeoutMs,
      lookup: lookupFrom(async () => addresses),
      ...readCredentials(region),
    },
  });
  try {
    const { livePath, readyPath, statusPath } = config.probes;
    const live = await askedOf(pool, url.host, livePath);
    const ready = await askedOf(pool, url.host, readyPath);
    const status = await askedOf(pool, url.host, statusPath);
    const { gate, epoch, replication } = reportOf(status.body, 0);
    const says = { what: 'it says', isGood: gate !== 'unknown', detail: `${gate}, epoch ${epoch}, ${replication}` };
    return [finding, ...certificates, live, ready, status, says].map(({ what, isGood, detail }) => ({
      what,
      isGood,
      detail,
    }));
  } finally {
    await pool.destroy();
  }
};

export const check: RouterCommand = {
  name: 'check',
  arguments: [],
  help: 'ask both Regions for everything that the router needs of them',
  options: [CONFIG_OPTION],
  run: async (input) => {
    const config = await readConfig(input);
    const regions = await Promise.all(
      config.regions.map(async (region) => ({ id: region.id, findings: await checkRegion(config, region) })),
    );
    for (const { id, findings } of regions) {
      input.say(id);
      for (const { what, isGood, detail } of findings) {
        input.say(`  ${isGood ? 'ok  ' : 'BAD '} ${what}: ${detail}`);
      }
    }
    input.give({ regions });
    return regions.every(({ findings }) => findings.every(({ isGood }) => isGood))
      ? ROUTER_EXIT.done
      : ROUTER_EXIT.unreachable;
  },
};
