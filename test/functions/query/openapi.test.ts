/** The document of the API is valid, describes every route and no other, and is what the routes answer. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { isJsonFields } from '../../../functions/domain/json-fields.ts';
import { documentedPath, openApiDocument } from '../../../functions/query/openapi.ts';
import { isOpenRoute, type Route } from '../../../functions/query/route.ts';
import { ROUTES } from '../../../functions/query/routes.ts';
import { ApiStage, requestOf } from './api-stage.ts';
import { ROUTE_TABLE } from './route-table.ts';

const operationSchema = z.looseObject({
  operationId: z.string().min(3),
  summary: z.string().min(5),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
  requestBody: z.looseObject({}).optional(),
  responses: z.record(z.string(), z.looseObject({})),
});

type Operation = z.infer<typeof operationSchema>;

const documentSchema = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({
    schemas: z.looseObject({ Problem: z.looseObject({}) }),
    responses: z.record(z.string(), z.unknown()),
  }),
});

const stage = new ApiStage();
let app: Hono;
let admin = '';
let document: z.infer<typeof documentSchema>;

const operationOf = ({ method, path }: Pick<Route, 'method' | 'path'>): Operation => {
  const found = document.paths[documentedPath(path)]?.[method.toLowerCase()];
  if (found === undefined) {
    throw new Error(`${method} ${path} is not described`);
  }
  return found;
};

/** As the writer must keep it: what is not described may not be answered. Objects that say what else they take keep their word. */
const strict = (schema: unknown): unknown => {
  if (Array.isArray(schema)) {
    return schema.map((one) => strict(one));
  }
  if (!isJsonFields(schema)) {
    return schema;
  }
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  const isClosed = isJsonFields(schema['properties']) && schema['additionalProperties'] === undefined;
  return isClosed ? { ...inner, additionalProperties: false } : inner;
};

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
const compiled = new Map<string, ValidateFunction>();

const schemaFor = (route: Route, status: number): unknown => {
  const responses = operationOf(route).responses;
  const response = responses[status.toString()];
  if (response === undefined) {
    throw new Error(`${route.method} ${route.path} answers ${status}, which is not described`);
  }
  if (status >= 400) {
    return document.components.schemas.Problem;
  }
  const content = z
    .looseObject({ content: z.looseObject({ 'application/json': z.looseObject({ schema: z.unknown() }) }) })
    .parse(response);
  return content.content['application/json'].schema;
};

/** Nothing where the answer is as described. */
const differences = (route: Route, status: number, body: unknown): readonly string[] => {
  const key = `${route.method} ${route.path} ${status >= 400 ? 'problem' : 'answer'}`;
  const validate = compiled.get(key) ?? ajv.compile(z.looseObject({}).parse(strict(schemaFor(route, status))));
  compiled.set(key, validate);
  validate(body);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
  );
};

const ask = async (
  route: Route,
  address: string,
  token: string | undefined,
  body?: unknown,
  asked = app,
): Promise<{ readonly status: number; readonly wrong: readonly string[] }> => {
  const response = await asked.request(address, requestOf({ method: route.method, token, body }));
  schemaFor(route, response.status);
  const type = response.status >= 400 ? 'application/problem+json' : 'application/json';
  expect(response.headers.get('content-type')).toContain(type);
  return { status: response.status, wrong: differences(route, response.status, await response.json()) };
};

const rowOf = ({ method, path }: Route): (typeof ROUTE_TABLE)[number] => {
  const row = ROUTE_TABLE.find(([name]) => name === `${method} ${path}`);
  if (row === undefined) {
    throw new Error(`${method} ${path} has no row in the table of routes`);
  }
  return row;
};

beforeAll(async () => {
  await stage.corpus.commitSource('shop', { held: { plan: 'a'.repeat(16), documents: 60 } });
  await stage.corpus.add('shop', 'docs/queues.md', '# Queues\n\nThe dead letter queue keeps orders.\n');
  admin = await stage.token(['org-admin']);
  app = stage.app();
  document = documentSchema.parse(await (await app.request('/v1/openapi.json')).json());
});

