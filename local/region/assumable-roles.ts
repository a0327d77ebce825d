/** The declared roles that another account may take on: told to the other Region, whose STS is asked for them. */
import { type AssumableRole, parseTrust } from '../iam/trust.ts';
import { type DeclaredRole, statementsOf } from '../provision/declared-roles.ts';

export const assumableRoles = (roles: Iterable<DeclaredRole>): readonly AssumableRole[] =>
  [...roles]
    .map((role) => ({ arn: role.arn, name: role.name, trust: parseTrust(role.trust), statements: statementsOf(role) }))
    .filter(({ trust, statements }) => trust.length > 0 && statements.length > 0);
