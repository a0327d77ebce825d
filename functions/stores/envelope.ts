/** Makes replicated records: canonical payload text (RFC 8785), its hash, and tombstones. */
import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import { InvariantError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordKey, ReplicatedRecord } from '../domain/record.ts';

export const sha256Hex = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Canonical JSON text of a payload: the same value is the same bytes in both Regions. */
export const canonicalText = (payload: unknown): string => {
  const text = canonicalize(payload);
  if (text === undefined) {
    throw new InvariantError('a payload is not JSON');
  }
  return text;
};

/** A payload as it is stored: its bytes and their hash. */
export interface CanonicalPayload {
  readonly data: string;
  readonly h: string;
}

export const canonicalPayload = (payload: unknown): CanonicalPayload => {
  const data = canonicalText(payload);
  return { data, h: sha256Hex(data) };
};

/** A live record of a payload that was made canonical before. */
export const makeCanonicalRecord = (
  key: RecordKey,
  write: { v: string; op: string },
  { data, h }: CanonicalPayload,
): ReplicatedRecord => {
  if (Buffer.byteLength(data) > LIMITS.recordBytesMax) {
    throw new InvariantError(`the record ${key.sk} is over ${LIMITS.recordBytesMax} bytes`);
  }
  return { pk: key.pk, sk: key.sk, v: write.v, op: write.op, h, data };
};

/** A live record. Refuses a payload over the item limit: a write that DynamoDB refuses would stop the cycle for ever. */
export const makeRecord = (key: RecordKey, write: { v: string; op: string }, payload: unknown): ReplicatedRecord =>
  makeCanonicalRecord(key, write, canonicalPayload(payload));

/** The hash of an empty payload: what every tombstone carries. */
export const TOMBSTONE_HASH = sha256Hex('');

/** A delete is a record too, written even where nothing was stored: it must win against older writes that arrive late. */
export const makeTombstone = (key: RecordKey, write: { v: string; op: string }): ReplicatedRecord => ({
  ...key,
  v: write.v,
  op: write.op,
  h: TOMBSTONE_HASH,
  del: true,
  data: '',
});
