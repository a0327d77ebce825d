/** A request comes in: refused, answered by the router's own pages, held by maintenance, or sent on its way. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { routerProblem } from '../../forward/problem.ts';
import { decideFor, isOwnPath, maintenanceProblem } from '../../forward/request-terms.ts';
import type { ModeClaim } from '../../policy/mode.ts';
import { ProxiedRequest } from './proxied-request.ts';
import { hasBody, readBody, type RequestBody } from './request-body.ts';
import { claimOf, refusalOf, traitsOf } from './request-terms.ts';
import type { RouterContext } from './router-context.ts';
import { sendProblem } from './send-problem.ts';

export type Pages = (req: IncomingMessage, res: ServerResponse) => void;

const NO_BODY: RequestBody = { kind: 'none' };
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
  const traits = traitsOf(req, body.kind !== 'stream', context);
  const asked = { path: req.url ?? '/', cookie: req.headers.cookie };
  const { decision, memory } = decideFor(context, asked, traits, claim);
  if (decision.kind === 'maintenance') {
    sendProblem(req, res, maintenanceProblem(context.config, decision.claim));
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
    if (isOwnPath(req.url ?? '/')) {
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
