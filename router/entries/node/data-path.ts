/** A request comes in: refused, answered by the router's own pages, held by maintenance, or sent on its way. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { readMemory } from '../../forward/memory-cookie.ts';
import { routerProblem } from '../../forward/problem.ts';
import type { ModeClaim } from '../../policy/mode.ts';
import { ProxiedRequest } from './proxied-request.ts';
import { hasBody, readBody, type RequestBody } from './request-body.ts';
import { claimOf, refusalOf, traitsOf } from './request-terms.ts';
import type { RouterContext } from './router-context.ts';
import { sendProblem } from './send-problem.ts';

export type Pages = (req: IncomingMessage, res: ServerResponse) => void;

const NO_BODY: RequestBody = { kind: 'none' };
const OWN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

const isOwn = (url: string): boolean => {
  if (url.startsWith('/__router/')) {
    return true;
  }
  const end = url.indexOf('?');
  return OWN_PATHS.has(end === -1 ? url : url.slice(0, end));
};

const maintenance = ({ config }: RouterContext, claim: ModeClaim): ReturnType<typeof routerProblem> =>
  routerProblem(
    503,
    'maintenance',
    {
      what: 'the service is in maintenance',
      why: claim.why ?? 'Somebody who operates it has paused it.',
      next: `Try again in ${Math.ceil(config.maintenance.retryAfterSeconds / 60)} minutes.`,
    },
    {
      by: claim.by,
      until: claim.expiresMs === undefined ? undefined : new Date(claim.expiresMs).toISOString(),
    },
    {
      'retry-after': config.maintenance.retryAfterSeconds.toString(),
      'x-router-reason': 'maintenance',
    },
  );

const route = (
  context: RouterContext,
  req: IncomingMessage,
  res: ServerResponse,
  body: RequestBody,
  claim: ModeClaim,
): void => {
  if (res.destroyed || body.kind === 'broken') {
    res.destroy();
    return;
  }
  const { policy, config, timers, wallMs } = context;
  const isAllowed =
    claim.mode.kind === 'maintenance' && config.maintenance.allowPaths.some((path) => req.url?.startsWith(path));
  const traits = traitsOf(req, body.kind !== 'stream', context);
  const memory = readMemory(req.headers.cookie, context.memory, wallMs());
  // Cookies tell wall time, the policy knows only its own: what is pinned now is pinned.
  const remembered = memory?.pinnedUntilMs === undefined ? memory : { ...memory, pinnedUntilMs: Infinity };
  const decision = policy.decide(traits, timers.now(), isAllowed ? undefined : claim, remembered);
  if (decision.kind === 'maintenance') {
    sendProblem(req, res, maintenance(context, decision.claim));
    return;
  }
  new ProxiedRequest({ context, req, res, traits, decision, body, memory }).start();
};

/** The listener of the server. Reads without a body take no promise on their way. */
export const dataPath =
  (context: RouterContext, pages: Pages) =>
  (req: IncomingMessage, res: ServerResponse): void => {
    const refusal = refusalOf(req, context);
    if (refusal !== undefined) {
      sendProblem(req, res, refusal);
      return;
    }
    if (isOwn(req.url ?? '/')) {
      pages(req, res);
      return;
    }
    const claim = claimOf(req, context);
    if (!hasBody(req) && !(claim instanceof Promise)) {
      route(context, req, res, NO_BODY, claim);
      return;
    }
    const prepare = async (): Promise<void> => {
      const body = hasBody(req) ? await readBody(req, context.config.limits) : NO_BODY;
      route(context, req, res, body, await claim);
    };
    prepare().catch((error: unknown) => {
      context.log('error', 'request.defect', {
        name: error instanceof Error ? error.name : 'unknown',
      });
      sendProblem(
        req,
        res,
        routerProblem(500, 'defect', {
          what: 'this request met a defect of the router',
          why: 'The log names it.',
          next: 'Ask a Region directly: both endpoints work without the router.',
        }),
      );
    });
  };
