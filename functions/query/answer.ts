/**
 * Turns what a route found into a response: every answer, errors too, names its Region, role and epoch and, to somebody who
 * was recognised, where each source stands that they may read. None is larger than a load balancer takes from a Lambda; what
 * does not fit is left out and said so.
 */
import { LIMITS } from '../domain/limits.ts';
import type { RegionName, Role } from '../domain/region.ts';
import type { ShownView } from './shown-view.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: 200 | 201 | 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 500 | 503;
  readonly fields: Fields;
  /** The one list that may be long: cut at its end where the answer would be too large. */
  readonly list?: { readonly name: string; readonly items: readonly object[] };
  readonly headers?: Readonly<Record<string, string>>;
  /** The whole body in place of fields: for documents whose form somebody else has fixed. */
  readonly bare?: object;
}

export interface ProblemText {
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

export interface Identity {
  readonly region: RegionName;
  readonly role: Role;
}

export const problem = (
  status: Answer['status'],
  name: string,
  { what, why, next }: ProblemText,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status,
  fields: { type: `urn:twinmap:problem:${name}`, title: what, status, detail: why, what, why, next },
  headers: { ...headers, 'content-type': 'application/problem+json' },
});

/** Headers, the rest of Lambda's own JSON, and the two readings of "1 MB". */
const MARGIN_BYTES = 128 * 1024;
export const ANSWER_BYTES_MAX = LIMITS.albBodyBytesMax - MARGIN_BYTES;
const SOURCES_BYTES_MAX = ANSWER_BYTES_MAX / 4;

/** Lambda hands the body over as a JSON string inside JSON, so each quote and line end in it counts twice or more. */
const wireBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(JSON.stringify(value)));

/** The first entries that fit, and whether those are all. */
export const fitting = <T>(
  items: readonly T[],
  bytesMax: number,
): { readonly shown: readonly T[]; readonly isCut: boolean } => {
  let bytes = 0;
  const over = items.findIndex((item) => {
    bytes += wireBytes(item) + 1;
    return bytes > bytesMax;
  });
  return over === -1 ? { shown: items, isCut: false } : { shown: items.slice(0, over), isCut: true };
};

const standingsOf = ({ sources }: ShownView): Fields => {
  if (sources === undefined) {
    return {};
  }
  if (sources.kind === 'failed') {
    return { sources: null };
  }
  const entries = sources.value.map(({ payload: { id, snapshot, cursor } }): [string, Fields] => [
    id,
    { snapshot, cursor },
  ]);
  const { shown, isCut } = fitting(entries, SOURCES_BYTES_MAX);
  return { sources: Object.fromEntries(shown), ...(isCut ? { sourcesTruncated: true } : {}) };
};

export interface Rendered {
  readonly status: Answer['status'];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export const renderAnswer = (answer: Answer, identity: Identity, view: ShownView, requestId: string): Rendered => {
  const { region, role } = identity;
  const { epoch } = view.gate;
  const fields: Fields = { region, role, epoch: epoch ?? null, ...standingsOf(view), ...answer.fields };
  const headers = {
    ...SECURITY_HEADERS,
    ...answer.headers,
    'x-request-id': requestId,
    'x-twinmap-region': region,
    'x-twinmap-role': role,
    'x-twinmap-epoch': epoch === undefined ? 'unknown' : epoch.toString(),
  };
  const { status, list } = answer;
  if (answer.bare !== undefined) {
    return { status, headers, body: JSON.stringify(answer.bare) };
  }
  if (list === undefined) {
    return { status, headers, body: JSON.stringify(fields) };
  }
  const { shown, isCut } = fitting(list.items, ANSWER_BYTES_MAX - wireBytes(fields));
  return { status, headers, body: JSON.stringify({ ...fields, truncated: isCut, [list.name]: shown }) };
};
