/** One customer-managed key for everything that this Region stores. Never a multi-Region key: those are one key in two places. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { keyPolicyText } from '../key-policy.ts';
import type { RegionNames } from '../names.ts';
import { stateful, stateless } from './resource-options.ts';

export interface KeysArgs {
  readonly names: RegionNames;
}

const DELETION_WINDOW_DAYS = 30;

export class Keys extends pulumi.ComponentResource {
  readonly keyArn: pulumi.Output<string>;

  constructor(name: string, args: KeysArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Keys', name, {}, options);
    const key = createKey(this, name, args);
    createAlias(this, name, args, key);
    this.keyArn = key.arn;
    this.registerOutputs({ keyArn: this.keyArn });
  }
}

const createKey = (parent: Keys, name: string, { names }: KeysArgs): aws.kms.Key =>
  new aws.kms.Key(
    `${name}-key`,
    {
      description: `Twinmap data in ${names.region}`,
      enableKeyRotation: true,
      multiRegion: false,
      deletionWindowInDays: DELETION_WINDOW_DAYS,
      policy: keyPolicyText(names),
    },
    stateful(parent),
  );

/** The peer's roles recognise this key by its alias. */
const createAlias = (parent: Keys, name: string, { names }: KeysArgs, key: aws.kms.Key): aws.kms.Alias =>
  new aws.kms.Alias(`${name}-alias`, { name: names.keyAlias, targetKeyId: key.keyId }, stateless(parent));
