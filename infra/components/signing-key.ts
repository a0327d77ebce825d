/**
 * The key that signs this Region's audit heads: asymmetric, so that anybody can verify with the public part and nobody, not
 * even somebody who can write every table, can sign without calling KMS. Each Region has its own; KMS never rotates such a key.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { signingKeyPolicyText } from '../key-policy.ts';
import type { RegionNames } from '../names.ts';
import { stateful, stateless } from './resource-options.ts';

export interface SigningKeyArgs {
  readonly names: RegionNames;
}

const DELETION_WINDOW_DAYS = 30;

export class SigningKey extends pulumi.ComponentResource {
  readonly signingKeyArn: pulumi.Output<string>;

  constructor(name: string, args: SigningKeyArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:SigningKey', name, {}, options);
    const key = createKey(this, name, args);
    createAlias(this, name, args, key);
    this.signingKeyArn = key.arn;
    this.registerOutputs({ signingKeyArn: this.signingKeyArn });
  }
}

const createKey = (parent: SigningKey, name: string, { names }: SigningKeyArgs): aws.kms.Key =>
  new aws.kms.Key(
    `${name}-key`,
    {
      description: `Signs the Twinmap audit log of ${names.region}`,
      keyUsage: 'SIGN_VERIFY',
      customerMasterKeySpec: 'ECC_NIST_P256',
      multiRegion: false,
      deletionWindowInDays: DELETION_WINDOW_DAYS,
      policy: signingKeyPolicyText(names),
    },
    stateful(parent),
  );

const createAlias = (parent: SigningKey, name: string, { names }: SigningKeyArgs, key: aws.kms.Key): aws.kms.Alias =>
  new aws.kms.Alias(`${name}-alias`, { name: names.signingKeyAlias, targetKeyId: key.keyId }, stateless(parent));
