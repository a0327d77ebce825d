/**
 * The self-hosted form: workerd on the customer's own machine, Regions by fixed address with `certificateHost`, probes by the
 * alarm of a Durable Object on local disk. No DNS, no vendor. One process is one isolate, so the object shares its router.
 */
import { fetchersOf, type Environment, type ObjectState, type RequestContext } from './platform.ts';
import { openWorker, type WorkerForm } from './open-worker.ts';
import { StateObject } from './state-object.ts';
import { tick } from './worker-prober.ts';
import type { WorkerRouter } from './worker-router.ts';

export interface WorkerdModule {
  readonly worker: {
    fetch: (request: Request, env: Environment, context: RequestContext) => Response | Promise<Response>;
  };
  readonly RouterState: new (state: ObjectState, env: Environment) => StateObject;
}

interface WorkerdRequest extends Request {
  readonly cf?: unknown;
}

/** `request.cf.clientIp` is address and port; an IPv6 address is in brackets. */
const clientAddress = ({ cf }: WorkerdRequest): string => {
  const address = typeof cf === 'object' && cf !== null && 'clientIp' in cf ? cf.clientIp : undefined;
  if (typeof address !== 'string') {
    return 'unknown';
  }
  const end = address.lastIndexOf(':');
  return address.startsWith('[') ? address.slice(1, end - 1) : address.slice(0, end === -1 ? undefined : end);
};

export const openWorkerd = (print: (line: string) => void): WorkerdModule => {
  const form: WorkerForm = {
    print,
    fetchersOf,
    clientAddress,
    usualProto: ({ listen }) => (listen.certFile === undefined ? 'http' : 'https'),
    reach: ({ addresses, seedAddresses }) =>
      addresses.length > 0 ? { mode: 'pinned', addresses } : { mode: 'dns', addresses: seedAddresses },
    isTickedByRequests: false,
  };
  let router: WorkerRouter | undefined;
  const routerOf = (env: Environment): WorkerRouter => {
    router ??= openWorker(form, env);
    return router;
  };
  return {
    worker: {
      fetch: (request, env, context) => routerOf(env).handle(request, context),
    },
    RouterState: class RouterState extends StateObject {
      constructor(state: ObjectState, env: Environment) {
        super(state, (keep) => {
          const { context } = routerOf(env);
          tick(context, keep);
          return context.waiting.length > 0 ? 'busy' : 'idle';
        });
      }
    },
  };
};
