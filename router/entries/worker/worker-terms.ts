/** What one request of a worker asks of the router. Its headers are read once, as the list that the header rules take. */
import type { Hop } from '../../forward/hygiene.ts';
import { cookieValue } from '../../forward/memory-cookie.ts';
import { createRequestIds } from '../../forward/request-ids.ts';
import type { WorkerContext } from './worker-context.ts';

export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  /** Names and values, one after the other. */
  readonly raw: readonly string[];
  readonly named: ReadonlyMap<string, string>;
  readonly headerBytes: number;
}

const SCHEME_CHARS = 'https://'.length;

/** Without a URL object: it costs more than the decision. */
export const pathOf = (url: string): string => url.slice(url.indexOf('/', SCHEME_CHARS));

export const factsOf = (request: Request): RequestFacts => {
  const raw: string[] = [];
  const named = new Map<string, string>();
  let headerBytes = 0;
  // An iterator of the runtime costs twice as much.
  request.headers.forEach((value, name) => {
    raw.push(name, value);
    named.set(name, value);
    headerBytes += name.length + value.length;
  });
  return { method: request.method, path: pathOf(request.url), raw, named, headerBytes };
};

/** The token of a request: its header first, then its cookie. */
export const tokenOf = ({ named }: RequestFacts, isSecure: boolean): string | undefined => {
  const header = named.get('x-router-override');
  if (header !== undefined) {
    return header;
  }
  const cookie = named.get('cookie');
  return cookie?.includes('router-override') === true
    ? cookieValue(cookie, isSecure ? '__Host-router-override' : 'router-override')
    : undefined;
};

const requestIdOf = createRequestIds(() => crypto.randomUUID().slice(0, 12));

export const hopFor = (request: Request, { named }: RequestFacts, context: WorkerContext): Hop => {
  const clientAddress = context.clientAddress(request);
  const isTrusted = context.trustedProxies.has(clientAddress);
  return {
    name: context.config.name,
    clientAddress,
    proto: context.proto,
    host: named.get('host') ?? '',
    trustedFor: isTrusted ? (named.get('x-forwarded-for') ?? '') : '',
    requestId: requestIdOf(named.get('x-request-id')),
  };
};

export const isWebSocket = ({ named }: RequestFacts): boolean => named.get('upgrade')?.toLowerCase() === 'websocket';

export const isEventStream = ({ named }: RequestFacts): boolean =>
  named.get('accept')?.includes('text/event-stream') === true;

export const isSingular = (facts: RequestFacts): boolean =>
  facts.named.has('range') || facts.named.has('upgrade') || isEventStream(facts);
