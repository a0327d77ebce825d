/**
 * API tokens: `twm_<id>_<secret>`. The id finds the key's record and is no secret; the secret is 256 random bits, so one
 * SHA-256 of it is all that is stored: a slow hash guards words that people choose, and nobody can guess this. What arrives
 * is compared in constant time, and never logged, echoed or put into an error.
 */
import { timingSafeEqual } from 'node:crypto';

import { isKeyId } from '../domain/api-key.ts';
import { sha256Hex } from '../stores/envelope.ts';

export const TOKEN_PREFIX = 'twm';

export interface ParsedToken {
  readonly id: string;
  readonly secret: string;
}

const ID_BYTES = 8;
const SECRET_BYTES = 32;
const HASH_BYTES = 32;
const TOKEN_PATTERN = /^twm_(?<id>[a-z0-9]{16})_(?<secret>[A-Za-z0-9_-]{43})$/u;

export const parseToken = (text: string): ParsedToken | undefined => {
  const { id, secret } = TOKEN_PATTERN.exec(text)?.groups ?? {};
  return id === undefined || secret === undefined || !isKeyId(id) ? undefined : { id, secret };
};

export const tokenOf = ({ id, secret }: ParsedToken): string => `${TOKEN_PREFIX}_${id}_${secret}`;

/** `secureBytes` must be a cryptographic source. */
export const newToken = (secureBytes: (count: number) => Uint8Array): ParsedToken => ({
  id: Buffer.from(secureBytes(ID_BYTES)).toString('hex'),
  secret: Buffer.from(secureBytes(SECRET_BYTES)).toString('base64url'),
});

export const secretHash = (secret: string): string => sha256Hex(secret);

/** Takes as long for a hash that differs in its first byte as for one that differs in its last. */
export const isSecretOf = (secret: string, hash: string): boolean => {
  const stored = Buffer.alloc(HASH_BYTES);
  const written = stored.write(hash, 'hex');
  const isEqual = timingSafeEqual(stored, Buffer.from(secretHash(secret), 'hex'));
  return isEqual && written === HASH_BYTES && hash.length === 2 * HASH_BYTES;
};
