/** The port of signing, and what verifying needs: nothing but the public key. ECDSA over P-256 with SHA-256, DER encoded. */
import { createPublicKey, verify } from 'node:crypto';

import type { Result } from '../domain/failure.ts';
import { canonicalText, sha256Hex } from '../stores/envelope.ts';
import type { HeadClaim } from './payloads.ts';

export interface HeadSigner {
  /** SubjectPublicKeyInfo, DER. */
  publicKey(): Promise<Result<Uint8Array>>;
  /** The signature of the bytes, DER. The key never leaves the service. */
  sign(bytes: Uint8Array): Promise<Result<Uint8Array>>;
}

/** What a key is called: the SHA-256 of its public part, as `openssl pkey -pubin -outform der | sha256sum` shows it. */
export const fingerprintOf = (spki: Uint8Array): string => sha256Hex(spki);

/** The bytes that are signed. They say what they are, so that no signature made for something else fits. */
export const signedBytes = (claim: HeadClaim): Uint8Array => {
  const { n, prev, region, epoch, seq, hash, at, key } = claim;
  const text = canonicalText({ kind: 'twinmap-audit-head', n, prev, region, epoch, seq, hash, at, key });
  return Buffer.from(text);
};

/** False for anything that is not this key's signature of these bytes, also where key or signature are no such thing. */
export const isSignedBy = (spki: Uint8Array, claim: HeadClaim, signature: string): boolean => {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return (
      key.asymmetricKeyType === 'ec' &&
      key.asymmetricKeyDetails?.namedCurve === 'prime256v1' &&
      verify('sha256', signedBytes(claim), key, Buffer.from(signature, 'base64'))
    );
  } catch {
    // Not a key, or not a signature: what Node says about it adds nothing.
    return false;
  }
};
