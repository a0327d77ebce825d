/**
 * The principal port: from what a request shows to who that is. API keys implement it; tokens of an identity provider are
 * another implementation. Whoever is asked decides nothing about what is permitted.
 */
import type { Principal } from '../domain/access.ts';
import type { Failure } from '../domain/failure.ts';

export interface Credentials {
  /** The `authorization` header as it came; absent where there was none. */
  readonly authorization?: string;
  /** Why somebody breaks the glass: the header `x-twinmap-reason`. */
  readonly reason?: string;
  /** What is asked, for whoever records it: the method and the path. */
  readonly address?: string;
}

export type RefusalReason =
  /** Not a credential that anybody here reads. */
  | 'malformed'
  /** No such key, another secret, revoked: one answer for all three, so that nobody learns which ids exist. */
  | 'unknown'
  /** Told only to whoever showed the right secret. */
  | 'expired'
  /** Rightly signed, but by another issuer, for another audience, or not valid yet. */
  | 'not-for-here'
  /** An identity of AWS that is not among those that may break the glass, or without a reason. */
  | 'not-listed';

export type Authentication =
  | { readonly kind: 'recognised'; readonly principal: Principal }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  /** Nobody can say who it is now; that is no reason to let anybody in. */
  | { readonly kind: 'unavailable'; readonly failure: Failure };

export interface Authenticator {
  authenticate(credentials: Credentials): Promise<Authentication>;
}
