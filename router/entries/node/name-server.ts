/**
 * DNS by c-ares. Never getaddrinfo: it runs on libuv's thread pool, where two stuck look-ups of one Region keep those of the
 * healthy one waiting for ten seconds and more.
 */
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import tls from 'node:tls';

import type { Resolved } from './last-known-good.ts';

const TRIES = 2;
const LITERAL_TTL_MS = 60_000;

export const openResolver = (servers: readonly string[], timeoutMs: number): ((host: string) => Promise<Resolved>) => {
  const resolver = new Resolver({ timeout: timeoutMs, tries: TRIES });
  if (servers.length > 0) {
    resolver.setServers(servers);
  }
  return async (host) => {
    const literal = host.startsWith('[') ? host.slice(1, -1) : host;
    if (isIP(literal) !== 0) {
      return { addresses: [literal], ttlMs: LITERAL_TTL_MS };
    }
    if (host === 'localhost') {
      return { addresses: ['127.0.0.1', '::1'], ttlMs: LITERAL_TTL_MS };
    }
    const [four, six] = await Promise.allSettled([
      resolver.resolve4(host, { ttl: true }),
      resolver.resolve6(host, { ttl: true }),
    ]);
    const records = [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    return {
      addresses: records.map(({ address }) => address),
      ttlMs: records.length === 0 ? 0 : Math.min(...records.map(({ ttl }) => ttl)) * 1000,
    };
  };
};

/** Shows this address the certificate of this name? Closes at once: only identity is asked. */
export const showsCertificate = async (
  target: { readonly host: string; readonly port: number; readonly address: string },
  ca: string | undefined,
  timeoutMs: number,
): Promise<boolean> => {
  const shown = Promise.withResolvers<boolean>();
  const socket = tls.connect({
    host: target.address,
    port: target.port,
    servername: target.host,
    timeout: timeoutMs,
    ...(ca === undefined ? {} : { ca }),
  });
  const end = (isGenuine: boolean) => (): void => {
    shown.resolve(isGenuine);
    socket.destroy();
  };
  socket.once('secureConnect', end(true)).once('error', end(false)).once('timeout', end(false));
  return shown.promise;
};
