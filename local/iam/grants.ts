/**
 * Declared against done: every single grant of a role (one action on one resource, through one service where a key is used) that
 * no call needed, and every key use that a call needed and nobody granted. Pure; the calls come from running Regions.
 */
import type { AccessCount } from './access-guard.ts';
import { isSameAction, matchesArn } from './evaluate.ts';
import { KEY_USES, SERVICE_USES, type ServiceUse } from './implied-actions.ts';
import { arnParts, type PolicyStatement } from './policy-document.ts';
import type { Principal } from './principal.ts';

export interface Grant {
  readonly functionName: string;
  /** The statement's own name. */
  readonly sid: string;
  readonly action: string;
  /** As declared, with its stars. */
  readonly resource: string;
  /** The service that uses the key for the function, as `kms:ViaService` names it. */
  readonly via?: string;
}

/** What Lambda is told to do for a function, beside calling it. */
export interface FunctionUse {
  readonly queueArn?: string;
  readonly isInVpc?: boolean;
}

export interface RoleUse {
  readonly principal: Principal;
  readonly use: FunctionUse;
  /** Of any role; those of others are left out. */
  readonly calls: readonly AccessCount[];
}

const viaOf = ({ Condition }: PolicyStatement): readonly string[] | undefined =>
  Condition?.StringEquals?.['kms:ViaService'];

const grantsOfStatement = (functionName: string, statement: PolicyStatement): readonly Grant[] => {
  const { Sid: sid = '', Action, Resource } = statement;
  const through = viaOf(statement);
  return Action.flatMap((action) =>
    Resource.flatMap((resource): readonly Grant[] =>
      through === undefined
        ? [{ functionName, sid, action, resource }]
        : through.map((via) => ({ functionName, sid, action, resource, via })),
    ),
  );
};

export const grantsOf = ({ functionName, statements }: Principal): readonly Grant[] =>
  statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap((statement) => grantsOfStatement(functionName, statement));

interface Done {
  readonly action: string;
  readonly resource: string;
}

const usesOf = (of: ServiceUse['of']): readonly string[] =>
  SERVICE_USES.filter((use) => use.of === of).flatMap(({ actions }) => actions);

/** The function's own calls that were allowed, and what Lambda does with its queue. */
const doneBy = ({ principal, use, calls }: RoleUse): readonly Done[] => {
  const { queueArn } = use;
  return [
    ...calls.filter(({ role, allowed }) => role === principal.roleArn && allowed > 0),
    ...(queueArn === undefined ? [] : usesOf('fed-from-queue').map((action) => ({ action, resource: queueArn }))),
  ];
};

export interface NeededKey {
  readonly action: string;
  /** `dynamodb.us-east-2`; the DNS suffix of the partition follows in a policy. */
  readonly through: string;
}

/** What the services have done with keys for these calls. */
export const neededKeys = (role: RoleUse): readonly NeededKey[] => {
  const needed = new Map<string, NeededKey>();
  for (const { action, resource } of doneBy(role)) {
    const region = arnParts(resource)?.[3] ?? '';
    for (const key of KEY_USES) {
      const isOfService = action.startsWith(`${key.through}:`);
      if (isOfService && (key.calls === undefined || key.calls.some((call) => isSameAction(call, action)))) {
        const one = { action: key.action, through: `${key.through}.${region}` };
        needed.set(`${one.action} ${one.through}`, one);
      }
    }
  }
  return [...needed.values()];
};

const isOwnLog = ({ functionName, resource }: Grant): boolean =>
  resource.endsWith(`:log-group:/aws/lambda/${functionName}:*`);

const isOfService = ({ action, ...grant }: Grant, { isInVpc }: FunctionUse): boolean =>
  (usesOf('every-function').includes(action) && isOwnLog({ action, ...grant })) ||
  (usesOf('in-vpc').includes(action) && isInVpc === true);

const isUsed = (grant: Grant, role: RoleUse): boolean => {
  const { action, resource, via } = grant;
  if (via !== undefined) {
    return neededKeys(role).some((key) => isSameAction(key.action, action) && via.startsWith(`${key.through}.`));
  }
  return (
    isOfService(grant, role.use) ||
    doneBy(role).some((done) => isSameAction(done.action, action) && matchesArn(resource, done.resource))
  );
};

export const unusedGrants = (role: RoleUse): readonly Grant[] =>
  grantsOf(role.principal).filter((grant) => !isUsed(grant, role));

/** Key uses without a grant: on AWS the call itself would be refused. */
export const missingKeys = (role: RoleUse): readonly NeededKey[] =>
  neededKeys(role).filter(
    ({ action, through }) =>
      !grantsOf(role.principal).some(
        (grant) => isSameAction(grant.action, action) && grant.via?.startsWith(`${through}.`) === true,
      ),
  );

/** Grants that another statement of the role gives already: removing one of the two would change nothing. */
export const repeatedGrants = (principal: Principal): readonly Grant[] => {
  const seen = new Set<string>();
  return grantsOf(principal).filter(({ action, resource, via }) => {
    const name = `${action.toLowerCase()} ${resource} ${via ?? ''}`;
    const isRepeated = seen.has(name);
    seen.add(name);
    return isRepeated;
  });
};
