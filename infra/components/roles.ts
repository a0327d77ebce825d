/** One role per function and one for the schedule; what each may do is in `policies.ts`. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

import { type FunctionName, roleName, type RegionNames } from '../names.ts';
import { functionStatements, type PolicyInputs, schedulerStatements, type Statement, trustOf } from '../policies.ts';
import { stateless } from './resource-options.ts';

export interface RolesArgs {
  readonly names: RegionNames;
  readonly keyArn: pulumi.Input<string>;
  readonly policies: PolicyInputs;
  /** What no role may exceed, whatever its own policy says. */
  readonly permissionsBoundaryArn?: string;
}

export interface GrantedRole {
  readonly arn: pulumi.Output<string>;
  /** Wait for it before the role is used: a role without its policy is refused when an event source is connected. */
  readonly policy: aws.iam.RolePolicy;
}

export class Roles extends pulumi.ComponentResource {
  readonly functions: Readonly<Record<FunctionName, GrantedRole>>;
  readonly scheduler: GrantedRole;

  constructor(name: string, args: RolesArgs, options: pulumi.ComponentResourceOptions) {
    super('twinmap:infra:Roles', name, {}, options);
    this.functions = {
      dispatch: createFunctionRole(this, name, args, 'dispatch'),
      sync: createFunctionRole(this, name, args, 'sync'),
      api: createFunctionRole(this, name, args, 'api'),
      drain: createFunctionRole(this, name, args, 'drain'),
      repair: createFunctionRole(this, name, args, 'repair'),
      proof: createFunctionRole(this, name, args, 'proof'),
      audit: createFunctionRole(this, name, args, 'audit'),
    };
    this.scheduler = createSchedulerRole(this, name, args);
    this.registerOutputs({ schedulerArn: this.scheduler.arn });
  }
}

const createFunctionRole = (parent: Roles, name: string, args: RolesArgs, functionName: FunctionName): GrantedRole =>
  createRole(parent, `${name}-${functionName}`, args, {
    roleName: roleName(args.names, functionName),
    description: `What the Twinmap function ${functionName} may do in ${args.names.region}`,
    trust: trustOf(args.names, 'lambda'),
    statements: functionStatements(functionName, args.policies),
  });

const createSchedulerRole = (parent: Roles, name: string, args: RolesArgs): GrantedRole =>
  createRole(parent, `${name}-scheduler`, args, {
    roleName: roleName(args.names, 'scheduler'),
    description: `What the Twinmap schedule may do in ${args.names.region}`,
    trust: trustOf(args.names, 'scheduler'),
    statements: schedulerStatements(args.names, args.keyArn),
  });

interface RoleSpec {
  readonly roleName: string;
  readonly description: string;
  readonly trust: object;
  readonly statements: readonly Statement[];
}

export const createRole = (
  parent: pulumi.Resource,
  logicalName: string,
  { permissionsBoundaryArn }: { readonly permissionsBoundaryArn?: string | undefined },
  spec: RoleSpec,
): GrantedRole => {
  const role = new aws.iam.Role(
    `${logicalName}-role`,
    {
      name: spec.roleName,
      description: spec.description,
      assumeRolePolicy: JSON.stringify(spec.trust),
      ...(permissionsBoundaryArn === undefined ? {} : { permissionsBoundary: permissionsBoundaryArn }),
    },
    stateless(parent),
  );
  const policy = new aws.iam.RolePolicy(
    `${logicalName}-policy`,
    {
      name: 'least-privilege',
      role: role.name,
      policy: pulumi.jsonStringify({ Version: '2012-10-17', Statement: spec.statements }),
    },
    stateless(parent),
  );
  return { arn: role.arn, policy };
};
