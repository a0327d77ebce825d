/** The HTTP API as a Hono app, without its entry: requests through the door to routes, answers to responses, one log line each. */
import { type Context, Hono } from 'hono';

import type { ConsoleAssets } from '../console/assets.ts';
import { mountConsole } from '../console/console-app.ts';
import type { Principal } from '../domain/access.ts';
import type { JsonFields } from '../domain/json-fields.ts';
import { mountMcp } from '../mcp/mcp-app.ts';
import { admit, credentialsOf } from '../query/admission.ts';
import { type Answer, problem, renderAnswer } from '../query/answer.ts';
import { HomeReader, type HomeView } from '../query/home-view.ts';
import { opOf, readIdempotencyKey } from '../query/idempotency.ts';
import { type Parameters, shownText } from '../query/parameters.ts';
import { readBody } from '../query/request-body.ts';
import { requestIdOf } from '../query/request-id.ts';
import type { ApiDependencies, Route } from '../query/route.ts';
import { answerRoute, ROUTES } from '../query/routes.ts';
import { showTo } from '../query/shown-view.ts';
import { correlated } from '../telemetry/correlation.ts';

/** Well under a load balancer's minute: whoever asks gets a sentence, not a broken connection. */
const REQUEST_TIMEOUT_MS = 20_000;

export interface ApiOptions {
  readonly requestTimeoutMs?: number;
  /** Absent where the API answers programs alone. */
  readonly console?: ConsoleAssets;
}

/** An answer, and whom it is for: the envelope shows that caller's sources, and nobody else's. */
interface Served {
  readonly answer: Answer;
  readonly caller: Principal | undefined;
}

const tooSlow = (deps: ApiDependencies, method: string): Answer =>
  problem(503, 'too-slow', {
    what: `${deps.region} did not answer in time`,
    why:
      method === 'GET' || method === 'HEAD'
        ? 'A service that it asked neither answered nor failed.'
        : 'A service that it asked neither answered nor failed; the write may have been made all the same.',
    next: deps.peerRegion === undefined ? 'Try again in a minute.' : `Ask the Region ${deps.peerRegion}.`,
  });

const noSuchAddress = (path: string): Answer =>
  problem(404, 'no-address', {
    what: `there is nothing at "${shownText(path)}"`,
    why: 'The address is not one of this API.',
    next: `Addresses are ${[...new Set(ROUTES.map((route) => route.path))].join(', ')}.`,
  });

const notAllowed = (method: string, path: string): Answer => {
  const methods = ROUTES.filter((route) => route.path === path).map((route) => route.method);
  const allow = methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])).join(', ');
  return problem(
    405,
    'method',
    {
      what: `${shownText(method)} is not possible here`,
      why: methods.every((one) => one === 'GET')
        ? 'This address is for reading only.'
        : 'This address does other things.',
      next: `Use ${allow}.`,
    },
    { allow },
  );
};

const broken = (): Answer =>
  problem(500, 'defect', {
    what: 'this request met a defect of the program',
    why: 'The log names it under the request id in the header x-request-id.',
    next: 'Report it with that id; other requests are not affected.',
  });

