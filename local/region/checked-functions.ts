/** Declares who each function is before it can run: its access key, and the role that its calls are checked against. */
import { ConfigError } from '../../functions/domain/errors.ts';
import type { Principal } from '../iam/principal.ts';
import { accessKeyIdOf } from '../lambda/environment-launch.ts';
import { type DeclaredRole, statementsOf } from '../provision/declared-roles.ts';
import type { FunctionSpec, RegionServices } from './services.ts';

export interface PrincipalRegister {
  /** As declared so far, by ARN: a function comes after its role, and the role's policy. */
  readonly roles: () => ReadonlyMap<string, DeclaredRole>;
  readonly declare: (principal: Principal) => void;
}

const principalOf = (spec: FunctionSpec, role: DeclaredRole | undefined): Principal => {
  if (role === undefined) {
    throw new ConfigError(
      `the function ${spec.name} runs as ${spec.roleArn}, and this stack declares no such role before it; make the function depend on its role's policy`,
    );
  }
  return {
    accessKeyId: accessKeyIdOf(spec.name),
    functionName: spec.name,
    roleName: role.name,
    roleArn: role.arn,
    statements: statementsOf(role),
  };
};

export const checkedFunctions = (
  functions: RegionServices['functions'],
  { roles, declare }: PrincipalRegister,
): RegionServices['functions'] => ({
  ensureFunction: async (spec) => {
    declare(principalOf(spec, roles().get(spec.roleArn)));
    await functions.ensureFunction(spec);
  },
  ensureEventSource: async (spec) => functions.ensureEventSource(spec),
});
