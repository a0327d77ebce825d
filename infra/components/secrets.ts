/**
 * The Region's secrets, as names: a person puts each value in each Region, so that none is ever in a stack file, in the state or in
 * a plan, and no Region needs the other one's. Only the sync function may read them, and that stands on the secret itself too.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { roleArn, roleName, type RegionNames, viaService } from '../names.ts';
import { stateful, stateless } from './resource-options.ts';
import type { GrantedRole } from './roles.ts';

export interface SecretsArgs {
  readonly names: RegionNames;
  readonly keyArn: pulumi.Input<string>;
  /** As `secretsmanager:NAME` refers to them. */
  readonly secrets: readonly string[];
  readonly reader: GrantedRole;
}

const RECOVERY_DAYS = 30;

export class Secrets extends pulumi.ComponentResource {
  readonly arns: pulumi.Output<string[]>;
  /** What a person types in this Region, once for each. */
  readonly commands: readonly string[];

  constructor(name: string, args: SecretsArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Secrets', name, {}, options);
    const secrets = args.secrets.map((secretName) => createSecret(this, name, args, secretName));
    this.arns = pulumi.all(secrets.map(({ arn }) => arn));
    if (secrets.length > 0) {
      letSyncRead(this, name, args, this.arns);
    }
    this.commands = args.secrets.map((secretName) => putCommand(args.names, secretName));
    this.registerOutputs({ arns: this.arns });
  }
}

const putCommand = ({ region }: RegionNames, secretName: string): string =>
  `aws secretsmanager put-secret-value --region ${region} --secret-id ${secretName} --secret-string file://<file with the value>`;

const logicalName = (name: string, secretName: string): string => `${name}-${secretName.replaceAll(/[^\w-]/gu, '-')}`;

const createSecret = (
  parent: Secrets,
  name: string,
  { names, keyArn }: SecretsArgs,
  secretName: string,
): aws.secretsmanager.Secret => {
  const secret = new aws.secretsmanager.Secret(
    logicalName(name, secretName),
    {
      name: secretName,
      description: `Read by the Twinmap function sync in ${names.region}`,
      kmsKeyId: keyArn,
      recoveryWindowInDays: RECOVERY_DAYS,
    },
    stateful(parent),
  );
  bound(parent, `${logicalName(name, secretName)}-policy`, names, secret);
  return secret;
};

/** Whoever administers the account may put a value or delete it; reading it back is for the function alone. */
const bound = (
  parent: Secrets,
  policyName: string,
  names: RegionNames,
  secret: aws.secretsmanager.Secret,
): aws.secretsmanager.SecretPolicy =>
  new aws.secretsmanager.SecretPolicy(
    policyName,
    {
      secretArn: secret.arn,
      blockPublicPolicy: true,
      policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'OnlySyncReads',
            Effect: 'Deny',
            Principal: '*',
            Action: ['secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue'],
            Resource: '*',
            Condition: { ArnNotEquals: { 'aws:PrincipalArn': roleArn(names, 'sync') } },
          },
        ],
      }),
    },
    stateless(parent),
  );

const letSyncRead = (
  parent: Secrets,
  name: string,
  { names, keyArn, reader }: SecretsArgs,
  arns: pulumi.Output<string[]>,
): aws.iam.RolePolicy =>
  new aws.iam.RolePolicy(
    `${name}-read`,
    {
      name: 'read-secrets',
      role: roleName(names, 'sync'),
      policy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [
          { Sid: 'Secrets', Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: arns },
          {
            Sid: 'SecretsKey',
            Effect: 'Allow',
            Action: ['kms:Decrypt'],
            Resource: [keyArn],
            Condition: { StringEquals: { 'kms:ViaService': viaService(names, 'secretsmanager') } },
          },
        ],
      }),
    },
    { ...stateless(parent), dependsOn: [reader.policy] },
  );
