/**
 * Headers on their way through: what a client may not say, what belongs to one connection only, what is added. A router that
 * passes these on lets a client pose as the router, and two parsers disagree on where a request ends.
 */

/** Of one connection (RFC 9110 §7.6.1), with the historical ones that proxies still see. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Set by the router itself, whatever the client sent. */
const OURS: ReadonlySet<string> = new Set([
  'host',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'via',
  'expect',
  'content-length',
]);

const PREFIX = 'x-router-';
const DROPPED: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...OURS]);

/** Clients send the same few names in the same few spellings: what becomes of each is looked up instead of worked out. */
const SPELLINGS_MAX = 512;
const spellings = new Map<string, string>();

/** The name in lower case; empty where it is not passed on. */
const passedName = (spelled: string): string => {
  const known = spellings.get(spelled);
  if (known !== undefined) {
    return known;
  }
  const name = spelled.toLowerCase();
  const passed = DROPPED.has(name) || name.startsWith(PREFIX) ? '' : name;
  if (spellings.size < SPELLINGS_MAX) {
    spellings.set(spelled, passed);
  }
  return passed;
};

const isVia = (spelled: string): boolean => spelled.length === 3 && spelled.toLowerCase() === 'via';

export interface Hop {
  /** The name in `via`. */
  readonly name: string;
  readonly clientAddress: string;
  readonly proto: 'http' | 'https';
  /** The Host that the client asked for. */
  readonly host: string;
  /** What the client's own forwarded headers said, where it is a trusted proxy; empty otherwise. */
  readonly trustedFor: string;
  /** Under which the request is found in every log; absent where the router gives none. */
  readonly requestId?: string;
}

/** Names that a Connection header declares to be of this connection. */
const namedByConnection = (raw: readonly string[]): ReadonlySet<string> | undefined => {
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const value = raw[at + 1] ?? '';
    if (raw[at]?.length === 10 && raw[at]?.toLowerCase() === 'connection' && !/^(?:keep-alive|close)$/iu.test(value)) {
      return new Set(value.toLowerCase().split(/\s*,\s*/u));
    }
  }
  return undefined;
};

/** What the router keeps at the client is not for the origin. */
export const withoutOwnCookies = (cookie: string): string =>
  cookie.includes('router-')
    ? cookie
        .split(';')
        .filter((pair) => !/^\s*(?:__Host-)?router-(?:region|override)=/u.test(pair))
        .join(';')
        .trim()
    : cookie;

/** What the router says of this hop, as names and values one after the other; `via` is what earlier ones said. */
const hopHeaders = (hop: Hop, via: string): readonly string[] => [
  'via',
  `${via}1.1 ${hop.name}`,
  'x-forwarded-for',
  hop.trustedFor === '' ? hop.clientAddress : `${hop.trustedFor}, ${hop.clientAddress}`,
  'x-forwarded-proto',
  hop.proto,
  'x-forwarded-host',
  hop.host,
  ...(hop.requestId === undefined ? [] : ['x-request-id', hop.requestId]),
];

/** Request headers for the origin, as a flat list of names and values; `content-length` is the transport's business. */
export const forwardedHeaders = (raw: readonly string[], hop: Hop): string[] => {
  const named = namedByConnection(raw);
  // Ours says the same as the client's, or the client's can't be taken.
  const isNamed = hop.requestId !== undefined;
  const out: string[] = [];
  let via = '';
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const spelled = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    const name = passedName(spelled);
    if (isVia(spelled)) {
      via += `${value}, `;
    } else if (name !== '' && named?.has(name) !== true && !(isNamed && name === 'x-request-id')) {
      const kept = name === 'cookie' ? withoutOwnCookies(value) : value;
      if (kept !== '' || value === '') {
        out.push(name, kept);
      }
    }
  }
  out.push(...hopHeaders(hop, via));
  return out;
};

/** The router's own name in `via`: the request came round. */
export const isLoop = (via: string | undefined, name: string): boolean =>
  via !== undefined && via.split(',').some((hop) => hop.trim().split(/\s+/u)[1] === name);

/** Not of the origin's connection, and not posing as the router. */
export const isReturned = (name: string): boolean => !HOP_BY_HOP.has(name) && !name.startsWith(PREFIX);

type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Response headers for the client, without those of the origin's connection and without a posing `x-router-*`. */
export const returnedHeaders = (headers: HeaderValues): string[] => {
  const { connection } = headers;
  const named = typeof connection === 'string' ? namedByConnection(['connection', connection]) : undefined;
  const out: string[] = [];
  for (const name in headers) {
    if (isReturned(name) && named?.has(name) !== true) {
      const value = headers[name];
      if (typeof value === 'string') {
        out.push(name, value);
      } else if (value !== undefined) {
        for (const one of value) {
          out.push(name, one);
        }
      }
    }
  }
  return out;
};

const count = (raw: readonly string[], wanted: string): number => {
  let found = 0;
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]?.length === wanted.length && raw[at]?.toLowerCase() === wanted) {
      found += 1;
    }
  }
  return found;
};

/**
 * Requests that two parsers could read differently. Node's parser refuses most of them already; this one does not depend on
 * its options. Answers with what is wrong.
 */
export const ambiguousFraming = (raw: readonly string[]): string | undefined => {
  const lengths = count(raw, 'content-length');
  const encodings = count(raw, 'transfer-encoding');
  if (lengths > 0 && encodings > 0) {
    return 'it has both content-length and transfer-encoding';
  }
  if (lengths > 1 || encodings > 1) {
    return 'it tells its length more than once';
  }
  if (count(raw, 'host') > 1) {
    return 'it has more than one host';
  }
  return undefined;
};

/** A path of this origin, and nothing that would make the router an open proxy. */
export const isOriginForm = (url: string | undefined): url is string =>
  url !== undefined && /^\/(?!\/)[!-[\]-~]*$/u.test(url);
