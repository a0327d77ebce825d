/**
 * The door in front of every route: who asks, and whether the route's rule lets them in. Deny by default: what is not open
 * needs a permission, and whoever can't be judged now is not let in.
 */
import type { Authentication, Authenticator, Credentials, RefusalReason } from '../access/authenticator.ts';
import {
  ACCESS_ROLES,
  isPermitted,
  isPermittedSomewhere,
  type Permission,
  PERMITTED,
  type Principal,
} from '../domain/access.ts';
import { type Answer, problem } from './answer.ts';
import { shownText } from './parameters.ts';
import { type ApiDependencies, type Route, unavailable } from './route.ts';

/** Why somebody breaks the glass. */
export const REASON_HEADER = 'x-twinmap-reason';

export type Admission =
  | { readonly kind: 'admitted'; readonly caller: Principal | undefined; readonly doubt?: string }
  | { readonly kind: 'refused'; readonly answer: Answer; readonly caller?: Principal };

const HOW =
  'Send it as "authorization: Bearer twm_…". An org-admin makes one: POST /v1/keys, or twinmap key create. A token of your identity provider goes the same way, where the stack names one.';

const WHY: Readonly<Record<RefusalReason, string>> = {
  malformed: 'The authorization header is not "Bearer" and a token of this API, whole and in one piece.',
  unknown: 'It is not known here, or its secret is another one, or it was revoked.',
  expired: 'It has expired.',
  'not-for-here': 'It is from another issuer, for another audience, or not valid yet.',
  'not-listed': 'This identity of AWS is not one that may break the glass here, or the request names no reason.',
};

const needsToken = (): Answer =>
  problem(
    401,
    'no-token',
    { what: 'a token is needed', why: 'This address answers only to those who may use it.', next: HOW },
    { 'www-authenticate': 'Bearer realm="twinmap"' },
  );

const badToken = (reason: RefusalReason): Answer =>
  problem(
    401,
    'bad-token',
    { what: 'the token is not accepted', why: WHY[reason], next: HOW },
    { 'www-authenticate': 'Bearer realm="twinmap", error="invalid_token"' },
  );

const notPermitted = (caller: Principal, permission: Permission): Answer => {
  const roles = ACCESS_ROLES.filter((role) => PERMITTED[role].includes(permission));
  return problem(403, 'not-permitted', {
    what: 'this token may not do that',
    why: `It needs the permission ${permission}; the token has the roles ${caller.roles.join(', ')}.`,
    next: `Ask an org-admin for a token with the role ${roles.join(' or ')}.`,
  });
};

/** Routes that manage sources ask again, in the workspace of the source. */
const mayEnter = (principal: Principal, permission: Permission): boolean =>
  permission === 'sources:manage' ? isPermittedSomewhere(principal, permission) : isPermitted(principal, permission);

/** What a request shows of who sends it; `address` where what it asks is not all in its own. */
export const credentialsOf = (request: Request, address = new URL(request.url).pathname): Credentials => {
  const authorization = request.headers.get('authorization');
  const reason = request.headers.get(REASON_HEADER);
  return {
    ...(authorization === null ? {} : { authorization }),
    ...(reason === null ? {} : { reason }),
    address: `${request.method} ${shownText(address)}`,
  };
};

export const admit = async (
  deps: Pick<ApiDependencies, 'region' | 'peerRegion'> & { readonly authenticator: Authenticator },
  { access }: Pick<Route, 'access'>,
  credentials: Credentials,
  /** Who was let in at another door for this same request: asked, and recorded, once. */
  known?: Principal,
): Promise<Admission> => {
  if (access === 'open') {
    return { kind: 'admitted', caller: undefined };
  }
  const isOptional = access === 'optional';
  const who: Authentication =
    known === undefined ? await deps.authenticator.authenticate(credentials) : { kind: 'recognised', principal: known };
  switch (who.kind) {
    case 'anonymous': {
      return isOptional ? { kind: 'admitted', caller: undefined } : { kind: 'refused', answer: needsToken() };
    }
    case 'refused': {
      return { kind: 'refused', answer: badToken(who.reason) };
    }
    case 'unavailable': {
      return isOptional
        ? { kind: 'admitted', caller: undefined, doubt: `the token could not be judged: ${who.failure.message}` }
        : { kind: 'refused', answer: unavailable(deps, 'record of keys', who.failure) };
    }
    case 'recognised': {
      const { principal } = who;
      return access === 'optional' || mayEnter(principal, access)
        ? { kind: 'admitted', caller: principal }
        : { kind: 'refused', answer: notPermitted(principal, access), caller: principal };
    }
  }
};