/** The first to finish; the timer never outlives the request. */
const within = async (timeoutMs: number, work: Promise<Served>, otherwise: Served): Promise<Served> => {
  const late = Promise.withResolvers<Served>();
  const timer = setTimeout(() => {
    late.resolve(otherwise);
  }, timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

const outcomeOf = (status: number): string => {
  if (status < 400) {
    return 'answered';
  }
  return status < 500 ? 'refused' : 'failed';
};

const NO_BODY: Parameters<JsonFields> = { kind: 'read', value: {} };

class Api {
  readonly #deps: ApiDependencies;
  readonly #home: HomeReader;
  readonly #timeoutMs: number;
  /** Requests that were made in this process, for somebody who was let in already. */
  readonly #known = new WeakMap<Request, Principal>();

  constructor(deps: ApiDependencies, timeoutMs: number) {
    this.#deps = deps;
    this.#home = new HomeReader(deps);
    this.#timeoutMs = timeoutMs;
  }

  /** The request is asked in this process, and nobody judges its caller a second time. */
  vouch(request: Request, caller: Principal | undefined): Request {
    if (caller !== undefined) {
      this.#known.set(request, caller);
    }
    return request;
  }

  async serve(c: Context, route: Route): Promise<Response> {
    const view = route.isLocal === true ? Promise.resolve(this.#home.peek()) : this.#home.get();
    return this.#respond(c, route.path, view, async (requestId) => this.#admitAndAnswer(c, route, view, requestId));
  }

  /** For what is no route: the same for everybody, so nobody is asked who they are. */
  async refuse(c: Context, path: string, answer: Answer): Promise<Response> {
    return this.#respond(c, path, this.#home.get(), async () => ({ answer, caller: undefined }));
  }

  notAllowed(c: Context, path: string): Promise<Response> {
    return this.refuse(c, path, notAllowed(c.req.method, path));
  }

  async #admitAndAnswer(c: Context, route: Route, view: Promise<HomeView>, requestId: string): Promise<Served> {
    const deps = this.#deps;
    const startedAt = deps.now();
    const admission = await admit(deps, route, credentialsOf(c.req.raw), this.#known.get(c.req.raw));
    const { caller } = admission;
    if (admission.kind === 'refused') {
      return { answer: admission.answer, caller };
    }
    const key = readIdempotencyKey(route.method === 'GET' ? undefined : c.req.header('idempotency-key'));
    if (key.kind === 'refused') {
      return { answer: key.answer, caller };
    }
    const body = route.hasBody === true ? await readBody(c.req.raw) : NO_BODY;
    if (body.kind === 'refused') {
      return { answer: body.answer, caller };
    }
    const context = {
      deps,
      home: this.#home,
      requestId,
      startedAt,
      view: view.then((read) => showTo(caller, read)),
      parameters: new URL(c.req.url).searchParams,
      id: c.req.param('id') ?? '',
      names: c.req.param(),
      body: body.value,
      ...(key.value === undefined || caller === undefined ? {} : { op: opOf(key.value, caller) }),
      ...(admission.doubt === undefined ? {} : { doubt: admission.doubt }),
      signal: AbortSignal.timeout(this.#timeoutMs),
    };
    return { answer: await answerRoute(route, context, caller), caller };
  }

  /** What load balancers and routers ask every second says nothing of how people fare. */
  #measure(path: string, { status, fields }: Answer, durationMs: number): void {
    const { telemetry, region } = this.#deps;
    if (path.startsWith('/v1/')) {
      telemetry.timing?.('ApiRequest', { Region: region, Outcome: outcomeOf(status) }, durationMs);
      if (Array.isArray(fields['degraded']) && fields['degraded'].length > 0) {
        telemetry.count('DegradedAnswer', { Region: region }, 1);
      }
    }
  }

  async #respond(
    c: Context,
    path: string,
    view: Promise<HomeView>,
    work: (requestId: string) => Promise<Served>,
  ): Promise<Response> {
    const deps = this.#deps;
    const { telemetry, now } = deps;
    const startedAt = now();
    const requestId = requestIdOf(c.req.raw.headers, deps.requestId);
    let served: Served = { answer: tooSlow(deps, c.req.method), caller: undefined };
    try {
      served = await within(
        this.#timeoutMs,
        correlated({ requestId }, async () => work(requestId)),
        served,
      );
    } catch (error) {
      served = { answer: broken(), caller: undefined };
      const name = error instanceof Error ? error.name : 'unknown';
      telemetry.log('error', 'api.defect', { requestId, path, name });
    }
    const { answer, caller } = served;
    this.#measure(path, answer, now() - startedAt);
    const { status, headers, body } = renderAnswer(answer, deps, showTo(caller, await view), requestId);
    telemetry.log(status >= 500 ? 'error' : 'info', 'api.answered', {
      requestId,
      method: c.req.method,
      path,
      status,
      caller: caller?.id,
      durationMs: now() - startedAt,
    });
    return new Response(body, { status, headers });
  }
}

export const createApiApp = (deps: ApiDependencies, options: ApiOptions = {}): Hono => {
  const api = new Api(deps, options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
  const app = new Hono();
  for (const route of ROUTES) {
    app.on(route.method, route.path, async (c) => api.serve(c, route));
  }
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    app.all(path, async (c) => api.notAllowed(c, path));
  }
  if (options.console !== undefined) {
    const { region, peerRegion, now, requestId, sourceKinds } = deps;
    const fetchApi = async (request: Request): Promise<Response> => app.fetch(request);
    const kinds = sourceKinds?.names ?? [];
    mountConsole(app, { api: fetchApi, assets: options.console, region, peerRegion, kinds, now, newId: requestId });
  }
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const ask = async (request: Request, caller?: Principal): Promise<Response> => app.fetch(api.vouch(request, caller));
  mountMcp(app, { deps, routes: ROUTES, api: ask, timeoutMs });
  app.notFound(async (c) => api.refuse(c, '(other)', noSuchAddress(c.req.path)));
  return app;
};
