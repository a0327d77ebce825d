/**
 * The event that an Application Load Balancer makes of a request, to the letter: an HTTP framework on the other side that
 * works with a tidier event would fail behind the real one (undecoded query values, repeated names, Base64 by media type).
 */
import { randomBytes } from 'node:crypto';

export interface AlbEvent {
  readonly requestContext: { readonly elb: { readonly targetGroupArn: string } };
  readonly httpMethod: string;
  readonly path: string;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export interface AlbTarget {
  readonly targetGroupArn: string;
  readonly multiValueHeaders: boolean;
}

export interface AlbRequest {
  readonly method: string;
  /** The request target as it came: origin form, or absolute form from a client that takes us for a proxy. */
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly clientAddress: string;
  readonly port: number;
  readonly traceId: string;
}

/** They speak of one connection, so a load balancer doesn't hand them on. */
export const HOP_BY_HOP_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const PLAIN_MEDIA_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'application/javascript',
  'application/xml',
]);

type Values = Map<string, string[]>;

const append = (values: Values, name: string, value: string): void => {
  const known = values.get(name);
  if (known === undefined) {
    values.set(name, [value]);
  } else {
    known.push(value);
  }
};

const headersOf = (rawHeaders: readonly string[]): Values => {
  const headers: Values = new Map();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!HOP_BY_HOP_HEADERS.has(name)) {
      append(headers, name, rawHeaders[at + 1] ?? '');
    }
  }
  return headers;
};

/** The values stay as the client encoded them: "you must decode them in your Lambda function". */
const queryOf = (search: string): Values => {
  const query: Values = new Map();
  for (const pair of search.split('&')) {
    if (pair !== '') {
      const equals = pair.indexOf('=');
      append(query, equals === -1 ? pair : pair.slice(0, equals), equals === -1 ? '' : pair.slice(equals + 1));
    }
  }
  return query;
};

const freshTrace = (nowMs: number): string =>
  `1-${Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, '0')}-${randomBytes(12).toString('hex')}`;

/** A caller's trace is kept and this hop is put before it; without one, this hop is the root. */
export const traceIdFor = (incoming: string | undefined, nowMs: number): string => {
  const fields = (incoming ?? '').split(';').filter((field) => field !== '' && !field.startsWith('Self='));
  if (!fields.some((field) => field.startsWith('Root='))) {
    return [`Root=${freshTrace(nowMs)}`, ...fields].join(';');
  }
  return [`Self=${freshTrace(nowMs)}`, ...fields].join(';');
};

const addForwarded = (headers: Values, request: AlbRequest): void => {
  const before = headers.get('x-forwarded-for') ?? [];
  headers.set('x-forwarded-for', [[...before, request.clientAddress].join(', ')]);
  headers.set('x-forwarded-port', [String(request.port)]);
  headers.set('x-forwarded-proto', ['http']);
  headers.set('x-amzn-trace-id', [request.traceId]);
};

const isPlain = (headers: Values): boolean => {
  if (headers.has('content-encoding')) {
    return false;
  }
  const mediaType = (headers.get('content-type')?.at(-1) ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return mediaType.startsWith('text/') || PLAIN_MEDIA_TYPES.has(mediaType);
};

const bodyOf = (body: Buffer, headers: Values): Pick<AlbEvent, 'body' | 'isBase64Encoded'> =>
  body.length === 0 || isPlain(headers)
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };

const lastValues = (values: Values): Record<string, string> =>
  Object.fromEntries([...values].map(([name, all]) => [name, all.at(-1) ?? '']));

const eventOf = (
  target: AlbTarget,
  parts: Pick<AlbEvent, 'httpMethod' | 'path' | 'body' | 'isBase64Encoded'>,
  query: Values,
  headers: Values,
): AlbEvent => ({
  requestContext: { elb: { targetGroupArn: target.targetGroupArn } },
  httpMethod: parts.httpMethod,
  path: parts.path,
  ...(target.multiValueHeaders
    ? {
        multiValueQueryStringParameters: Object.fromEntries(query),
        multiValueHeaders: Object.fromEntries(headers),
      }
    : { queryStringParameters: lastValues(query), headers: lastValues(headers) }),
  body: parts.body,
  isBase64Encoded: parts.isBase64Encoded,
});

export const toAlbEvent = (request: AlbRequest, target: AlbTarget): AlbEvent => {
  const originForm = request.target.replace(/^https?:\/\/[^/?]*/iu, '');
  const mark = originForm.indexOf('?');
  const path = mark === -1 ? originForm : originForm.slice(0, mark);
  const headers = headersOf(request.rawHeaders);
  addForwarded(headers, request);
  return eventOf(
    target,
    { httpMethod: request.method, path: path === '' ? '/' : path, ...bodyOf(request.body, headers) },
    queryOf(mark === -1 ? '' : originForm.slice(mark + 1)),
    headers,
  );
};

/** A health check has this one header and nothing else, not even a host. */
export const healthCheckEvent = (path: string, target: AlbTarget): AlbEvent =>
  eventOf(
    target,
    { httpMethod: 'GET', path, body: '', isBase64Encoded: false },
    new Map(),
    new Map([['user-agent', ['ELB-HealthChecker/2.0']]]),
  );
