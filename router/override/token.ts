/**
 * An override that proves itself: mode, audience, expiry and sequence number under an Ed25519 signature. It needs no store and
 * no vendor log-in to be believed, so it can be a header, a cookie, a link in a chat, or a PUT, on the day those are down.
 */
import type { Mode } from '../policy/mode.ts';

const PREFIX = 'twr1';

/** `fleet` may become the router's state; `request` speaks for the request that carries it, and can't be promoted. */
export type TokenScope = 'fleet' | 'request';

export interface OverridePayload {
  readonly mode: Mode;
  readonly scope: TokenScope;
  /** The router's name: a token of another fleet is not for this one. */
  readonly aud: string;
  readonly kid: string;
  readonly iatMs: number;
  readonly expMs: number;
  /** Of two fleet tokens the higher one stands, in whatever order they arrive. */
  readonly seq: number;
  readonly by: string;
  readonly why: string;
}

export interface OverrideKey {
  readonly kid: string;
  /** 32 bytes, base64url. */
  readonly publicKey: string;
}

export interface VerifyOptions {
  readonly keys: readonly OverrideKey[];
  readonly audience: string;
  readonly regions: readonly string[];
  readonly lifetimeMsMax: number;
  readonly nowMs: number;
}

export type VerifiedToken =
  { readonly kind: 'valid'; readonly payload: OverridePayload } | { readonly kind: 'refused'; readonly why: string };

const CLOCK_SKEW_MS = 60_000;
const TOKEN_CHARS_MAX = 2048;
const SIGNATURE_BYTES = 64;

const encode = (bytes: Uint8Array): string =>
  btoa(String.fromCodePoint(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const decode = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.codePointAt(0) ?? 0);
  } catch {
    return undefined;
  }
};

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const modeOf = (value: unknown): Mode | undefined => {
  if (!isFields(value)) {
    return undefined;
  }
  const { kind, region } = value;
  if (kind === 'auto' || kind === 'maintenance') {
    return { kind };
  }
  return (kind === 'prefer' || kind === 'pin') && typeof region === 'string' ? { kind, region } : undefined;
};

const payloadOf = (text: string): OverridePayload | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isFields(value)) {
    return undefined;
  }
  const { scope, aud, kid, iatMs, expMs, seq, by, why } = value;
  const mode = modeOf(value['mode']);
  const areTexts =
    typeof aud === 'string' && typeof kid === 'string' && typeof by === 'string' && typeof why === 'string';
  const areNumbers = typeof iatMs === 'number' && typeof expMs === 'number' && typeof seq === 'number';
  return mode !== undefined && areTexts && areNumbers && (scope === 'fleet' || scope === 'request')
    ? { mode, scope, aud, kid, iatMs, expMs, seq, by, why }
    : undefined;
};

export interface NewKeyPair {
  /** 32 bytes, base64url: goes into the config. */
  readonly publicKey: string;
  /** PKCS #8, base64url: stays with the operators. */
  readonly privateKey: string;
}

export const newKeyPair = async (): Promise<NewKeyPair> => {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('publicKey' in pair)) {
    throw new TypeError('This runtime makes no Ed25519 key pairs.');
  }
  return {
    publicKey: encode(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))),
    privateKey: encode(new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))),
  };
};

export const mintToken = async (payload: OverridePayload, privateKey: string): Promise<string> => {
  const bytes = decode(privateKey);
  if (bytes === undefined) {
    throw new RangeError('The private key is not base64url text.');
  }
  const key = await crypto.subtle.importKey('pkcs8', bytes, 'Ed25519', false, ['sign']);
  const signed = `${PREFIX}.${encode(bytesOf(JSON.stringify(payload)))}`;
  const signature = await crypto.subtle.sign('Ed25519', key, bytesOf(signed));
  return `${signed}.${encode(new Uint8Array(signature))}`;
};

/** Reads a token without believing it: for `router token` to show. */
export const readToken = (token: string): OverridePayload | undefined => {
  const bytes = decode(token.split('.')[1] ?? '');
  return bytes === undefined ? undefined : payloadOf(new TextDecoder().decode(bytes));
};

const refused = (why: string): VerifiedToken => ({ kind: 'refused', why });

/** What is wrong with a payload whose signature is good. */
const objection = (payload: OverridePayload, options: VerifyOptions): string | undefined => {
  const { mode, aud, iatMs, expMs, seq } = payload;
  const { audience, regions, lifetimeMsMax, nowMs } = options;
  if (aud !== audience) {
    return `it is for "${aud}", not for "${audience}"`;
  }
  if (expMs <= nowMs) {
    return `it expired at ${new Date(expMs).toISOString()}`;
  }
  if (iatMs > nowMs + CLOCK_SKEW_MS) {
    return 'it was made in the future';
  }
  if (expMs - iatMs > lifetimeMsMax) {
    return `it lives longer than the ${Math.round(lifetimeMsMax / 1000)} s that are allowed`;
  }
  if (!Number.isSafeInteger(seq) || seq < 0) {
    return 'its sequence number is none';
  }
  return 'region' in mode && !regions.includes(mode.region)
    ? `it names the Region "${mode.region}", which this router does not have`
    : undefined;
};

export const verifyToken = async (token: string, options: VerifyOptions): Promise<VerifiedToken> => {
  const [prefix, body, signature, rest] = token.split('.');
  if (
    token.length > TOKEN_CHARS_MAX ||
    prefix !== PREFIX ||
    body === undefined ||
    signature === undefined ||
    rest !== undefined
  ) {
    return refused('it is not an override token');
  }
  const payload = readToken(token);
  const signatureBytes = decode(signature);
  if (payload === undefined || signatureBytes === undefined) {
    return refused('it is not readable');
  }
  const publicKey = decode(options.keys.find(({ kid }) => kid === payload.kid)?.publicKey ?? '');
  if (publicKey === undefined || publicKey.length === 0) {
    return refused(`its key "${payload.kid}" is not one of this router`);
  }
  if (signatureBytes.length !== SIGNATURE_BYTES) {
    return refused('its signature does not match'); // Some runtimes throw where others say no.
  }
  const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
  const isGood = await crypto.subtle.verify('Ed25519', key, signatureBytes, bytesOf(`${prefix}.${body}`));
  if (!isGood) {
    return refused('its signature does not match');
  }
  const why = objection(payload, options);
  return why === undefined ? { kind: 'valid', payload } : refused(why);
};
