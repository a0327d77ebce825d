/**
 * The connection to one Region: an undici pool whose look-ups are ours. Host, SNI and certificate are those of the endpoint's
 * name, whatever address it is reached at, so a typo in an address can't cross Regions.
 */
import { readFileSync } from 'node:fs';
import { isIP, type LookupFunction } from 'node:net';

import { Pool } from 'undici';

import type { RegionConfig, RouterConfig } from '../../config/schema.ts';
import { policyOf } from '../../config/validate.ts';
import { POLICY_DEFAULTS } from '../../policy/settings.ts';

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

/** Connections that never end would hide for hours that DNS died or moved. */
const CONNECTION_AGE_MS = 300_000;
const WARM_CONNECTIONS_MAX = 16;

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
  readonly #router: RouterConfig;
  readonly #lookup: LookupFunction;
  readonly #onBroken: () => void;
  readonly #renewal: NodeJS.Timeout;
  #pool: Pool;
  #credentials: Credentials;
  #isClosed = false;

  /** `onBroken`: a connection was reset or could not be made; whatever is asked next may wait for nothing. */
  constructor(
    config: RegionConfig,
    router: RouterConfig,
    lookup: LookupFunction,
    onBroken: () => void = (): void => undefined,
  ) {
    this.region = config.id;
    this.url = new URL(config.endpoint);
    this.host = this.url.host;
    this.#config = config;
    this.#router = router;
    this.#lookup = lookup;
    this.#onBroken = onBroken;
    this.#credentials = readCredentials(config);
    this.#pool = this.#open();
    this.#renewal = setInterval(() => {
      void this.renew();
    }, CONNECTION_AGE_MS).unref();
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

  /**
   * Moves to new connections once they have carried an answer each, so that no request waits for their handshakes. Where none
   * can be made the old ones stay. (undici's own `clientTtl` reads the clock for each busy connection on each request.)
   */
  async renew(): Promise<'renewed' | 'kept'> {
    const old = this.#pool;
    const next = this.#open();
    const count = Math.min(WARM_CONNECTIONS_MAX, Math.max(1, old.stats.connected));
    const warmed = await Promise.allSettled(Array.from({ length: count }, async () => this.#warm(next)));
    if (this.#isClosed || this.#pool !== old || warmed.every(({ status }) => status === 'rejected')) {
      await next.destroy();
      return 'kept';
    }
    this.#pool = next;
    void old.close();
    return 'renewed';
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#renewal);
    await this.#pool.destroy();
  }

  async #warm(pool: Pool): Promise<void> {
    const { probes, limits } = this.#router;
    const { body } = await pool.request({
      method: 'GET',
      path: probes.livePath,
      headers: { host: this.host },
      signal: AbortSignal.timeout(2 * limits.connectTimeoutMs),
    });
    await body.dump();
  }

  #open(): Pool {
    const { connectionsMax, connectTimeoutMs, keepAliveMs, idleTimeoutMs } = this.#router.limits;
    const { deadlineMs } = { ...POLICY_DEFAULTS, ...policyOf(this.#router) };
    const pool = new Pool(this.url.origin, {
      connections: connectionsMax,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      bodyTimeout: idleTimeoutMs,
      // The exchange has its own clock. But with the same bound twice undici keeps one timer per connection instead of making
      // two per request.
      headersTimeout: idleTimeoutMs > deadlineMs ? idleTimeoutMs : 0,
      allowH2: false,
      connect: { timeout: connectTimeoutMs, lookup: this.#lookup, ...this.#credentials },
    });
    return pool
      .on('connectionError', this.#onBroken)
      .on('disconnect', (_origin, _targets, { code }: { readonly code?: string }) => {
        // A peer that closes an idle connection in order says goodbye; one that dies resets it.
        if (code === 'ECONNRESET' || code === 'EPIPE') {
          this.#onBroken();
        }
      });
  }
}
