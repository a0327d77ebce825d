/** One customer-managed key for everything that this Region stores, made here or the customer's own. Never a multi-Region key: those are one key in two places. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { keyPolicyText } from '../key-policy.ts';
import type { RegionNames } from '../names.ts';
import { stateful, stateless } from './resource-options.ts';

export interface KeysArgs {
  readonly names: RegionNames;
  /** The customer's own, whose policy is theirs. Absent: one is made. */
  readonly existingKeyArn?: string;
  /** Roles that use it through a service. */
  readonly callers: readonly string[];
}

const DELETION_WINDOW_DAYS = 30;

export class Keys extends pulumi.ComponentResource {
  readonly keyArn: pulumi.Output<string>;

  constructor(name: string, args: KeysArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Keys', name, {}, options);
    const key = args.existingKeyArn === undefined ? createKey(this, name, args) : takeKey(args.existingKeyArn);
    createAlias(this, name, args, key.keyId);
    this.keyArn = key.arn;
    this.registerOutputs({ keyArn: this.keyArn });
  }
}

const takeKey = (arn: string): { readonly arn: pulumi.Output<string>; readonly keyId: pulumi.Output<string> } => ({
  arn: pulumi.output(arn),
  keyId: pulumi.output(arn.slice(arn.lastIndexOf('/') + 1)),
});

const createKey = (parent: Keys, name: string, { names, callers }: KeysArgs): aws.kms.Key =>
  new aws.kms.Key(
    `${name}-key`,
    {
      description: `Twinmap data in ${names.region}`,
      enableKeyRotation: true,
      multiRegion: false,
      deletionWindowInDays: DELETION_WINDOW_DAYS,
      policy: keyPolicyText(names, callers),
    },
    stateful(parent),
  );

/** The peer's roles recognise this key by its alias. */
const createAlias = (
  parent: Keys,
  name: string,
  { names }: KeysArgs,
  targetKeyId: pulumi.Input<string>,
): aws.kms.Alias => new aws.kms.Alias(`${name}-alias`, { name: names.keyAlias, targetKeyId }, stateless(parent));
