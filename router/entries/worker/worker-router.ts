/** A router in a worker: requests for a Region go the short way, its own pages through Hono. */
import type { Hono } from 'hono';

import { createRouterApp } from '../../app/router-app.ts';
import type { RouterView } from '../../app/router-view.ts';
import { viewOf } from '../../app/view-of.ts';
import { ambiguousFraming, forwardedHeaders } from '../../forward/hygiene.ts';
import { routerProblem, type RouterProblem } from '../../forward/problem.ts';
import {
  bodyTooLarge,
  claimFrom,
  decideFor,
  isOwnPath,
  maintenanceProblem,
  refusalFrom,
  traitsFrom,
} from '../../forward/request-terms.ts';
import type { ModeClaim } from '../../policy/mode.ts';
import type { RequestContext } from './platform.ts';
import { answerOf, ProxiedFetch } from './proxied-fetch.ts';
import { NO_BODY, readWorkerBody, type WorkerBody } from './request-body.ts';
import type { WorkerContext } from './worker-context.ts';
import { tick } from './worker-prober.ts';
import { factsOf, hopFor, isEventStream, isSingular, isWebSocket, type RequestFacts, tokenOf } from './worker-terms.ts';

const PAGE_BYTES_MAX = 16_384;
/** How old the fleet's override may be here; another instance may have got the newer one. */
const OVERRIDE_AGE_MS = 5000;

export interface WorkerRouterOptions {
  readonly context: WorkerContext;
  readonly configHash: string;
  /** How each Region is reached, for the status page. */
  readonly reach: (host: string) => { readonly mode: string; readonly addresses: readonly string[] };
  /** Requests tick the probes where no alarm does. */
  readonly isTickedByRequests: boolean;
}

interface Asked {
  readonly request: Request;
  readonly requestContext: RequestContext;
  readonly facts: RequestFacts;
}

const headersTooLarge = (bytesMax: number): RouterProblem =>
  routerProblem(431, 'headers-too-large', {
    what: 'the headers are too large',
    why: `They have more than the ${bytesMax} bytes that are allowed.`,
    next: 'Send fewer cookies or shorter headers.',
  });

/** An object: the runtime makes its own headers from it once, and a Headers of ours would be copied again. */
const headersFor = (request: Request, facts: RequestFacts, context: WorkerContext): Record<string, string> => {
  const flat = forwardedHeaders(facts.raw, hopFor(request, facts, context));
  const headers: Record<string, string> = isWebSocket(facts) ? { upgrade: 'websocket' } : {};
  for (let at = 0; at + 1 < flat.length; at += 2) {
    headers[flat[at] ?? ''] = flat[at + 1] ?? '';
  }
  return headers;
};

export class WorkerRouter {
  readonly context: WorkerContext;
  readonly #o: WorkerRouterOptions;
  readonly #app: Hono;
  #overrideMs = -1;
  #overrideLoad: Promise<void> | undefined;

