/** The payloads of the audit table: events, links, signed heads and public keys, as they are stored and read back. */
import { z } from 'zod';

import { AUDIT_ACTIONS, AUDIT_OUTCOMES, type AuditEvent } from '../domain/audit-event.ts';
import { isRegionName, type RegionName } from '../domain/region.ts';
import { canonicalText } from '../stores/envelope.ts';

const region = z.custom<RegionName>((value) => typeof value === 'string' && isRegionName(value));
const hash = z.string().regex(/^[0-9a-f]{64}$/u);
const number = z.int().min(1);
const ms = z.int().min(0);
const details = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** An event as it is stored: with the Region that wrote it, and the epoch which that Region had seen. */
export interface EventPayload extends AuditEvent {
  readonly region: RegionName;
  readonly epoch: number;
}

const eventShape = z.strictObject({
  at: ms,
  actor: z.string(),
  action: z.enum(AUDIT_ACTIONS),
  target: z.string(),
  outcome: z.enum(AUDIT_OUTCOMES),
  details: details.optional(),
  region,
  epoch: z.int().min(0),
});

const eventSchema = eventShape.transform(({ details: given, ...event }): EventPayload =>
  given === undefined ? event : { ...event, details: given },
);

/** One sealed event: its key, its version and the hash of its bytes. */
export interface SealedEvent {
  readonly pk: string;
  readonly sk: string;
  readonly v: string;
  readonly h: string;
}

/** A link of a Region's chain. The links of one epoch are that epoch's writer chain; the first names the last of the one before. */
export interface LinkPayload {
  readonly n: number;
  /** SHA-256 of the bytes of link n - 1. */
  readonly prev: string;
  readonly region: RegionName;
  readonly epoch: number;
  readonly at: number;
  readonly events: readonly SealedEvent[];
}

const linkSchema: z.ZodType<LinkPayload> = z.strictObject({
  n: number,
  prev: hash,
  region,
  epoch: z.int().min(0),
  at: ms,
  events: z.array(z.strictObject({ pk: z.string(), sk: z.string(), v: z.string(), h: hash })),
});

/** What a signature covers: how far a chain went at a moment, and the signed head before it. */
export interface HeadClaim {
  readonly n: number;
  /** SHA-256 of the bytes of signed head n - 1. */
  readonly prev: string;
  readonly region: RegionName;
  readonly epoch: number;
  /** The number of the chain's last link, and its hash. */
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  /** Fingerprint of the public key that verifies it. */
  readonly key: string;
}

export interface HeadPayload extends HeadClaim {
  /** ECDSA over P-256 and SHA-256, DER, base64. */
  readonly signature: string;
}

const headSchema: z.ZodType<HeadPayload> = z.strictObject({
  n: number,
  prev: hash,
  region,
  epoch: z.int().min(0),
  seq: number,
  hash,
  at: ms,
  key: hash,
  signature: z.base64(),
});

export interface PublicKeyPayload {
  readonly region: RegionName;
  /** SubjectPublicKeyInfo, DER, base64. */
  readonly spki: string;
  readonly at: number;
}

const publicKeySchema: z.ZodType<PublicKeyPayload> = z.strictObject({ region, spki: z.base64(), at: ms });

/** What a Region keeps of the other's latest signed head: the record's own bytes. */
export interface WitnessedHead {
  readonly h: string;
  readonly data: string;
}

const witnessSchema: z.ZodType<WitnessedHead> = z.strictObject({ h: hash, data: z.string() });

export interface LogPosition {
  readonly h: string;
}

const positionSchema: z.ZodType<LogPosition> = z.strictObject({ h: hash });

export type Parsed<T> =
  { readonly kind: 'valid'; readonly value: T } | { readonly kind: 'invalid'; readonly why: string };

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no payload; the schema says so.
    return undefined;
  }
};

/** Names the property that is wrong, never its value: it may be anything. */
const parse = <T>(schema: z.ZodType<T>, value: unknown): Parsed<T> => {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { kind: 'valid', value: parsed.data }
    : { kind: 'invalid', why: `its property "${parsed.error.issues[0]?.path.join('.') ?? ''}" is wrong or missing` };
};

/** A record's bytes are canonical: the same payload spelled in another way is other bytes, which nobody of ours wrote. */
const parseRecord = <T>(schema: z.ZodType<T>, text: string): Parsed<T> => {
  const value = parseJson(text);
  if (value === undefined) {
    return { kind: 'invalid', why: 'it is not JSON' };
  }
  return canonicalText(value) === text
    ? parse(schema, value)
    : { kind: 'invalid', why: 'its bytes are not in canonical form' };
};

export const parseEvent = (text: string): Parsed<EventPayload> => parseRecord(eventSchema, text);
export const parseLink = (text: string): Parsed<LinkPayload> => parseRecord(linkSchema, text);
export const parseHead = (text: string): Parsed<HeadPayload> => parseRecord(headSchema, text);
export const parsePublicKey = (text: string): Parsed<PublicKeyPayload> => parseRecord(publicKeySchema, text);
export const parseWitness = (text: string): Parsed<WitnessedHead> => parse(witnessSchema, parseJson(text));
export const parsePosition = (text: string): Parsed<LogPosition> => parse(positionSchema, parseJson(text));
