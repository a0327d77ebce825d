/** What one request of node:http asks of the router: its traits, who overrides it, what its client remembers. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { ambiguousFraming, type Hop } from '../../forward/hygiene.ts';
import { cookieValue } from '../../forward/memory-cookie.ts';
import type { RouterProblem } from '../../forward/problem.ts';
import { createRequestIds } from '../../forward/request-ids.ts';
import { claimFrom, refusalFrom, traitsFrom } from '../../forward/request-terms.ts';
import type { RequestTraits } from '../../policy/phase.ts';
import type { ModeClaim } from '../../policy/mode.ts';
import type { RouterContext } from './router-context.ts';

/** Refusals that need no Region. */
export const refusalOf = (req: IncomingMessage, { config }: RouterContext): RouterProblem | undefined =>
  refusalFrom(
    {
      method: req.method ?? '',
      path: req.url,
      via: req.headers.via,
      contentLength: req.headers['content-length'],
      framing: ambiguousFraming(req.rawHeaders),
    },
    config,
  );

export const isEventStream = ({ headers }: IncomingMessage): boolean =>
  headers.accept?.includes('text/event-stream') === true;

export const traitsOf = (req: IncomingMessage, isReplayable: boolean, { config }: RouterContext): RequestTraits => {
  const { method = 'GET', headers, url = '/' } = req;
  return traitsFrom(
    {
      method,
      path: url,
      hasIdempotencyKey: headers['idempotency-key'] !== undefined,
      isSingular: headers.range !== undefined || headers.upgrade !== undefined || isEventStream(req),
      isReplayable,
    },
    config,
  );
};

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

/** The mode in force for this request. A promise only where a token is seen for the first time. */
export const claimOf = (req: IncomingMessage, context: RouterContext): ModeClaim | Promise<ModeClaim> => {
  const wished = req.headers['x-router-prefer'];
  return claimFrom(tokenOf(req, context.memory.isSecure), typeof wished === 'string' ? wished : undefined, context);
};

const requestIdOf = createRequestIds(() => randomBytes(6).toString('hex'));

export const hopOf = (req: IncomingMessage, { config, trustedProxies, proto }: RouterContext): Hop => {
  const clientAddress = req.socket.remoteAddress ?? 'unknown';
  const isTrusted = trustedProxies.has(clientAddress);
  const said = isTrusted ? req.headers['x-forwarded-for'] : undefined;
  const id = req.headers['x-request-id'];
  return {
    name: config.name,
    clientAddress,
    proto,
    host: req.headers.host ?? '',
    trustedFor: typeof said === 'string' ? said : '',
    requestId: requestIdOf(typeof id === 'string' ? id : undefined),
  };
};
