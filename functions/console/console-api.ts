/**
 * How a page reads and changes anything: it asks the API of its own Region, in the same process, as its visitor. There is no other
 * way in, so that a page can show nothing that the API would not answer.
 */
import type { z } from 'zod';

import { isJsonFields, type JsonFields } from '../domain/json-fields.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With its parameters, for instance `/v1/search?q=gate`. */
  readonly path: string;
  readonly body?: JsonFields;
  readonly idempotencyKey?: string;
}

export interface ApiReply {
  readonly status: number;
  readonly fields: JsonFields;
}

/** Bound to one visitor and to the id of one request. */
export type AskApi = (request: ApiRequest) => Promise<ApiReply>;

export interface Asker {
  readonly authorization: string | undefined;
  readonly requestId: string;
}

/** The API as a function of requests: `fetch` of its app. */
export type FetchApi = (request: Request) => Promise<Response>;

/** Nobody resolves it: the request never leaves the process. */
const NOWHERE = 'https://home.invalid';

const bodyOf = async (response: Response): Promise<JsonFields> => {
  try {
    const value: unknown = await response.json();
    return isJsonFields(value) ? value : {};
  } catch {
    // An answer that is no JSON says nothing; its status is shown.
    return {};
  }
};

export const askAs =
  (api: FetchApi, { authorization, requestId }: Asker): AskApi =>
  async ({ method = 'GET', path, body, idempotencyKey }) => {
    const headers = new Headers({ 'x-request-id': requestId });
    if (authorization !== undefined) {
      headers.set('authorization', authorization);
    }
    if (idempotencyKey !== undefined) {
      headers.set('idempotency-key', idempotencyKey);
    }
    if (body !== undefined) {
      headers.set('content-type', 'application/json');
    }
    const request = new Request(`${NOWHERE}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await api(request);
    return { status: response.status, fields: await bodyOf(response) };
  };

export interface Trouble {
  readonly status: number;
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

const textOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

export const troubleOf = ({ status, fields }: ApiReply): Trouble => ({
  status,
  what: textOf(fields['what'], `the API answered with the status ${status}`),
  why: textOf(fields['why'], 'It gave no reason that this page understands.'),
  next: textOf(fields['next'], 'Try again in a minute; the Regions page says what is missing.'),
});

export type Read<T> =
  { readonly kind: 'read'; readonly value: T } | { readonly kind: 'refused'; readonly trouble: Trouble };

/** An answer of another program version may lack what a page shows: that is said, not guessed. */
export const readAs = <T>(reply: ApiReply, schema: z.ZodType<T>): Read<T> => {
  if (reply.status >= 300) {
    return { kind: 'refused', trouble: troubleOf(reply) };
  }
  const parsed = schema.safeParse(reply.fields);
  return parsed.success
    ? { kind: 'read', value: parsed.data }
    : {
        kind: 'refused',
        trouble: {
          status: 500,
          what: 'this page does not understand the answer of its own API',
          why: `The field "${parsed.error.issues[0]?.path.join('.') ?? ''}" is not what it knows.`,
          next: 'Ask the API itself; and report this, with the request id at the end of the page.',
        },
      };
};
