/** Signs audit heads with the Region's own KMS key. The private part never leaves KMS; the public one is asked for once. */
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';

import type { HeadSigner } from '../audit/head-signer.ts';
import { done, failed, type Result } from '../domain/failure.ts';
import { boundedCall, clientOptions, type ClientTarget } from './client-options.ts';

export interface KmsSignerOptions {
  readonly target: ClientTarget;
  /** The ARN of an ECC_NIST_P256 key for signing. */
  readonly keyId: string;
}

const ALGORITHM = 'ECDSA_SHA_256';

const present = (bytes: Result<Uint8Array | undefined>): Result<Uint8Array> => {
  if (bytes.kind === 'failed') {
    return bytes;
  }
  return bytes.value === undefined
    ? failed({ reason: 'unknown', code: 'NoAnswer', message: 'KMS answered without the bytes that were asked for' })
    : done(bytes.value);
};

export const openKmsSigner = ({ target, keyId }: KmsSignerOptions): HeadSigner => {
  const client = new KMSClient(clientOptions(target));
  const { callTimeoutMs } = target.bounds;
  let known: Uint8Array | undefined;
  return {
    publicKey: async () => {
      if (known !== undefined) {
        return done(known);
      }
      const read = present(
        await boundedCall(callTimeoutMs, async (bound) => {
          const output = await client.send(new GetPublicKeyCommand({ KeyId: keyId }), bound);
          return output.PublicKey;
        }),
      );
      known = read.kind === 'done' ? read.value : undefined;
      return read;
    },
    sign: async (bytes) =>
      present(
        await boundedCall(callTimeoutMs, async (bound) => {
          const output = await client.send(
            new SignCommand({ KeyId: keyId, Message: bytes, MessageType: 'RAW', SigningAlgorithm: ALGORITHM }),
            bound,
          );
          return output.Signature;
        }),
      ),
  };
};