const NAMED = ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(openApiDocument(ROUTES)));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('describes every route and no other', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = ROUTES.map(({ method, path }) => `${method} ${documentedPath(path)}`);
    expect(described.toSorted()).toStrictEqual(routes.toSorted());
  });

  it('gives every operation a name of its own', () => {
    const names = ROUTES.map((route) => operationOf(route).operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(NAMED)('says of %s what it is for, who may, what is sent and what comes back', (_name, route) => {
    const { about } = route;
    const operation = operationOf(route);
    expect(about).toBeDefined();
    const inPath = [...route.path.matchAll(/:(\w+)/gu)].map(([, name = '']) => name);
    expect(Object.keys(about?.path ?? {}).toSorted()).toStrictEqual(inPath.toSorted());
    expect(Object.keys(about?.query ?? {}).toSorted()).toStrictEqual([...route.parameters].toSorted());
    expect(operation.requestBody !== undefined).toBe(route.hasBody === true);
    expect(operation.security).toStrictEqual(
      route.access === 'open' ? [] : [...(isOpenRoute(route) ? [{}] : []), { bearer: [] }],
    );
    const statuses = Object.keys(operation.responses);
    expect(statuses).toEqual(expect.arrayContaining(['400', '500', '503']));
    expect(statuses.includes('401')).toBe(route.access !== 'open');
    expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
  });
});

describe('every answer', () => {
  it.each(NAMED)('of %s is as described, for who may and for who may not', async (_name, route) => {
    const [, nobody, , , expected, address, body] = rowOf(route);
    expect(await ask(route, address, undefined, body)).toEqual({ status: nobody, wrong: [] });
    expect(await ask(route, address, admin, body)).toEqual({ status: expected, wrong: [] });
    const odd = `${address}${address.includes('?') ? '&' : '?'}unheard-of=1`;
    expect(await ask(route, odd, admin, body)).toEqual({ status: 400, wrong: [] });
  });

  it('that needs something to be there is as described too', async () => {
    const route = (name: string): Route => {
      const found = ROUTES.find(({ method, path }) => `${method} ${path}` === name);
      if (found === undefined) {
        throw new Error(`${name} is no route`);
      }
      return found;
    };
    const known = [...stage.corpus.vectors.vectors.values()][0]?.metadata.doc ?? '';
    const { id } = await stage.key(['reader']);
    expect(await ask(route('GET /v1/documents/:id'), `/v1/documents/${known}`, admin)).toEqual({
      status: 200,
      wrong: [],
    });
    expect(await ask(route('DELETE /v1/keys/:id'), `/v1/keys/${id}`, admin)).toEqual({ status: 200, wrong: [] });
    const plan = { plan: 'a'.repeat(16) };
    expect(await ask(route('POST /v1/sources/:id/prune'), '/v1/sources/shop/prune', admin, plan)).toEqual({
      status: 200,
      wrong: [],
    });
    const made = { id: 'short-lived', name: 'Short-lived' };
    await ask(route('POST /v1/workspaces'), '/v1/workspaces', admin, made);
    expect(await ask(route('POST /v1/workspaces'), '/v1/workspaces', admin, made)).toEqual({ status: 409, wrong: [] });
    expect(await ask(route('DELETE /v1/workspaces/:id'), '/v1/workspaces/short-lived', admin)).toEqual({
      status: 200,
      wrong: [],
    });
  });

  it('of a Region whose peer is in trouble is as described too', async () => {
    const route = ROUTES.find(({ path }) => path === '/v1/status');
    const owed = { count: 3, oldestAgeMs: 4000 };
    const down = stage.app({
      readReplication: async () => ({ state: 'down', owed, reason: 'unreachable', since: 1_795_000_000_000 }),
    });
    expect(route && (await ask(route, '/v1/status', admin, undefined, down))).toEqual({ status: 200, wrong: [] });
  });

  it('would be noticed if it differed', () => {
    const status = ROUTES.find(({ path }) => path === '/healthz');
    expect(status === undefined ? [] : differences(status, 200, { status: 'up' })).not.toStrictEqual([]);
  });
});
