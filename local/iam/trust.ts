/**
 * Who may take on a role of another account: the part of trust policies that the program emits. The services that run functions are
 * trusted too, and that is not asked here: a local Lambda starts what is declared.
 */
import { createHash } from 'node:crypto';

import { z } from 'zod';

import { ConfigError } from '../../functions/domain/errors.ts';
import { arnParts, type PolicyStatement } from './policy-document.ts';
import type { Principal } from './principal.ts';

/** Plain values: one Region hands its own to the other. */
export interface AssumableRole {
  readonly arn: string;
  readonly name: string;
  readonly trust: readonly TrustStatement[];
  readonly statements: readonly PolicyStatement[];
}

export interface TrustStatement {
  /** `arn:…:root` of an account. */
  readonly account: string;
  /** Roles of that account; any of them where there is no condition. */
  readonly principals?: readonly string[] | undefined;
}

const ASSUME = 'sts:AssumeRole';

const texts = z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)]);

const serviceStatement = z.looseObject({ Principal: z.strictObject({ Service: z.string() }) });

const accountStatement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.literal('Allow'),
  Principal: z.strictObject({ AWS: z.string().regex(/^arn:[a-z-]+:iam::\d{12}:root$/u) }),
  Action: z.literal(ASSUME),
  Condition: z.strictObject({ StringEquals: z.strictObject({ 'aws:PrincipalArn': texts }) }).optional(),
});

const trustSchema = z.object({ Statement: z.array(z.union([serviceStatement, accountStatement])) });

/** The accounts that a trust policy lets in; empty where only services may take the role. */
export const parseTrust = (text: string): readonly TrustStatement[] => {
  const parsed = trustSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new ConfigError('the trust policy is not one that can be checked: teach local/iam/trust.ts the new part');
  }
  return parsed.data.Statement.flatMap((statement) => {
    const account = accountStatement.safeParse(statement);
    return account.success
      ? [
          {
            account: account.data.Principal.AWS,
            principals: account.data.Condition?.StringEquals['aws:PrincipalArn'],
          },
        ]
      : [];
  });
};

const accountOf = (arn: string): string => arnParts(arn)?.[4] ?? '';

export const isTrusted = ({ trust }: AssumableRole, { roleArn }: Principal): boolean =>
  trust.some(
    ({ account, principals }) =>
      accountOf(account) === accountOf(roleArn) && (principals === undefined || principals.includes(roleArn)),
  );

/**
 * The key of a session: the same for the same caller and role, so that the Region that is called knows it without having been told, and
 * still does after a restart.
 */
export const sessionKeyOf = (role: AssumableRole, caller: Principal): string =>
  `LOCALROLE${createHash('sha256').update(`${role.arn} ${caller.accessKeyId}`).digest('hex').slice(0, 20).toUpperCase()}`;

/** The caller as the role that it has taken on. */
export const asRole = (role: AssumableRole, caller: Principal): Principal => ({
  accessKeyId: sessionKeyOf(role, caller),
  functionName: caller.functionName,
  roleName: role.name,
  roleArn: role.arn,
  statements: role.statements,
});
