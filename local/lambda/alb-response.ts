/**
 * What an Application Load Balancer makes of a function's result. It is strict on purpose: a result that the real one
 * answers with 502 must not turn into a page here.
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { LIMITS } from '../../functions/domain/limits.ts';
import { HOP_BY_HOP_HEADERS } from './alb-event.ts';

export type AlbResponse =
  | {
      readonly kind: 'response';
      readonly statusCode: number;
      readonly statusDescription?: string;
      /** Names and values in turn. */
      readonly rawHeaders: readonly string[];
      readonly body: Buffer;
    }
  | { readonly kind: 'malformed'; readonly reason: string };

const STATUS_CODE_MIN = 200;
const STATUS_CODE_MAX = 599;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const malformed = (reason: string): AlbResponse => ({ kind: 'malformed', reason });

/** The reason why a pair may not be sent, or nothing. */
const refusedPair = (name: string, value: unknown): string | undefined => {
  if (typeof value !== 'string') {
    return `the value of header ${name} is not a string`;
  }
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return undefined;
  } catch {
    return `header ${name} has characters that HTTP does not allow`;
  }
};

const pairsOf = (
  result: Record<string, unknown>,
  multiValueHeaders: boolean,
): readonly (readonly [string, unknown])[] | string => {
  const field = multiValueHeaders ? 'multiValueHeaders' : 'headers';
  const headers = result[field] ?? {};
  if (!isObject(headers)) {
    return `${field} is not an object`;
  }
  if (!multiValueHeaders) {
    return Object.entries(headers);
  }
  const wrong = Object.entries(headers).find(([, values]) => !Array.isArray(values));
  return wrong === undefined
    ? Object.entries(headers).flatMap(([name, values]) =>
        (values as readonly unknown[]).map((value) => [name, value] as const),
      )
    : `multiValueHeaders.${wrong[0]} is not a list`;
};

/** Answers that have no body by definition, and so none of the headers that describe one. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

const rawHeadersOf = (
  pairs: readonly (readonly [string, unknown])[],
  bodyBytes: number | undefined,
): readonly string[] => {
  const raw: string[] = [];
  let typed = false;
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    typed ||= lower === 'content-type';
    if (!HOP_BY_HOP_HEADERS.has(lower) && lower !== 'content-length') {
      raw.push(name, String(value));
    }
  }
  if (bodyBytes === undefined) {
    return raw;
  }
  return [...raw, ...(typed ? [] : ['Content-Type', 'application/octet-stream']), 'Content-Length', String(bodyBytes)];
};

/** `statusDescription` reads "200 OK"; only the words go on the wire. */
const descriptionOf = (result: Record<string, unknown>): { readonly statusDescription?: string } | string => {
  const description = result['statusDescription'];
  if (description === undefined || description === null) {
    return {};
  }
  if (typeof description !== 'string' || !/^[\t\u0020-\u007E]*$/u.test(description)) {
    return 'statusDescription is not one line of text';
  }
  return { statusDescription: description.replace(/^\d{3}\s*/u, '') };
};

const bodyOf = (result: Record<string, unknown>): Buffer | string => {
  const body = result['body'] ?? '';
  if (typeof body !== 'string') {
    return 'body is not a string';
  }
  const encoded = result['isBase64Encoded'] ?? false;
  if (typeof encoded !== 'boolean') {
    return 'isBase64Encoded is not a boolean';
  }
  return Buffer.from(body, encoded ? 'base64' : 'utf8');
};

export const toAlbResponse = (result: unknown, multiValueHeaders: boolean): AlbResponse => {
  const bytes = Buffer.byteLength(JSON.stringify(result ?? null));
  if (bytes > LIMITS.albBodyBytesMax) {
    return malformed(`the result has ${bytes} bytes; a load balancer takes ${LIMITS.albBodyBytesMax}`);
  }
  if (!isObject(result)) {
    return malformed('the result is not an object');
  }
  const statusCode = result['statusCode'];
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode)) {
    return malformed('statusCode is not a whole number');
  }
  if (statusCode < STATUS_CODE_MIN || statusCode > STATUS_CODE_MAX) {
    return malformed(`statusCode ${statusCode} is no final HTTP status`);
  }
  const description = descriptionOf(result);
  const body = bodyOf(result);
  const pairs = pairsOf(result, multiValueHeaders);
  const wrong = [description, body, pairs].find((part) => typeof part === 'string');
  if (typeof description === 'string' || typeof body === 'string' || typeof pairs === 'string') {
    return malformed(String(wrong));
  }
  const refused = pairs.map(([name, value]) => refusedPair(name, value)).find((reason) => reason !== undefined);
  if (refused !== undefined) {
    return malformed(refused);
  }
  const rawHeaders = rawHeadersOf(pairs, BODILESS.has(statusCode) ? undefined : body.length);
  return { kind: 'response', statusCode, ...description, rawHeaders, body };
};
