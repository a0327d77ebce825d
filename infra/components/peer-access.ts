/** Two accounts: the role that the other Region's functions take on here. Inside one account there is none. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { roleName, type RegionNames } from '../names.ts';
import { peerRoleStatements, peerTrust } from '../peer-policies.ts';
import { stateless } from './resource-options.ts';

export interface PeerAccessArgs {
  readonly names: RegionNames;
  readonly peer: RegionNames;
  readonly keyArn: pulumi.Input<string>;
  readonly permissionsBoundaryArn?: string;
}

/** One role may take on another for an hour at most, and sessions are renewed long before. */
const SESSION_SECONDS_MAX = 3600;

export class PeerAccess extends pulumi.ComponentResource {
  readonly roleArn: pulumi.Output<string>;

  constructor(name: string, args: PeerAccessArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:PeerAccess', name, {}, options);
    const role = createRole(this, name, args);
    grant(this, name, args, role);
    this.roleArn = role.arn;
    this.registerOutputs({ roleArn: this.roleArn });
  }
}

const createRole = (
  parent: PeerAccess,
  name: string,
  { names, peer, permissionsBoundaryArn }: PeerAccessArgs,
): aws.iam.Role =>
  new aws.iam.Role(
    `${name}-role`,
    {
      name: roleName(names, 'peer'),
      description: `What the Twinmap functions of ${peer.region} may do in ${names.region}`,
      assumeRolePolicy: JSON.stringify(peerTrust(peer)),
      maxSessionDuration: SESSION_SECONDS_MAX,
      ...(permissionsBoundaryArn === undefined ? {} : { permissionsBoundary: permissionsBoundaryArn }),
    },
    stateless(parent),
  );

const grant = (
  parent: PeerAccess,
  name: string,
  { names, keyArn }: PeerAccessArgs,
  role: aws.iam.Role,
): aws.iam.RolePolicy =>
  new aws.iam.RolePolicy(
    `${name}-policy`,
    {
      name: 'least-privilege',
      role: role.name,
      policy: pulumi.jsonStringify({ Version: '2012-10-17', Statement: peerRoleStatements(names, keyArn) }),
    },
    stateless(parent),
  );
