/**
 * Connections to the hosts of one source: every resolved address is checked where the connection is made, with the install's
 * own certificate authority where it has one. Behind a proxy it is the proxy that resolves; only the name is checked then.
 */
import type { LookupFunction } from 'node:net';

import { Agent, type Dispatcher, ProxyAgent } from 'undici';

import { createGuardedLookup, type GitHostRules, isListedHost, type ResolveAddresses } from '../git/host-guard.ts';
import type { HttpBounds } from './http-bounds.ts';

export interface NetworkPath {
  /** `http://proxy.example:3128`: tunnels every https request. */
  readonly proxyUrl?: string;
  /** PEM text of the authority that signed the sources' (or the inspecting proxy's) certificates. */
  readonly authority?: string;
}

const CONNECTIONS_MAX = 8;

export class Dispatchers {
  readonly #rules: GitHostRules;
  readonly #bounds: HttpBounds;
  readonly #resolve: ResolveAddresses;
  readonly #path: NetworkPath;
  readonly #open = new Map<string, Dispatcher>();

  constructor(rules: GitHostRules, bounds: HttpBounds, resolve: ResolveAddresses, path: NetworkPath) {
    this.#rules = rules;
    this.#bounds = bounds;
    this.#resolve = resolve;
    this.#path = path;
  }

  /** One per host: whether private addresses are expected is a property of the host that is called. */
  of(url: URL): Dispatcher {
    const known = this.#open.get(url.origin);
    if (known !== undefined) {
      return known;
    }
    const dispatcher = this.#create(url);
    this.#open.set(url.origin, dispatcher);
    return dispatcher;
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(all.map(async (dispatcher) => dispatcher.destroy()));
  }

  #create(url: URL): Dispatcher {
    const { callTimeoutMs } = this.#bounds;
    const { authority, proxyUrl } = this.#path;
    const tls = authority === undefined ? {} : { ca: authority };
    const common = { connections: CONNECTIONS_MAX, headersTimeout: callTimeoutMs, bodyTimeout: callTimeoutMs };
    if (proxyUrl !== undefined && url.protocol === 'https:') {
      return new ProxyAgent({ ...common, uri: proxyUrl, requestTls: tls, proxyTls: tls });
    }
    const lookup: LookupFunction = createGuardedLookup(
      this.#resolve,
      isListedHost(url, this.#rules.privateGitHosts ?? []),
    );
    return new Agent({ ...common, connect: { ...tls, lookup, timeout: callTimeoutMs } });
  }
}
