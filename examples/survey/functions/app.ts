/**
 * The survey over HTTP: three guarded routes, an open health check, and CORS for any page. A page opened from disk has the
 * Origin `null`; `*` lets it in, and every static host, and gives nothing away: no cookie is read here, only the key that the
 * caller sends.
 */
import { type Context, Hono } from 'hono';

import { admit, credentialsOf } from '../../../functions/query/admission.ts';
import { type Answer, problem, renderAnswer } from '../../../functions/query/answer.ts';
import { opOf, readIdempotencyKey } from '../../../functions/query/idempotency.ts';
import { readBody } from '../../../functions/query/request-body.ts';
import { unavailable } from '../../../functions/query/route.ts';
import { readGeneration } from './generation.ts';
import { isSurveyName } from './records.ts';
import { resetRoute } from './reset.ts';
import { resultsRoute } from './results.ts';
import { noSurvey, type SurveyDependencies, type SurveyRoute } from './survey-route.ts';
import { voteRoute } from './vote.ts';

export const SURVEY_ROUTES: readonly SurveyRoute[] = [voteRoute, resultsRoute, resetRoute];

const READY_PATH = '/v1/surveys/:survey/ready';

const CORS_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'x-twinmap-region, x-request-id',
};

const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  ...CORS_HEADERS,
  'access-control-allow-methods': 'GET, PUT, POST',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key',
  // Ten minutes: a vote costs one round trip then, not two.
  'access-control-max-age': '600',
};

const notHere = (): Answer =>
  problem(404, 'no-address', {
    what: 'there is nothing at this address',
    why: 'The survey has other ones.',
    next: `Addresses are ${[...SURVEY_ROUTES.map(({ method, path }) => `${method} ${path}`), `GET ${READY_PATH}`].join(', ')}.`,
  });

const broken = (): Answer =>
  problem(500, 'defect', {
    what: 'this request met a defect of the survey',
    why: 'The log names it under the request id in the header x-request-id.',
    next: 'Report it with that id; other requests are not affected.',
  });

/** Says yes only where a vote could be taken: a check that asks the process alone stays green while its table is gone. */
const ready = async (deps: SurveyDependencies, survey: string): Promise<Answer> => {
  const read = await readGeneration(deps.records, survey);
  return read.kind === 'failed'
    ? unavailable(deps, 'records', read.failure)
    : { status: 200, fields: { status: 'ready' } };
};

const serve = async (deps: SurveyDependencies, route: SurveyRoute, c: Context, survey: string): Promise<Answer> => {
  const admission = await admit(deps, route, credentialsOf(c.req.raw));
  if (admission.kind === 'refused') {
    return admission.answer;
  }
  const { caller } = admission;
  const key = readIdempotencyKey(route.method === 'GET' ? undefined : c.req.header('idempotency-key'));
  if (key.kind === 'refused') {
    return key.answer;
  }
  const body = route.hasBody ? await readBody(c.req.raw) : ({ kind: 'read', value: {} } as const);
  if (body.kind === 'refused') {
    return body.answer;
  }
  // A guarded route has a caller; should it ever have none, nobody has voted.
  return caller === undefined
    ? broken()
    : route.answer({
        deps,
        survey,
        caller,
        op: key.value === undefined ? undefined : opOf(key.value, caller),
        body: body.value,
      });
};

/** Any answer, with the Region that gave it; the gate has no say in what people write, so its epoch is not read. */
const respond = async (deps: SurveyDependencies, c: Context, work: () => Promise<Answer>): Promise<Response> => {
  const startedAt = deps.now();
  const requestId = deps.requestId();
  let answer = broken();
  try {
    answer = await work();
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    deps.telemetry.log('error', 'survey.defect', { requestId, name });
  }
  const view = { gate: { state: 'unknown', reason: 'not read' }, sources: undefined } as const;
  const { status, headers, body } = renderAnswer(answer, deps, view, requestId);
  const { method } = c.req;
  deps.telemetry.log(status >= 500 ? 'error' : 'info', 'survey.answered', {
    requestId,
    method,
    status,
    durationMs: deps.now() - startedAt,
  });
  return new Response(body, { status, headers: { ...headers, ...CORS_HEADERS } });
};

export const createSurveyApp = (deps: SurveyDependencies): Hono => {
  const app = new Hono();
  const named =
    (work: (c: Context, survey: string) => Promise<Answer>) =>
    async (c: Context): Promise<Response> => {
      const survey = c.req.param('survey') ?? '';
      return respond(deps, c, async () => (isSurveyName(survey) ? work(c, survey) : noSurvey(survey)));
    };
  app.options('*', () => new Response(null, { status: 204, headers: PREFLIGHT_HEADERS }));
  app.get(
    READY_PATH,
    named(async (_c, survey) => ready(deps, survey)),
  );
  for (const route of SURVEY_ROUTES) {
    app.on(
      route.method,
      route.path,
      named(async (c, survey) => serve(deps, route, c, survey)),
    );
  }
  app.notFound(async (c) => respond(deps, c, async () => notHere()));
  return app;
};
