/** The roles that the program declares, with their policies: what a check of every call against them reads. */
import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';

const listOf = z.union([z.string().transform((text) => [text]), z.array(z.string())]);

const statementSchema = z.object({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: listOf,
  Resource: listOf,
  Condition: z.record(z.string(), z.record(z.string(), listOf)).optional(),
});

const documentSchema = z.object({ Version: z.literal('2012-10-17'), Statement: z.array(statementSchema).min(1) });

export type PolicyStatement = z.infer<typeof statementSchema>;

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
    role.policies.set(policyName, parseStatements(text));
  }
}

const parseStatements = (text: string): readonly PolicyStatement[] => {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ConfigError('the policy is not JSON', { cause: error });
  }
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(
      `the policy is not one that can be checked: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    );
  }
  return parsed.data.Statement;
};
