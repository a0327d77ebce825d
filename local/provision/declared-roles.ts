/** The roles that the program declares, with their policies: what every call is checked against. */
import { ConfigError } from '../../functions/domain/errors.ts';
import { parsePolicy, type PolicyStatement } from '../iam/policy-document.ts';

export interface DeclaredRole {
  readonly name: string;
  readonly arn: string;
  /** Who may assume it, as JSON text. */
  readonly trust: string;
  /** By policy name. */
  readonly policies: ReadonlyMap<string, readonly PolicyStatement[]>;
}

interface OpenRole extends DeclaredRole {
  readonly policies: Map<string, readonly PolicyStatement[]>;
}

export class DeclaredRoles {
  readonly #byName = new Map<string, OpenRole>();

  /** By role ARN, as a function names its role. */
  get byArn(): ReadonlyMap<string, DeclaredRole> {
    return new Map([...this.#byName.values()].map((role) => [role.arn, role]));
  }

  declare(role: Omit<DeclaredRole, 'policies'>): void {
    this.#byName.set(role.name, { ...role, policies: new Map() });
  }

  grant(roleName: string, policyName: string, text: string): void {
    const role = this.#byName.get(roleName);
    if (role === undefined) {
      throw new ConfigError(`the role ${roleName} is not declared in this stack`);
    }
    role.policies.set(policyName, parsePolicy(text));
  }
}

/** Everything that a role may do, whatever policy says it. */
export const statementsOf = ({ policies }: DeclaredRole): readonly PolicyStatement[] => [...policies.values()].flat();