  constructor(options: WorkerRouterOptions) {
    this.#o = options;
    const { context } = options;
    this.context = context;
    const { override, metrics, log, memory, wallMs } = context;
    this.#app = createRouterApp({
      view: () => this.view(),
      override,
      metrics,
      log,
      isSecure: memory.isSecure,
      wallMs,
    });
  }

  view(): RouterView {
    const { configHash, reach } = this.#o;
    const { transitions } = this.context;
    const dns = (host: string): ReturnType<typeof reach> & { ageMs: undefined } => ({
      ...reach(host),
      ageMs: undefined,
    });
    return viewOf(this.context, { isDraining: false, transitions, configHash, dns });
  }

  /** A read takes no promise of its own on its way: each one costs as much as a decision. */
  handle(request: Request, requestContext: RequestContext): Response | Promise<Response> {
    if (this.#o.isTickedByRequests) {
      tick(this.context, (work) => {
        requestContext.waitUntil(work);
      });
    }
    const load = this.#refreshOverride();
    if (this.#overrideMs < 0 && load !== undefined) {
      return load.then(() => this.#answer(request, requestContext));
    }
    if (load !== undefined) {
      requestContext.waitUntil(load);
    }
    return this.#answer(request, requestContext);
  }

  // --- parts ---

  #answer(request: Request, requestContext: RequestContext): Response | Promise<Response> {
    const facts = factsOf(request);
    const refusal = this.#refusal(facts);
    if (refusal !== undefined) {
      return answerOf(refusal);
    }
    if (isOwnPath(facts.path)) {
      return this.#page(request, facts);
    }
    const token = tokenOf(facts, this.context.memory.isSecure);
    const claim = claimFrom(token, facts.named.get('x-router-prefer'), this.context);
    const asked: Asked = { request, requestContext, facts };
    return request.body === null && !(claim instanceof Promise)
      ? this.#route(asked, NO_BODY, claim)
      : this.#routeWhenRead(asked, claim);
  }

  async #routeWhenRead(asked: Asked, claim: ModeClaim | Promise<ModeClaim>): Promise<Response> {
    const body = await readWorkerBody(asked.request, this.context.config.limits);
    return this.#route(asked, body, await claim);
  }

  #refusal(facts: RequestFacts): RouterProblem | undefined {
    const { config } = this.context;
    if (facts.headerBytes > config.limits.headerBytesMax) {
      return headersTooLarge(config.limits.headerBytesMax);
    }
    const { method, path, named, raw } = facts;
    const asked = { method, path, via: named.get('via'), contentLength: named.get('content-length') };
    return refusalFrom({ ...asked, framing: ambiguousFraming(raw) }, config);
  }

  async #page(request: Request, { named }: RequestFacts): Promise<Response> {
    if (request.body !== null && Number(named.get('content-length') ?? Infinity) > PAGE_BYTES_MAX) {
      return answerOf(bodyTooLarge(`The router's own pages take ${PAGE_BYTES_MAX} bytes with a content-length.`));
    }
    return this.#app.fetch(request);
  }

  #route({ request, requestContext, facts }: Asked, body: WorkerBody, claim: ModeClaim): Response | Promise<Response> {
    const { context } = this;
    const { method, path, named } = facts;
    const asked = { method, path, hasIdempotencyKey: named.has('idempotency-key'), isSingular: isSingular(facts) };
    const traits = traitsFrom({ ...asked, isReplayable: body.kind !== 'stream' }, context.config);
    const { decision, memory } = decideFor(context, { path, cookie: named.get('cookie') }, traits, claim);
    if (decision.kind === 'maintenance') {
      return answerOf(maintenanceProblem(context.config, decision.claim));
    }
    const headers = headersFor(request, facts, context);
    const answer = new ProxiedFetch({
      context,
      path,
      headers,
      body,
      traits,
      decision,
      memory,
      isEventStream: isEventStream(facts),
    }).run();
    // A client that leaves must not end what the policy counts on.
    requestContext.waitUntil(answer);
    return answer;
  }

  /** Asked at the start and then now and then, beside the requests. When it can't be asked, what is known stays. */
  #refreshOverride(): Promise<void> | undefined {
    const { override, timers, log } = this.context;
    const nowMs = timers.now();
    if (this.#overrideLoad !== undefined || (this.#overrideMs >= 0 && nowMs - this.#overrideMs < OVERRIDE_AGE_MS)) {
      return this.#overrideMs < 0 ? this.#overrideLoad : undefined;
    }
    const load = async (): Promise<void> => {
      try {
        const refused = await override.load();
        if (refused !== undefined && this.#overrideMs < 0) {
          log('warn', 'override.ignored', { why: refused });
        }
      } catch (error) {
        log('warn', 'override.unread', { why: error instanceof Error ? error.message : 'unknown' });
      } finally {
        this.#overrideMs = timers.now();
        this.#overrideLoad = undefined;
      }
    };
    this.#overrideLoad = load();
    return this.#overrideLoad;
  }
}
