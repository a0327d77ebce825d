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
  readonly worker: { fetch: (request: Request, env: Environment, context: RequestContext) => Promise<Response> };
  readonly RouterState: new (state: ObjectState, env: Environment) => StateObject;
}

/** `request.cf.clientIp` is address and port. */
const clientAddress = (request: Request): string => {
  const cf: unknown = Reflect.get(request, 'cf');
  const address: unknown = typeof cf === 'object' && cf !== null && 'clientIp' in cf ? cf.clientIp : undefined;
  return typeof address === 'string'
    ? address.replace(/:\d+$/u, '').replace(/^\[(?<inner>.*)\]$/u, '$<inner>')
    : 'unknown';
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
      fetch: async (request, env, context) => routerOf(env).handle(request, context),
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
