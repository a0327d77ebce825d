/**
 * The connection to one Region: an undici pool whose look-ups are ours. Host, SNI and certificate are those of the endpoint's
 * name, whatever address it is reached at, so a typo in an address can't cross Regions.
 */
import { readFileSync } from 'node:fs';
import { isIP, type LookupFunction } from 'node:net';

import { Pool } from 'undici';

import type { RegionConfig, RouterConfig } from '../../config/schema.ts';

export interface Credentials {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const readIf = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, 'utf8');

export const readCredentials = ({ caFile, certFile, keyFile }: RegionConfig): Credentials => {
  const ca = readIf(caFile);
  const cert = readIf(certFile);
  const key = readIf(keyFile);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
};

const CONNECTION_AGE_MS = 300_000;

class NoAddressError extends Error {
  override readonly name = 'NoAddressError';
  readonly code = 'NO_ADDRESS';
}

/** Node's look-up, answered from the last known good addresses. */
export const lookupFrom =
  (addresses: (host: string) => Promise<readonly string[]>): LookupFunction =>
  (host, options, callback) => {
    const answer = async (): Promise<void> => {
      const known = await addresses(host);
      const all = known.map((address) => ({ address, family: isIP(address) }));
      const [first] = all;
      if (first === undefined) {
        callback(new NoAddressError(`There is no address for ${host}.`), '', 0);
      } else if (options.all === true) {
        callback(null, all);
      } else {
        callback(null, first.address, first.family);
      }
    };
    void answer();
  };

export class Origin {
  readonly region: string;
  readonly url: URL;
  /** For the Host header. */
  readonly host: string;
  readonly #config: RegionConfig;
  readonly #limits: RouterConfig['limits'];
  readonly #lookup: LookupFunction;
  #pool: Pool;
  #credentials: Credentials;

  constructor(config: RegionConfig, limits: RouterConfig['limits'], lookup: LookupFunction) {
    this.region = config.id;
    this.url = new URL(config.endpoint);
    this.host = this.url.host;
    this.#config = config;
    this.#limits = limits;
    this.#lookup = lookup;
    this.#credentials = readCredentials(config);
    this.#pool = this.#open();
  }

  get pool(): Pool {
    return this.#pool;
  }

  get ca(): string | undefined {
    return this.#credentials.ca;
  }

  /** Reads certificates again. Requests in flight finish on the old pool; a file that can't be read changes nothing. */
  reload(): void {
    this.#credentials = readCredentials(this.#config);
    const old = this.#pool;
    this.#pool = this.#open();
    void old.close();
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #open(): Pool {
    const { connectionsMax, connectTimeoutMs, keepAliveMs, idleTimeoutMs } = this.#limits;
    return new Pool(this.url.origin, {
      connections: connectionsMax,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      bodyTimeout: idleTimeoutMs,
      // The exchange has its own clock.
      headersTimeout: 0,
      allowH2: false,
      // Connections that never end would hide for hours that DNS died or moved.
      clientTtl: CONNECTION_AGE_MS,
      connect: { timeout: connectTimeoutMs, lookup: this.#lookup, ...this.#credentials },
    });
  }
}
