/** The HTTP API as a Hono app, without its entry: routes to answers, answers to responses, one log line each. */
import { Hono, type Context } from 'hono';

import { type Answer, problem, renderAnswer } from '../query/answer.ts';
import { HomeReader, type HomeView } from '../query/home-view.ts';
import { shownText } from '../query/parameters.ts';
import { type ApiDependencies, answerRoute, type Route, ROUTES } from '../query/routes.ts';

/** Well under a load balancer's minute: whoever asks gets a sentence, not a broken connection. */
const REQUEST_TIMEOUT_MS = 20_000;
const ALLOWED = 'GET, HEAD';

export interface ApiOptions {
  readonly requestTimeoutMs?: number;
}

const tooSlow = (deps: ApiDependencies): Answer =>
  problem(503, 'too-slow', {
    what: `${deps.region} did not answer in time`,
    why: 'A service that it asked neither answered nor failed.',
    next: deps.peerRegion === undefined ? 'Try again in a minute.' : `Ask the Region ${deps.peerRegion}.`,
  });

const noSuchAddress = (path: string): Answer =>
  problem(404, 'no-address', {
    what: `there is nothing at "${shownText(path)}"`,
    why: 'The address is not one of this API.',
    next: `Addresses are ${ROUTES.map((route) => route.path).join(', ')}.`,
  });

const notAllowed = (method: string): Answer =>
  problem(
    405,
    'method',
    {
      what: `${shownText(method)} is not possible here`,
      why: 'This address is for reading only.',
      next: `Use ${ALLOWED}.`,
    },
    { allow: ALLOWED },
  );

const broken = (): Answer =>
  problem(500, 'defect', {
    what: 'this request met a defect of the program',
    why: 'The log names it under the request id in the header x-request-id.',
    next: 'Report it with that id; other requests are not affected.',
  });

/** The first to finish; the timer never outlives the request. */
const within = async (timeoutMs: number, work: Promise<Answer>, otherwise: Answer): Promise<Answer> => {
  const late = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => {
    late.resolve(otherwise);
  }, timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

export const createApiApp = (deps: ApiDependencies, options: ApiOptions = {}): Hono => {
  const { telemetry, now } = deps;
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const home = new HomeReader(deps);

  const respond = async (
    c: Context,
    path: string,
    work: () => Promise<Answer>,
    view: Promise<HomeView>,
  ): Promise<Response> => {
    const startedAt = now();
    const requestId = deps.requestId();
    let answer = tooSlow(deps);
    try {
      answer = await within(timeoutMs, work(), answer);
    } catch (error) {
      answer = broken();
      const name = error instanceof Error ? error.name : 'unknown';
      telemetry.log('error', 'api.defect', { requestId, path, name });
    }
    const { status, headers, body } = renderAnswer(answer, deps, await view, requestId);
    telemetry.log(status >= 500 ? 'error' : 'info', 'api.answered', {
      requestId,
      method: c.req.method,
      path,
      status,
      durationMs: now() - startedAt,
    });
    return new Response(body, { status, headers });
  };

  const serve = async (c: Context, route: Route): Promise<Response> => {
    const view = route.isLocal === true ? Promise.resolve(home.peek()) : home.get();
    const work = async (): Promise<Answer> =>
      answerRoute(route, {
        deps,
        home,
        view,
        parameters: new URL(c.req.url).searchParams,
        id: c.req.param('id') ?? '',
        signal: AbortSignal.timeout(timeoutMs),
      });
    return respond(c, route.path, work, view);
  };

  const app = new Hono();
  for (const route of ROUTES) {
    app.get(route.path, async (c) => serve(c, route));
    app.all(route.path, async (c) => respond(c, route.path, async () => notAllowed(c.req.method), home.get()));
  }
  app.notFound(async (c) => respond(c, '(other)', async () => noSuchAddress(c.req.path), home.get()));
  return app;
};
