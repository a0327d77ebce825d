/** A declared key that signs is made in the Region; one that encrypts is only referred to. */
import { describe, expect, it } from 'vitest';

import type { RegisteredResource } from '../../../local/monitor/registered-resource.ts';
import { createProvisioner } from '../../../local/provision/provisioner.ts';
import { recordingServices } from './recording-services.ts';

const resource = (type: string, name: string, inputs: Record<string, unknown>): RegisteredResource => ({
  urn: `urn:pulumi:primary::twinmap::${type}::${name}`,
  type,
  name,
  custom: true,
  inputs,
  secretInputs: [],
  protect: false,
  retainOnDelete: false,
  deleteBeforeReplace: false,
  ignoreChanges: [],
  dependencies: [],
});

const SIGNING = { keyUsage: 'SIGN_VERIFY', customerMasterKeySpec: 'ECC_NIST_P256', policy: '{}' };

describe('signing keys', () => {
  it('a key that signs is made under its id, and its alias points at it', async () => {
    const services = recordingServices('us-east-2');
    const { onResource } = createProvisioner(services, {});
    const made = await onResource(resource('aws:kms/key:Key', 'signing-key', SIGNING));
    await onResource(resource('aws:kms/alias:Alias', 'signing-alias', { name: 'alias/a', targetKeyId: made.id }));
    expect(services.calls.signingKeys).toStrictEqual([made.id]);
    expect(services.calls.aliases).toStrictEqual([{ name: 'alias/a', keyId: made.id }]);
    expect(made.outputs['arn']).toBe(`arn:aws:kms:us-east-2:111122223333:key/${made.id}`);
  });

  it('a key that encrypts is made nowhere', async () => {
    const services = recordingServices('us-east-2');
    await createProvisioner(services, {}).onResource(resource('aws:kms/key:Key', 'keys-key', { policy: '{}' }));
    expect(services.calls.signingKeys).toStrictEqual([]);
  });

  it('another key spec is refused', async () => {
    const { onResource } = createProvisioner(recordingServices('us-east-2'), {});
    const other = { ...SIGNING, customerMasterKeySpec: 'RSA_2048' };
    await expect(onResource(resource('aws:kms/key:Key', 'signing-key', other))).rejects.toThrow(/ECC_NIST_P256 only/u);
  });
});
