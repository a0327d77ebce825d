/**
 * The form on Cloudflare's network. It depends on Cloudflare, and by plain `fetch` on its resolver: DNS-bound. With Workers VPC
 * Services by address it is not DNS-bound, but still Cloudflare's. Requests tick the probes; each isolate learns for itself.
 */
import { type Environment, fetchersOf, type ObjectState, type RequestContext } from './platform.ts';
import { openWorker, type WorkerForm } from './open-worker.ts';
import { StateObject } from './state-object.ts';
import type { WorkerRouter } from './worker-router.ts';

export interface CloudflareModule {
  readonly worker: {
    fetch: (request: Request, env: Environment, context: RequestContext) => Response | Promise<Response>;
  };
  readonly RouterState: new (state: ObjectState) => StateObject;
}

export const openCloudflare = (print: (line: string) => void): CloudflareModule => {
  const byName = { fetch: async (url: string, init?: RequestInit): Promise<Response> => fetch(url, init) };
  const form: WorkerForm = {
    print,
    fetchersOf: (env, region) => {
      const services = fetchersOf(env, region);
      return services.length > 0 ? services : [byName];
    },
    clientAddress: (request) => request.headers.get('cf-connecting-ip') ?? 'unknown',
    usualProto: () => 'https',
    reach: ({ vpcServices }) => ({ mode: vpcServices.length > 0 ? 'vpc' : 'dns', addresses: vpcServices }),
    isTickedByRequests: true,
  };
  let router: WorkerRouter | undefined;
  return {
    worker: {
      fetch: (request, env, context) => {
        router ??= openWorker(form, env);
        return router.handle(request, context);
      },
    },
    RouterState: class RouterState extends StateObject {
      constructor(state: ObjectState) {
        // Its isolate is not that of the requests: nothing to tick.
        super(state, undefined);
      }
    },
  };
};
