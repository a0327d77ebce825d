/**
 * Look-ups for the sockets of AWS clients, by c-ares and bounded. Never getaddrinfo: it runs on libuv's four threads, where
 * four look-ups of a dead Region's names keep the healthy Region's waiting for eight seconds. What was good is kept: a name
 * whose DNS answers nothing, NXDOMAIN, SERVFAIL or not at all goes on with its last addresses.
 *
 * c-ares reads no /etc/hosts, and neither does this: Lambda has none to set, and a name that is to mean another address has
 * the endpoint settings (a VPC endpoint's URL, or an IP address) or its own name servers. IP literals and localhost never
 * ask anybody.
 */
import { getServers, Resolver } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';

import { LIMITS } from '../domain/limits.ts';

export interface LookupOptions {
  /** `ip:port`; empty means those of the operating system. */
  readonly servers?: readonly string[] | undefined;
  readonly timeoutMs?: number;
  /** For how long addresses outlive their DNS. */
  readonly lastGoodMs?: number;
  readonly now: () => number;
}

/** Of c-ares, where there is one server: the bound is kept here, and a busy process is no silent server. */
const PATIENCE = 10;

const openResolver = (servers: readonly string[], timeoutMs: number): Resolver => {
  const count = (servers.length > 0 ? servers : getServers()).length;
  // Several servers share the bound, so that a silent one leaves time for the next.
  const resolver = new Resolver({ timeout: count > 1 ? Math.ceil(timeoutMs / count) : PATIENCE * timeoutMs, tries: 1 });
  if (servers.length > 0) {
    resolver.setServers(servers);
  }
  return resolver;
};

type Family = 4 | 6;

interface Addresses {
  readonly family: Family;
  readonly list: readonly string[];
  readonly ttlMs: number;
}

interface Name {
  known: (Addresses & { readonly confirmedAtMs: number }) | undefined;
  freshUntilMs: number;
  asking: Promise<Addresses> | undefined;
}

/** In the form of Node's own look-up errors, so that one list of codes classifies both. */
const nameError = (code: string, hostname: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`DNS query for ${hostname} failed: ${code}`), { code, syscall: 'query', hostname });

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EAI_FAIL';

/**
 * Rejects at the bound; c-ares' own timer alone would add up over servers. A process that was busy for as long has the answer
 * in its socket and has not read it: it gets one turn of the event loop to do so, before DNS is blamed.
 */
const within = async <T>(timeoutMs: number, hostname: string, work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    setImmediate(() => {
      late.reject(nameError('ETIMEOUT', hostname));
    });
  }, timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

const isLocalName = (hostname: string): boolean => hostname === 'localhost' || hostname.endsWith('.localhost');

const literalOf = (hostname: string): Addresses | undefined => {
  const family = isIP(hostname);
  return family === 4 || family === 6 ? { family, list: [hostname], ttlMs: 0 } : undefined;
};

/** One per client, like its sockets: nothing of one Region is shared with the other, not even a queue of questions. */
export class BoundedLookup {
  readonly #resolver: Resolver;
  readonly #timeoutMs: number;
  readonly #lastGoodMs: number;
  readonly #now: () => number;
  readonly #names = new Map<string, Name>();

  constructor(options: LookupOptions) {
    this.#timeoutMs = options.timeoutMs ?? LIMITS.dnsTimeoutMs;
    this.#lastGoodMs = options.lastGoodMs ?? LIMITS.dnsLastGoodMs;
    this.#now = options.now;
    this.#resolver = openResolver(options.servers ?? [], this.#timeoutMs);
  }

  /** For `new Agent({ lookup })`. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    const family = options.family === 6 || options.family === 'IPv6' ? 6 : 4;
    const isAny = options.family === undefined || options.family === 0;
    const settle = async (): Promise<void> => {
      try {
        const { list, family: found } = await this.#addresses(hostname, family, isAny);
        if (options.all === true) {
          const all = list.map((address) => ({ address, family: found }));
          process.nextTick(callback, null, all);
        } else {
          process.nextTick(callback, null, list[0] ?? '', found);
        }
      } catch (error) {
        const known = error instanceof Error ? error : nameError('EAI_FAIL', hostname);
        process.nextTick(callback, known, options.all === true ? [] : '');
      }
    };
    void settle();
  };

  async #addresses(hostname: string, family: Family, isAny: boolean): Promise<Addresses> {
    const literal = literalOf(hostname);
    if (literal !== undefined) {
      return literal;
    }
    if (isLocalName(hostname)) {
      return { family, list: [family === 4 ? '127.0.0.1' : '::1'], ttlMs: 0 };
    }
    const name = this.#name(`${isAny ? 'any' : family} ${hostname}`);
    const nowMs = this.#now();
    const { known } = name;
    if (known === undefined || nowMs - known.confirmedAtMs > this.#lastGoodMs) {
      return this.#ask(name, hostname, family, isAny);
    }
    if (nowMs >= name.freshUntilMs && name.asking === undefined) {
      // Whoever connects now goes on with what was good; nobody waits for DNS, and nobody is failed by it.
      this.#ask(name, hostname, family, isAny).catch(() => {
        name.freshUntilMs = this.#now() + LIMITS.dnsFreshMinMs;
      });
    }
    return known;
  }

  #name(key: string): Name {
    const found = this.#names.get(key);
    if (found !== undefined) {
      return found;
    }
    const fresh: Name = { known: undefined, freshUntilMs: 0, asking: undefined };
    this.#names.set(key, fresh);
    return fresh;
  }

  /** One question at a time per name. */
  async #ask(name: Name, hostname: string, family: Family, isAny: boolean): Promise<Addresses> {
    name.asking ??= within(this.#timeoutMs, hostname, this.#resolve(hostname, family, isAny))
      .then((answer) => {
        const nowMs = this.#now();
        name.known = { ...answer, confirmedAtMs: nowMs };
        name.freshUntilMs = nowMs + Math.min(LIMITS.dnsFreshMaxMs, Math.max(LIMITS.dnsFreshMinMs, answer.ttlMs));
        return answer;
      })
      .finally(() => {
        name.asking = undefined;
      });
    return name.asking;
  }

  /** IPv4 first: every endpoint of AWS and every function has it, and not every function has a way out by IPv6. */
  async #resolve(hostname: string, family: Family, isAny: boolean): Promise<Addresses> {
    try {
      return await this.#query(hostname, family);
    } catch (error) {
      if (isAny && codeOf(error) === 'ENODATA') {
        return this.#query(hostname, 6);
      }
      throw error;
    }
  }

  async #query(hostname: string, family: Family): Promise<Addresses> {
    const records =
      family === 4
        ? await this.#resolver.resolve4(hostname, { ttl: true })
        : await this.#resolver.resolve6(hostname, { ttl: true });
    if (records.length === 0) {
      throw nameError('ENODATA', hostname);
    }
    return {
      family,
      list: records.map(({ address }) => address),
      ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000,
    };
  }
}
