/**
 * Asked by a Region's gateway before anything is applied: may this caller do this? Functions of the Region and of its peer are
 * checked against their declared roles, people act as administrators, and everybody else is refused. What was asked is
 * counted by role, action and resource: from that follows which grants nobody uses.
 */
import type { Authorization, AuthorizationRequest } from '../services/gateway.ts';
import type { Permission } from '../services/service.ts';
import type { Assumed } from '../services/sts/sts-stand-in.ts';
import { type Decision, evaluate, mayAsk } from './evaluate.ts';
import { type AssumableRole, asRole, isTrusted, sessionKeyOf } from './trust.ts';
import { ADMINISTRATOR_KEYS, type Principal, sessionArnOf } from './principal.ts';

/** How often a role has asked for one action on one resource. */
export interface AccessCount {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: number;
  readonly denied: number;
}

export interface Denial {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
}

type Tally = { -readonly [K in keyof AccessCount]: AccessCount[K] };

const ALLOWED: Authorization = { kind: 'allowed' };

const becauseOf = (decision: Extract<Decision, { kind: 'denied' }>, action: string): string =>
  decision.because === 'explicit'
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`;

export class AccessGuard {
  readonly #onDenied: (denial: Denial) => void;
  readonly #principals = new Map<string, Principal>();
  readonly #decisions = new WeakMap<Principal, Map<string, Decision>>();
  readonly #roles = new Map<string, AssumableRole>();
  /** Looked up once; forgotten when roles or callers are declared anew. */
  readonly #sessions = new Map<string, Principal>();
  readonly #tallies = new Map<string, Tally>();

  /** `onDenied` hears of each (role, action, resource) once: a function that is refused tries again and again. */
  constructor(onDenied: (denial: Denial) => void) {
    this.#onDenied = onDenied;
  }

  /** From now on; a principal of the same key is replaced, as a role is by a later deployment. */
  know(principals: readonly Principal[]): void {
    for (const principal of principals) {
      this.#principals.set(principal.accessKeyId, principal);
    }
    this.#sessions.clear();
  }

  /** Roles of this Region and its peer that another account may take on; one of the same ARN is replaced. */
  knowRoles(roles: readonly AssumableRole[]): void {
    for (const role of roles) {
      this.#roles.set(role.arn, role);
    }
    this.#sessions.clear();
  }

  /** What STS gives: undefined where the role does not exist, or does not trust the caller. */
  readonly assume = (accessKeyId: string, roleArn: string): Assumed | undefined => {
    const role = this.#roles.get(roleArn);
    const caller = this.#principals.get(accessKeyId);
    if (role === undefined || caller === undefined || !isTrusted(role, caller)) {
      this.#count(caller?.roleArn ?? accessKeyId, caller?.roleName ?? accessKeyId, {
        action: 'sts:AssumeRole',
        resource: roleArn,
      });
      return undefined;
    }
    const session = asRole(role, caller);
    return { accessKeyId: session.accessKeyId, sessionArnStart: sessionArnOf(session).replace(/\/[^/]*$/u, '') };
  };

  readonly nameOf = (accessKeyId: string): string => {
    const principal = this.#find(accessKeyId);
    return principal === undefined ? accessKeyId : sessionArnOf(principal);
  };

  readonly authorize = ({ service, operation, accessKeyId, permissions }: AuthorizationRequest): Authorization => {
    if (ADMINISTRATOR_KEYS.has(accessKeyId)) {
      return ALLOWED;
    }
    const principal = this.#find(accessKeyId);
    if (principal === undefined) {
      return this.#refuseStranger(accessKeyId, permissions[0] ?? { action: `${service}:${operation}`, resource: '*' });
    }
    if (permissions.length === 0) {
      return this.#unnamed(principal, `${service}:${operation}`);
    }
    for (const { action, resource } of permissions) {
      const denied = this.#check(principal, action, resource);
      if (denied !== undefined) {
        return denied;
      }
    }
    return ALLOWED;
  };

  counts(): readonly AccessCount[] {
    return structuredClone([...this.#tallies.values()]);
  }

  /** A caller as itself, or as the role that it has taken on and that still trusts it. */
  #find(accessKeyId: string): Principal | undefined {
    return this.#principals.get(accessKeyId) ?? this.#sessions.get(accessKeyId) ?? this.#findSession(accessKeyId);
  }

  #findSession(accessKeyId: string): Principal | undefined {
    for (const role of this.#roles.values()) {
      for (const caller of this.#principals.values()) {
        if (sessionKeyOf(role, caller) === accessKeyId && isTrusted(role, caller)) {
          const session = asRole(role, caller);
          this.#sessions.set(accessKeyId, session);
          return session;
        }
      }
    }
    return undefined;
  }

  #refuseStranger(accessKeyId: string, { action, resource }: Permission): Authorization {
    this.#count(accessKeyId, `the unknown key ${accessKeyId}`, { action, resource });
    const message = `The access key ${accessKeyId} is neither that of a function that this Region or its peer declares, nor an administrator's; it may not perform: ${action} on resource: ${resource}`;
    return { kind: 'denied', message };
  }

  /** The request names nothing that exists; where the role may ask such a thing, the service's own answer is the right one. */
  #unnamed(principal: Principal, action: string): Authorization {
    return mayAsk(principal.statements, action)
      ? ALLOWED
      : this.#deny(principal, { action, resource: '*' }, { kind: 'denied', because: 'implicit' });
  }

  #check(principal: Principal, action: string, resource: string): Authorization | undefined {
    const decision = this.#decide(principal, { action, resource });
    if (decision.kind === 'denied') {
      return this.#deny(principal, { action, resource }, decision);
    }
    this.#tally(principal.roleArn, action, resource).allowed += 1;
    return undefined;
  }

  #deny(
    principal: Principal,
    { action, resource }: Permission,
    decision: Extract<Decision, { kind: 'denied' }>,
  ): Authorization {
    this.#count(principal.roleArn, principal.roleName, { action, resource });
    const message = `User: ${sessionArnOf(principal)} is not authorized to perform: ${action} on resource: ${resource} ${becauseOf(decision, action)}`;
    return { kind: 'denied', message };
  }

  /** A cycle asks the same a thousand times; a principal that is declared anew is another object, and decided anew. */
  #decide(principal: Principal, { action, resource }: Permission): Decision {
    const known = this.#decisions.get(principal) ?? new Map<string, Decision>();
    this.#decisions.set(principal, known);
    const key = `${action} ${resource}`;
    const decision =
      known.get(key) ??
      evaluate(principal.statements, { action, resource, context: { 'aws:PrincipalArn': principal.roleArn } });
    known.set(key, decision);
    return decision;
  }

  #count(role: string, name: string, { action, resource }: Permission): void {
    const tally = this.#tally(role, action, resource);
    tally.denied += 1;
    if (tally.denied === 1) {
      this.#onDenied({ role: name, action, resource });
    }
  }

  #tally(role: string, action: string, resource: string): Tally {
    const key = `${role} ${action} ${resource}`;
    const known = this.#tallies.get(key);
    if (known !== undefined) {
      return known;
    }
    const fresh: Tally = { role, action, resource, allowed: 0, denied: 0 };
    this.#tallies.set(key, fresh);
    return fresh;
  }
}
