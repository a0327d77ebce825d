/**
 * The document of the API (OpenAPI 3.1), made of what the routes say of themselves: a route that is added is described, and what is
 * described exists. Pure, and made once, when somebody asks for it.
 */
import { z } from 'zod';

import { LIMITS } from '../domain/limits.ts';
import { isOpenRoute, type Route } from './route.ts';
import { envelopeFields, jsonSchemaOf, type JsonSchema, PROBLEM } from './openapi-shapes.ts';

type Json = Readonly<Record<string, unknown>>;

const PROBLEM_MEANINGS: Readonly<Record<number, string>> = {
  400: 'Something that was sent can not be taken; the text says what',
  401: 'No token, or one that is not accepted',
  403: 'The token may not do that',
  404: 'Not there, or not there for the caller: the same answer',
  409: 'What stands is in the way',
  413: 'The body is too large',
  415: 'The body is not sent as JSON',
  422: 'The idempotency-key belongs to another request',
  500: 'A defect of the program; the log names it under the request id',
  503: 'This Region can not answer now; the text says which part, and where else to ask',
};

/** Problems that a route has because of its kind. */
const kindProblems = (route: Route): readonly number[] => [
  400,
  ...(route.access === 'open' ? [] : [401]),
  ...(isOpenRoute(route) ? [] : [403]),
  ...(route.method === 'GET' ? [] : [409, 422]),
  ...(route.hasBody === true ? [413, 415] : []),
  500,
  503,
];

const HEADERS: Readonly<Record<string, Json>> = {
  'x-request-id': { description: 'names this request in the log', schema: { type: 'string' } },
  'x-twinmap-region': { description: 'which Region answered', schema: { type: 'string' } },
  'x-twinmap-epoch': { description: 'the epoch that it has seen, or "unknown"', schema: { type: 'string' } },
};

const HEADER_REFERENCES: Json = Object.fromEntries(
  Object.keys(HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

const problemAnswer = (status: number): Json => ({
  description: PROBLEM_MEANINGS[status] ?? 'A problem',
  headers: HEADER_REFERENCES,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const PROBLEM_ANSWERS: Json = Object.fromEntries(
  Object.keys(PROBLEM_MEANINGS).map((status) => [`Problem${status}`, problemAnswer(Number(status))]),
);

const isOptional = (schema: z.ZodType): boolean => schema.safeParse(undefined).success;

/** The whole body of a good answer: the route's fields beside those of every answer. */
export const answerSchema = ({ about }: Route): JsonSchema => {
  if (about === undefined) {
    return { type: 'object' };
  }
  return about.bare === undefined
    ? jsonSchemaOf(z.object({ ...envelopeFields(about), ...about.answer }))
    : jsonSchemaOf(about.bare);
};

const pathParameters = ({ path, about }: Route): readonly Json[] =>
  [...path.matchAll(/:(?<name>\w+)/gu)].map(({ groups }) => {
    const name = groups?.['name'] ?? '';
    const description = about?.path?.[name] ?? '';
    return { name, in: 'path', required: true, description, schema: { type: 'string', minLength: 1 } };
  });

const queryParameters = ({ parameters, about }: Route): readonly Json[] =>
  parameters.map((name) => {
    const schema = about?.query?.[name];
    const { description, ...described }: JsonSchema = schema === undefined ? { type: 'string' } : jsonSchemaOf(schema);
    return {
      name,
      in: 'query',
      required: schema !== undefined && !isOptional(schema),
      ...(description === undefined ? {} : { description }),
      schema: described,
    };
  });

const IDEMPOTENCY: Json = {
  name: 'idempotency-key',
  in: 'header',
  required: false,
  description: 'A random id of this change: however often the request arrives, in whichever Region, it is one write.',
  schema: { type: 'string', minLength: 1, maxLength: LIMITS.idempotencyKeyCharsMax },
};

const securityOf = ({ access }: Route): readonly Json[] => {
  if (access === 'open') {
    return [];
  }
  return access === 'optional' ? [{}, { bearer: [] }] : [{ bearer: [] }];
};

const operationId = ({ method, path }: Route): string =>
  [method.toLowerCase(), ...path.split('/').filter((part) => part !== '' && part !== 'v1')]
    .map((part) => part.replaceAll(/[^\w]/gu, ' ').trim())
    .map((part, at) => (at === 0 ? part : part.replaceAll(/(?:^| )\w/gu, (start) => start.trim().toUpperCase())))
    .join('');

const tagOf = ({ path }: Route): string => /^\/v1\/(?<tag>[\w-]+)/u.exec(path)?.groups?.['tag'] ?? 'health';

const operationOf = (route: Route): Json => {
  const { about, method } = route;
  const parameters = [...pathParameters(route), ...queryParameters(route), ...(method === 'GET' ? [] : [IDEMPOTENCY])];
  const schema = answerSchema(route);
  const good = (about?.success ?? [200]).map((status) => [
    status.toString(),
    { description: about?.summary ?? '', headers: HEADER_REFERENCES, content: { 'application/json': { schema } } },
  ]);
  const bad = [...new Set([...kindProblems(route), ...(about?.problems ?? [])])]
    .toSorted((left, right) => left - right)
    .map((status) => [status.toString(), { $ref: `#/components/responses/Problem${status}` }]);
  return {
    operationId: operationId(route),
    tags: [tagOf(route)],
    summary: about?.summary ?? '',
    ...(about?.description === undefined ? {} : { description: about.description }),
    ...(isOpenRoute(route) ? {} : { 'x-twinmap-permission': route.access }),
    security: securityOf(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(about?.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchemaOf(about.body) } } } }),
    responses: Object.fromEntries([...good, ...bad]),
  };
};

export const documentedPath = (path: string): string => path.replaceAll(/:(?<name>\w+)/gu, '{$<name>}');

const BEARER: Json = {
  type: 'http',
  scheme: 'bearer',
  description: 'A key of this API (twm_…), or a token of the identity provider that the stack names.',
};

export const openApiDocument = (routes: readonly Route[]): Json => {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = documentedPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Twinmap',
      version: '1',
      description:
        'The map of your systems, answered by each of two Regions from its own stores. Every answer names the Region that gave it. What a caller may not read does not exist for that caller.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The Region that serves this document' }],
    tags: [...new Set(routes.map((route) => tagOf(route)))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      headers: HEADERS,
      responses: PROBLEM_ANSWERS,
      securitySchemes: { bearer: BEARER },
    },
  };
};
