/**
 * Signs one GET by its query (AWS Signature Version 4), as whoever holds the credentials: a proof of who that is, which the service
 * named in it can check and nobody can change. Pure; the moment is given.
 */
import { createHash, createHmac } from 'node:crypto';

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignedQuery {
  readonly service: string;
  readonly region: string;
  readonly host: string;
  /** What is asked, without the parameters of the signature. */
  readonly query: Readonly<Record<string, string>>;
  /** Headers that the signature covers, beside the host; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresSeconds: number;
  /** In ms since 1970. */
  readonly atMs: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const DAY_CHARS = 8;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Uint8Array, text: string): Uint8Array => createHmac('sha256', key).update(text).digest();

/** As RFC 3986 has it: `encodeURIComponent` leaves five characters that a signature must not. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/gu,
    (character) => `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
  );

const sortedByName = (record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] =>
  Object.entries(record).toSorted(([left], [right]) => (left < right ? -1 : 1));

/** `20261122T093000Z`. */
export const amzDate = (atMs: number): string => new Date(atMs).toISOString().replaceAll(/[:-]|\.\d{3}/gu, '');

/** The query to send, signature included. */
export const signQuery = (credentials: SigningCredentials, request: SignedQuery): string => {
  const { service, region, host, expiresSeconds, atMs } = request;
  const date = amzDate(atMs);
  const day = date.slice(0, DAY_CHARS);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const headers = sortedByName({ ...request.headers, host });
  const signedHeaders = headers.map(([name]) => name).join(';');
  const query = sortedByName({
    ...request.query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': date,
    'X-Amz-Expires': expiresSeconds.toString(),
    ...(credentials.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': credentials.sessionToken }),
    'X-Amz-SignedHeaders': signedHeaders,
  })
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .join('&');
  const canonical = [
    'GET',
    '/',
    query,
    ...headers.map(([name, value]) => `${name}:${value.trim()}`),
    '',
    signedHeaders,
    hash(''),
  ].join('\n');
  const toSign = [ALGORITHM, date, scope, hash(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Uint8Array>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  return `${query}&X-Amz-Signature=${Buffer.from(hmac(key, toSign)).toString('hex')}`;
};
