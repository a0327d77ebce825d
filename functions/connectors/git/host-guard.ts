/**
 * Which addresses a source may name and which machines its requests may reach. A source's URL is configuration, but the
 * redirects and DNS answers behind it belong to somebody else: each one is checked again, where the connection is made.
 */
import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SourceError } from '../../domain/errors.ts';

export interface GitHostRules {
  /** `git.example.com`, `git.example.com:8443` or `*.example.com`. */
  readonly gitHosts: readonly string[];
  /** Hosts of `gitHosts` that are expected on private addresses; loopback and link-local stay refused for them. */
  readonly privateGitHosts?: readonly string[];
  /** For instance `http://127.0.0.1:4711`: how a local run hands over its own repositories. Never set in a Region. */
  readonly loopbackOrigin?: string;
}

export type ResolveAddresses = (hostname: string) => Promise<readonly LookupAddress[]>;

export const resolveBySystem: ResolveAddresses = async (hostname) => systemLookup(hostname, { all: true });

const hostMatches = (url: URL, entry: string): boolean => {
  const wanted = entry.toLowerCase();
  const [name = '', port = ''] = wanted.split(':', 2);
  if ((port === '443' ? '' : port) !== url.port) {
    return false;
  }
  return name.startsWith('*.') ? url.hostname.endsWith(name.slice(1)) : url.hostname === name;
};

export const isListedHost = (url: URL, entries: readonly string[]): boolean =>
  entries.some((entry) => hostMatches(url, entry));

/** `URL` writes an IPv6 address in brackets; everything that parses addresses wants it without. */
const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/u, '$1');

/** Only a literal loopback address counts: a name could be made to resolve to anything. */
export const isLoopbackOrigin = (url: URL, rules: GitHostRules): boolean => {
  const host = bareHost(url);
  return (
    rules.loopbackOrigin !== undefined &&
    url.origin === rules.loopbackOrigin &&
    ipaddr.isValid(host) &&
    ipaddr.process(host).range() === 'loopback'
  );
};

const PRIVATE_RANGES: ReadonlySet<string> = new Set(['private', 'uniqueLocal', 'carrierGradeNat']);

/** Public unicast only; addresses that hide another one inside (mapped, NAT64, 6to4) are judged by the inner one or refused. */
export const isAllowedAddress = (address: string, allowPrivate: boolean): boolean => {
  if (!ipaddr.isValid(address)) {
    return false;
  }
  const range = ipaddr.process(address).range();
  return range === 'unicast' || (allowPrivate && PRIVATE_RANGES.has(range));
};

const refuseAddress = (host: string): SourceError =>
  new SourceError(
    `The host ${host} has a private, loopback or link-local address, which a source may not reach. ` +
      'Use a public address, or list the host under privateGitHosts if it is your own git server.',
  );

/** Throws unless a request may go to this URL; names are checked again when they are resolved. */
export const checkDestination = (url: URL, rules: GitHostRules): void => {
  if (isLoopbackOrigin(url, rules)) {
    return;
  }
  if (url.protocol !== 'https:') {
    throw new SourceError(`The address ${url.origin} is not https. Sources are read over https only.`);
  }
  if (!isListedHost(url, rules.gitHosts)) {
    const listed = rules.gitHosts.length === 0 ? 'none is listed' : `listed: ${rules.gitHosts.join(', ')}`;
    throw new SourceError(`The host ${url.host} is not an allowed host (${listed}). Add it to gitHosts.`);
  }
  const host = bareHost(url);
  if (ipaddr.isValid(host) && !isAllowedAddress(host, isListedHost(url, rules.privateGitHosts ?? []))) {
    throw refuseAddress(url.host);
  }
};

type LookupAnswer =
  | { readonly kind: 'found'; readonly addresses: readonly LookupAddress[]; readonly first: LookupAddress }
  | { readonly kind: 'refused'; readonly error: Error };

const lookUp = async (resolve: ResolveAddresses, hostname: string, allowPrivate: boolean): Promise<LookupAnswer> => {
  try {
    const addresses = await resolve(hostname);
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => !isAllowedAddress(address, allowPrivate))) {
      return { kind: 'refused', error: refuseAddress(hostname) };
    }
    return { kind: 'found', addresses, first };
  } catch (error) {
    return { kind: 'refused', error: error instanceof Error ? error : new Error('lookup failed', { cause: error }) };
  }
};

/**
 * The `lookup` of every connection: the very addresses that were checked are the ones that are used, so a name that
 * answers differently the second time (DNS rebinding) gains nothing. One bad address among good ones refuses them all.
 */
export const createGuardedLookup = (resolve: ResolveAddresses, allowPrivate: boolean): LookupFunction => {
  type Callback = Parameters<LookupFunction>[2];
  const settle = async (hostname: string, all: boolean, callback: Callback): Promise<void> => {
    const answer = await lookUp(resolve, hostname, allowPrivate);
    if (answer.kind === 'refused') {
      callback(answer.error, '', 0);
    } else if (all) {
      callback(null, [...answer.addresses]);
    } else {
      callback(null, answer.first.address, answer.first.family);
    }
  };
  return (hostname, options, callback) => {
    void settle(hostname, options.all === true, callback);
  };
};
