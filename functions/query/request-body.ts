/** Reads the JSON object that comes with a request, strictly: what is too large, not JSON or not an object gets a clear answer. */
import type { z } from 'zod';

import { isJsonFields, type JsonFields } from '../domain/json-fields.ts';
import { LIMITS } from '../domain/limits.ts';
import { type Answer, problem, type ProblemText } from './answer.ts';
import { type Parameters, shownText } from './parameters.ts';

const refuse = (
  status: Answer['status'],
  text: ProblemText,
): { readonly kind: 'refused'; readonly answer: Answer } => ({
  kind: 'refused',
  answer: problem(status, status === 400 ? 'bad-body' : status === 413 ? 'body-too-large' : 'body-not-json', text),
});

const tooLarge = (bytesMax: number): { readonly kind: 'refused'; readonly answer: Answer } =>
  refuse(413, {
    what: 'the request has too large a body',
    why: `A body has at most ${bytesMax} bytes here.`,
    next: 'Send less.',
  });

const NOT_JSON = (why: string): { readonly kind: 'refused'; readonly answer: Answer } =>
  refuse(400, {
    what: "the request's body can't be read",
    why,
    next: 'Send one JSON object, encoded as UTF-8.',
  });

const parse = (bytes: Uint8Array): Parameters<unknown> => {
  if (bytes.length === 0) {
    return NOT_JSON('It is empty.');
  }
  try {
    return {
      kind: 'read',
      value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)),
    };
  } catch {
    // What the parser says would quote the body.
    return NOT_JSON('It is not JSON.');
  }
};

/** The load balancer has bounded what is in memory already; this bounds what is parsed. */
export const readJson = async (request: Request, bytesMax: number): Promise<Parameters<unknown>> => {
  const mediaType = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    return refuse(415, {
      what: 'the request is not sent as JSON',
      why: `Its content-type is "${shownText(mediaType ?? '')}".`,
      next: 'Send "content-type: application/json" and one JSON object.',
    });
  }
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) {
    return tooLarge(bytesMax);
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.length > bytesMax ? tooLarge(bytesMax) : parse(bytes);
};

/** The JSON object of a route that takes one. */
export const readBody = async (request: Request): Promise<Parameters<JsonFields>> => {
  const read = await readJson(request, LIMITS.requestBodyBytesMax);
  if (read.kind === 'refused') {
    return read;
  }
  return isJsonFields(read.value) ? { kind: 'read', value: read.value } : NOT_JSON('It is JSON, but no object.');
};

/** The body as a route wants it; a field that is not known may be a misspelt one, and is refused by name. */
export const bodyAs = <T>(schema: z.ZodType<T>, known: readonly string[], body: JsonFields): Parameters<T> => {
  const first = Object.keys(body).find((name) => !known.includes(name));
  const fields = known.map((name) => `"${name}"`).join(', ');
  if (first !== undefined) {
    return refuse(400, {
      what: `unknown field "${shownText(first)}" in the body`,
      why: 'A field that is not known may be a misspelt one, and leaving it out would do something else.',
      next: `Known fields are ${fields}.`,
    });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) {
    return { kind: 'read', value: parsed.data };
  }
  const [issue] = parsed.error.issues;
  const field = String(issue?.path[0] ?? known[0] ?? '');
  return refuse(400, {
    what: `the field "${field}" can't be taken`,
    why: `It must be ${issue?.message ?? 'something else'}.`,
    next: `Send a JSON object with the fields ${fields}.`,
  });
};
