/**
 * Recognises tokens of an identity provider: RS256 and ES256 only, of one issuer, for this audience, within a minute of skew. What
 * a token says of its holder becomes roles and memberships by the stack's settings and the workspaces' own lists; nothing that a
 * token says is a permission by itself.
 */
import { errors, jwtVerify } from 'jose';

import { isPermitted, type OrganisationRole, type Principal, type WorkspaceRole } from '../domain/access.ts';
import { done, type Result } from '../domain/failure.ts';
import { isJsonFields, type JsonFields } from '../domain/json-fields.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Authentication, Authenticator, Credentials, RefusalReason } from './authenticator.ts';
import { type KnownDirectory, readableSources, rolesIn } from './directory.ts';
import { providerTokenIn } from './provider-token.ts';
import { NoKeysError, type TokenKeys } from './token-keys.ts';

/** Whoever has the group (`*`: whoever has a token) has the role, in the organisation or in a workspace. */
export type ProviderGrant =
  | { readonly group: string; readonly role: OrganisationRole }
  | { readonly group: string; readonly role: WorkspaceRole; readonly workspace: string };

export interface IdentityProvider {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Names of claims; one with dots that no token has under that name is a path. */
  readonly claims: { readonly name: string; readonly groups: string };
  readonly grants: readonly ProviderGrant[];
}

export interface TokenAuthenticatorOptions {
  readonly provider: IdentityProvider;
  readonly keys: Pick<TokenKeys, 'find'>;
  readonly directory: Pick<KnownDirectory, 'find'>;
  readonly now: () => number;
}

const SUBJECT_PATTERN = /^[^#\s\p{C}]{1,200}$/u;
const EVERYBODY = '*';

const claimAt = (claims: JsonFields, name: string): unknown =>
  claims[name] ??
  name.split('.').reduce<unknown>((value, part) => (isJsonFields(value) ? value[part] : undefined), claims);

const textsIn = (value: unknown): readonly string[] => {
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
  return listed.filter((one): one is string => typeof one === 'string').slice(0, LIMITS.tokenGroupsMax);
};

interface Holder {
  readonly subject: string;
  readonly name: string;
  readonly groups: readonly string[];
}

const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]+/gu;

const holderOf = (claims: JsonFields, { claims: names }: IdentityProvider): Holder | undefined => {
  const { sub } = claims;
  if (typeof sub !== 'string' || !SUBJECT_PATTERN.test(sub)) {
    return undefined;
  }
  const [name = sub] = textsIn(claimAt(claims, names.name));
  const shown = name.replaceAll(UNSEEN, ' ').trim().slice(0, LIMITS.keyNameCharsMax).toWellFormed();
  return { subject: sub, name: shown, groups: textsIn(claimAt(claims, names.groups)) };
};

/** What the signature covers is told only of a token that is rightly signed: jose judges the claims after it. */
const reasonOf = (error: unknown): RefusalReason => {
  if (error instanceof errors.JWTExpired) {
    return 'expired';
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return 'not-for-here';
  }
  return error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid ? 'malformed' : 'unknown';
};

export class TokenAuthenticator implements Authenticator {
  readonly #options: TokenAuthenticatorOptions;

  constructor(options: TokenAuthenticatorOptions) {
    this.#options = options;
  }

  async authenticate({ authorization }: Credentials): Promise<Authentication> {
    if (authorization === undefined) {
      return { kind: 'anonymous' };
    }
    const token = providerTokenIn(authorization);
    if (token === undefined || token.length > LIMITS.tokenCharsMax) {
      return { kind: 'refused', reason: 'malformed' };
    }
    let claims: JsonFields;
    try {
      claims = await this.#verify(token);
    } catch (error) {
      if (error instanceof NoKeysError) {
        return { kind: 'unavailable', failure: { reason: 'unreachable', code: error.name, message: error.message } };
      }
      return { kind: 'refused', reason: reasonOf(error) };
    }
    const holder = holderOf(claims, this.#options.provider);
    if (holder === undefined) {
      return { kind: 'refused', reason: 'malformed' };
    }
    const principal = await this.#principalOf(holder);
    return principal.kind === 'failed'
      ? { kind: 'unavailable', failure: principal.failure }
      : { kind: 'recognised', principal: principal.value };
  }

  async #verify(token: string): Promise<JsonFields> {
    const { provider, keys, now } = this.#options;
    const { payload } = await jwtVerify(token, async (header) => keys.find(header), {
      algorithms: ['RS256', 'ES256'],
      issuer: provider.issuer,
      audience: [...provider.audience],
      clockTolerance: LIMITS.tokenSkewSeconds,
      currentDate: new Date(now()),
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  }

  async #principalOf({ subject, name, groups }: Holder): Promise<Result<Principal>> {
    const { provider, directory } = this.#options;
    const held = provider.grants.filter(({ group }) => group === EVERYBODY || groups.includes(group));
    const roles = [...new Set(held.flatMap((grant) => ('workspace' in grant ? [] : [grant.role])))];
    const person = { id: `user:${subject}`, name };
    if (roles.includes('org-admin')) {
      // Needs no list of members: whoever mends them must not depend on them.
      return done({ ...person, roles, sources: 'all' });
    }
    const read = await directory.find();
    if (read.kind === 'failed') {
      return read;
    }
    const members = [`user:${subject}`, ...groups.map((group) => `group:${group}`)];
    const granted = held.flatMap((grant) => ('workspace' in grant ? [grant] : []));
    const workspaces = rolesIn(read.value, members, granted);
    const isEverybodys = isPermitted({ ...person, roles, sources: [] }, 'corpus:read');
    const sources = readableSources(read.value, workspaces, isEverybodys);
    const isMember = Object.keys(workspaces).length > 0;
    return done({
      ...person,
      roles: isMember && !roles.includes('reader') ? [...roles, 'reader'] : roles,
      sources,
      workspaces,
    });
  }
}
