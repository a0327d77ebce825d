/**
 * GitHub's published description (OpenAPI 3.0) as a judge of one exchange: is there such a call, does it know these parameters, and is
 * the answer of the status that was given of the form that is described?
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { Ajv, type ValidateFunction } from 'ajv';
import { z } from 'zod';

const FOLDER = path.join(import.meta.dirname, 'node_modules/@octokit/openapi/generated');

const parameterSchema = z.looseObject({ name: z.string(), in: z.string() });
const referenceSchema = z.looseObject({ $ref: z.string() });
const responseSchema = z.looseObject({
  content: z.record(z.string(), z.looseObject({ schema: z.unknown().optional() })).optional(),
});
const operationSchema = z.looseObject({
  operationId: z.string().optional(),
  parameters: z.array(z.union([referenceSchema, parameterSchema])).optional(),
  responses: z.record(z.string(), z.union([referenceSchema, responseSchema])),
});
const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly status: number;
  readonly json: unknown;
}

export interface Judgement {
  readonly operation: string;
  readonly findings: readonly string[];
}

/**
 * Where the description contradicts itself: written out at this call an account is a person and an enterprise at once (`allOf`), in
 * the component of the same name it is either.
 */
const CORRECTED: Readonly<Record<string, unknown>> = {
  'apps/list-installations 200': { type: 'array', items: { $ref: '#/components/schemas/installation' } },
};

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  uri: (text) => URL.canParse(text),
  'date-time': (text) => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/u.test(text),
  email: (text) => text.includes('@'),
};

/** `/repos/{owner}/{repo}`; what is not in braces is literal. */
const patternOf = (template: string): RegExp =>
  new RegExp(`^${template.replaceAll(/[.+*?^$()|[\]\\]/gu, '\\$&').replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u');

/** OpenAPI 3.0 says `nullable` where JSON Schema says that null is one of the forms; references get the document's name. */
const toJsonSchema = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    return value.map((one) => toJsonSchema(one));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => [
      key,
      key === '$ref' && typeof one === 'string' ? one.replace(/^#/u, 'description#') : toJsonSchema(one),
    ]),
  );
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest;
};

export class Description {
  readonly name: string;
  readonly #document: z.infer<typeof documentSchema>;
  readonly #paths: readonly { readonly template: string; readonly pattern: RegExp }[];
  readonly #ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(file: string) {
    this.name = path.basename(file, '.json');
    const parsed: unknown = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8'));
    this.#document = documentSchema.parse(parsed);
    // What is literal counts more than what is in braces.
    this.#paths = Object.keys(this.#document.paths)
      .toSorted((left, right) => left.split('{').length - right.split('{').length)
      .map((template) => ({ template, pattern: patternOf(template) }));
    for (const [format, validate] of Object.entries(FORMATS)) {
      this.#ajv.addFormat(format, validate);
    }
    const { schemas = {} } = this.#document.components;
    this.#ajv.addSchema({ components: { schemas: toJsonSchema(schemas) } }, 'description');
  }

  /** Undefined where there is none of this name. */
  example(name: string): unknown {
    const example = this.#document.components['examples']?.[name];
    return z.looseObject({ value: z.unknown() }).safeParse(example).data?.value;
  }

  judge(exchange: Exchange): Judgement {
    const method = exchange.method.toLowerCase();
    const found = this.#paths.find(
      ({ template, pattern }) => pattern.test(exchange.path) && this.#document.paths[template]?.[method] !== undefined,
    );
    const call = `${exchange.method} ${exchange.path}`;
    if (found === undefined) {
      return { operation: call, findings: [`${call} is not described`] };
    }
    const operation = operationSchema.parse(this.#document.paths[found.template]?.[method]);
    const name = operation.operationId ?? call;
    return {
      operation: name,
      findings: [
        ...this.#unknownParameters(operation, exchange),
        ...this.#wrongAnswer(found.template, operation, exchange),
      ].map((finding) => `${name} (${String(exchange.status)}): ${finding}`),
    };
  }

  #resolve(value: unknown): unknown {
    const reference = referenceSchema.safeParse(value).data?.$ref;
    if (reference === undefined) {
      return value;
    }
    const [, , kind = '', name = ''] = reference.split('/');
    return this.#document.components[kind]?.[name];
  }

  #unknownParameters(operation: z.infer<typeof operationSchema>, { query }: Exchange): readonly string[] {
    const known = new Set(
      (operation.parameters ?? [])
        .map((one) => parameterSchema.parse(this.#resolve(one)))
        .filter((one) => one.in === 'query')
        .map((one) => one.name),
    );
    return [...query.keys()].filter((name) => !known.has(name)).map((name) => `there is no parameter "${name}"`);
  }

  #wrongAnswer(
    template: string,
    operation: z.infer<typeof operationSchema>,
    { method, status, json }: Exchange,
  ): readonly string[] {
    const described = operation.responses[String(status)];
    if (described === undefined) {
      // A credential that is refused is described nowhere: it can happen to every call, and always looks the same.
      return status === 401
        ? this.#validate('401', { $ref: '#/components/schemas/basic-error' }, json)
        : ['no such status'];
    }
    const response = responseSchema.parse(this.#resolve(described));
    const corrected = CORRECTED[`${operation.operationId ?? ''} ${String(status)}`];
    const schema = corrected ?? response.content?.['application/json']?.schema;
    return schema === undefined ? [] : this.#validate(`${method} ${template} ${String(status)}`, schema, json);
  }

  #validate(key: string, schema: unknown, json: unknown): readonly string[] {
    const validate = this.#compiled.get(key) ?? this.#ajv.compile(z.looseObject({}).parse(toJsonSchema(schema)));
    this.#compiled.set(key, validate);
    return validate(json)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message ?? 'is wrong'}`);
  }
}

/** The cloud's, and that of the newest Enterprise Server. */
export const openDescriptions = (): readonly Description[] => {
  const files = readdirSync(FOLDER).filter((file) => /^ghes-\d+\.\d+\.json$/u.test(file));
  const newest = files.toSorted((left, right) => left.localeCompare(right, 'en', { numeric: true })).at(-1);
  return ['api.github.com.json', ...(newest === undefined ? [] : [newest])].map((file) => new Description(file));
};
