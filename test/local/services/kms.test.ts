/** The local KMS through the unmodified SDK client and through the product's own signer. */
import { createPublicKey, verify } from 'node:crypto';

import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openKmsSigner } from '../../../functions/aws/kms-signer.ts';
import { openRegion, type OpenRegion } from './open-region.ts';

const KEY = '1b2c3d4e-0000-4000-8000-000000000001';
const ALIAS = 'alias/twinmap-us-east-2-audit';

let region: OpenRegion;

beforeEach(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKLOCAL';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'local';
  region = await openRegion();
  await region.services.keys.ensureSigningKey(KEY);
  await region.services.keys.ensureAlias(ALIAS, KEY);
});

afterEach(async () => {
  await region.close();
});

const clientOf = (open: OpenRegion): KMSClient =>
  new KMSClient({
    endpoint: open.services.endpoint,
    region: 'us-east-2',
    credentials: { accessKeyId: 'AKLOCAL', secretAccessKey: 'local' },
    maxAttempts: 1,
  });

const signerOf = (open: OpenRegion, keyId = KEY): ReturnType<typeof openKmsSigner> =>
  openKmsSigner({
    target: {
      region: 'us-east-2',
      endpoint: open.services.endpoint,
      bounds: { connectTimeoutMs: 2000, callTimeoutMs: 5000, attemptsMax: 1 },
    },
    keyId,
  });

const MESSAGE = Buffer.from('how far the chain goes');

const isSigned = (spki: Uint8Array, signature: Uint8Array): boolean =>
  verify('sha256', MESSAGE, createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), signature);

const bytesOf = (result: Awaited<ReturnType<ReturnType<typeof openKmsSigner>['sign']>>): Uint8Array => {
  if (result.kind === 'failed') {
    throw new TypeError(result.failure.message);
  }
  return result.value;
};

describe('the local KMS', () => {
  it('signs so that the public key verifies it, by id, ARN and alias', async () => {
    const client = clientOf(region);
    const arn = `arn:aws:kms:us-east-2:111122223333:key/${KEY}`;
    const { PublicKey: spki, KeyId } = await client.send(new GetPublicKeyCommand({ KeyId: ALIAS }));
    expect(KeyId).toBe(arn);
    for (const keyId of [KEY, arn, ALIAS]) {
      const { Signature: signature } = await client.send(
        new SignCommand({ KeyId: keyId, Message: MESSAGE, SigningAlgorithm: 'ECDSA_SHA_256' }),
      );
      expect(isSigned(spki ?? new Uint8Array(), signature ?? new Uint8Array())).toBe(true);
    }
  });

  it('keeps its key over a restart', async () => {
    const before = bytesOf(await signerOf(region).publicKey());
    region = await region.restart();
    expect(bytesOf(await signerOf(region).publicKey())).toStrictEqual(before);
  });

  it.each([
    ['an unknown key', { KeyId: 'alias/none' }, 'NotFoundException'],
    ['another algorithm', { SigningAlgorithm: 'ECDSA_SHA_384' as const }, 'ValidationException'],
    ['a digest', { MessageType: 'DIGEST' as const }, 'ValidationException'],
    ['a message over its bound', { Message: Buffer.alloc(4097) }, 'ValidationException'],
  ])('refuses %s', async (_what, change, name) => {
    const input = { KeyId: KEY, Message: MESSAGE, SigningAlgorithm: 'ECDSA_SHA_256' as const, ...change };
    await expect(clientOf(region).send(new SignCommand(input))).rejects.toMatchObject({ name });
  });

  it('asks IAM for the action on the key itself, whichever name was used', async () => {
    const asked: string[] = [];
    await region.close();
    region = await openRegion({
      authorize: ({ permissions }) => {
        asked.push(...permissions.map(({ action, resource }) => `${action} ${resource}`));
        return { kind: 'denied', message: 'not allowed' };
      },
    });
    await region.services.keys.ensureSigningKey(KEY);
    await region.services.keys.ensureAlias(ALIAS, KEY);
    const signed = await signerOf(region, ALIAS).sign(MESSAGE);
    expect(signed).toMatchObject({ kind: 'failed', failure: { reason: 'refused', code: 'AccessDeniedException' } });
    expect(asked).toStrictEqual([`kms:Sign arn:aws:kms:us-east-2:111122223333:key/${KEY}`]);
  });
});

describe('the KMS signer', () => {
  it('signs and asks for the public key once', async () => {
    const signer = signerOf(region);
    const spki = bytesOf(await signer.publicKey());
    expect(isSigned(spki, bytesOf(await signer.sign(MESSAGE)))).toBe(true);
    region.services.faults.set({ service: 'kms', mode: 'error-503' });
    expect(bytesOf(await signer.publicKey())).toStrictEqual(spki);
    expect(await signer.sign(MESSAGE)).toMatchObject({ kind: 'failed', failure: { reason: 'unreachable' } });
  });

  it('gives up on a KMS that never answers', async () => {
    region.services.faults.set({ service: 'kms', mode: 'blackhole' });
    const signer = openKmsSigner({
      target: {
        region: 'us-east-2',
        endpoint: region.services.endpoint,
        bounds: { connectTimeoutMs: 200, callTimeoutMs: 300, attemptsMax: 1 },
      },
      keyId: KEY,
    });
    expect(await signer.sign(MESSAGE)).toMatchObject({ kind: 'failed', failure: { reason: 'unreachable' } });
  });
});
