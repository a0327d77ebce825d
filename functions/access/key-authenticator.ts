/**
 * Recognises API keys. Expiry is judged by the answering Region's own clock, without a grace: from `expiresAt` on the key
 * opens nothing there, so two Regions whose clocks differ by a minute may differ for that minute.
 */
import type { KeyPayload, Principal } from '../domain/access.ts';
import type { Authentication, Authenticator, Credentials } from './authenticator.ts';
import { KnownKeys, type KnownKeysOptions } from './known-keys.ts';
import { isSecretOf, parseToken } from './token.ts';

const BEARER_PATTERN = /^bearer +(?<token>\S+)$/iu;
/** Compared with where there is no key, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = '0'.repeat(64);

const REFUSED_UNKNOWN: Authentication = { kind: 'refused', reason: 'unknown' };

export const principalOf = (id: string, { name, roles, sources }: KeyPayload): Principal => ({
  id: `key:${id}`,
  name,
  roles,
  sources,
});

export class KeyAuthenticator implements Authenticator {
  readonly #keys: KnownKeys;
  readonly #now: () => number;

  constructor(options: KnownKeysOptions) {
    this.#keys = new KnownKeys(options);
    this.#now = options.now;
  }

  async authenticate({ authorization }: Credentials): Promise<Authentication> {
    if (authorization === undefined) {
      return { kind: 'anonymous' };
    }
    const token = parseToken(BEARER_PATTERN.exec(authorization.trim())?.groups?.['token'] ?? '');
    if (token === undefined) {
      return { kind: 'refused', reason: 'malformed' };
    }
    const found = await this.#keys.find(token.id);
    if (found.kind === 'failed') {
      return { kind: 'unavailable', failure: found.failure };
    }
    const isRight = isSecretOf(token.secret, found.value?.hash ?? NO_HASH);
    if (found.value === undefined || !isRight) {
      return REFUSED_UNKNOWN;
    }
    return this.#now() >= found.value.expiresAt
      ? { kind: 'refused', reason: 'expired' }
      : { kind: 'recognised', principal: principalOf(token.id, found.value) };
  }
}
