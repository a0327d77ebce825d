/** What one request asks of the router: its traits, who overrides it, what its client remembers. And what it may not ask. */
import type { IncomingMessage } from 'node:http';

import { ambiguousFraming, type Hop, isLoop, isOriginForm } from '../../forward/hygiene.ts';
import { cookieValue } from '../../forward/memory-cookie.ts';
import { routerProblem, type RouterProblem } from '../../forward/problem.ts';
import { isSafe, type RequestTraits } from '../../policy/phase.ts';
import { type ModeClaim, winnerOf } from '../../policy/mode.ts';
import type { RouterContext } from './router-context.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']);

const badRequest = (why: string): RouterProblem =>
  routerProblem(400, 'bad-request', {
    what: 'this request is not passed on',
    why: `The router refuses it: ${why}.`,
    next: 'Send one plain HTTP request for a path of this service.',
  });

/** Refusals that need no Region. */
export const refusalOf = (req: IncomingMessage, { config }: RouterContext): RouterProblem | undefined => {
  const framing = ambiguousFraming(req.rawHeaders);
  if (framing !== undefined) {
    return badRequest(framing);
  }
  if (!isOriginForm(req.url)) {
    return badRequest('its target is not a path of this service');
  }
  if (isLoop(req.headers.via, config.name)) {
    return routerProblem(508, 'loop', {
      what: 'the request came back to this router',
      why: `Its Via header names ${config.name} already: a Region's endpoint leads to the router.`,
      next: 'Set the endpoints in the router config to the load balancers of the Regions.',
    });
  }
  if (!METHODS.has(req.method ?? '')) {
    return routerProblem(405, 'method', {
      what: 'this method is not passed on',
      why: 'The router passes on the methods of the API only.',
      next: `Use one of ${[...METHODS].join(', ')}.`,
    });
  }
  const length = Number(req.headers['content-length'] ?? 0);
  return length > config.limits.bodyBytesMax
    ? routerProblem(413, 'too-large', {
        what: 'the body is too large',
        why: `It has ${length} bytes, and ${config.limits.bodyBytesMax} are allowed.`,
        next: 'Send less at once.',
      })
    : undefined;
};

const hasPrefix = (url: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => url.startsWith(prefix));

export const isEventStream = ({ headers }: IncomingMessage): boolean =>
  headers.accept?.includes('text/event-stream') === true;

export const traitsOf = (req: IncomingMessage, isReplayable: boolean, { config }: RouterContext): RequestTraits => {
  const { method = 'GET', headers, url = '/' } = req;
  return {
    method,
    isReplayable,
    hasSharedKey: headers['idempotency-key'] !== undefined && hasPrefix(url, config.sharedKeyPaths),
    isHedgeable:
      headers.range === undefined &&
      headers.upgrade === undefined &&
      !isEventStream(req) &&
      !hasPrefix(url, config.unhedgedPaths),
  };
};

export const isWrite = (method: string | undefined): boolean => !isSafe(method ?? 'GET');

/** The token of a request: its header first, then its cookie. */
const tokenOf = (req: IncomingMessage, isSecure: boolean): string | undefined => {
  const header = req.headers['x-router-override'];
  if (typeof header === 'string') {
    return header;
  }
  const { cookie } = req.headers;
  return cookie?.includes('router-override') === true
    ? cookieValue(cookie, isSecure ? '__Host-router-override' : 'router-override')
    : undefined;
};

const preferenceOf = (req: IncomingMessage, { config, policy }: RouterContext): ModeClaim | undefined => {
  const wished = config.override.isUnsignedPreferenceAllowed ? req.headers['x-router-prefer'] : undefined;
  return typeof wished === 'string' && policy.regions.includes(wished)
    ? { origin: 'preference', mode: { kind: 'prefer', region: wished } }
    : undefined;
};

/** The mode in force for this request. A promise only where a token is seen for the first time. */
export const claimOf = (req: IncomingMessage, context: RouterContext): ModeClaim | Promise<ModeClaim> => {
  const { override, configClaim, memory, wallMs } = context;
  const settle = (request: ModeClaim | undefined): ModeClaim => {
    const claims = [override.fleet, request, configClaim, preferenceOf(req, context)];
    return winnerOf(
      claims.filter((claim) => claim !== undefined),
      wallMs(),
    );
  };
  const token = tokenOf(req, memory.isSecure);
  if (token === undefined) {
    return override.fleet === undefined && req.headers['x-router-prefer'] === undefined
      ? configClaim
      : settle(undefined);
  }
  const known = override.peek(token);
  return known === 'unknown' ? override.claim(token).then((claim) => settle(claim)) : settle(known);
};

export const hopOf = (req: IncomingMessage, { config, trustedProxies, proto }: RouterContext): Hop => {
  const clientAddress = req.socket.remoteAddress ?? 'unknown';
  const isTrusted = trustedProxies.has(clientAddress);
  const said = isTrusted ? req.headers['x-forwarded-for'] : undefined;
  return {
    name: config.name,
    clientAddress,
    proto,
    host: req.headers.host ?? '',
    trustedFor: typeof said === 'string' ? said : '',
  };
};
