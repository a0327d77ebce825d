/**
 * Recognises API keys. Expiry is judged by the answering Region's own clock, without a grace: from `expiresAt` on the key
 * opens nothing there, so two Regions whose clocks differ by a minute may differ for that minute.
 */
import { isWorkspaceRole, type Principal } from '../domain/access.ts';
import type { KeyPayload } from '../domain/api-key.ts';
import { done } from '../domain/failure.ts';
import type { Authentication, Authenticator, Credentials } from './authenticator.ts';
import { type Directory, type KnownDirectory, readableSources, rolesIn } from './directory.ts';
import { KnownKeys, type KnownKeysOptions } from './known-keys.ts';
import { isSecretOf, parseToken } from './token.ts';

const BEARER_PATTERN = /^bearer +(?<token>\S+)$/iu;
/** Compared with where there is no key, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = '0'.repeat(64);

const NO_DIRECTORY: Directory = { workspaces: new Map(), memberships: [], homes: [] };

const REFUSED_UNKNOWN: Authentication = { kind: 'refused', reason: 'unknown' };

export const principalOf = (id: string, { name, roles, sources }: KeyPayload): Principal => ({
  id: `key:${id}`,
  name,
  roles,
  sources,
});

/** A key for workspaces reads in the organisation, changes in its workspaces, and knows their sources as they are now. */
const scopedTo = (principal: Principal, payload: KeyPayload, directory: Directory): Principal => {
  const held = payload.roles.filter((role) => isWorkspaceRole(role));
  const pairs = (payload.workspaces ?? []).flatMap((workspace) => held.map((role) => ({ workspace, role })));
  const workspaces = rolesIn(directory, [], pairs);
  const own = payload.sources === 'all' ? [] : payload.sources;
  return {
    ...principal,
    roles: ['reader'],
    workspaces,
    sources: [...new Set([...own, ...readableSources(directory, workspaces, false)])],
  };
};

export interface KeyAuthenticatorOptions extends KnownKeysOptions {
  /** Without it a key for workspaces reads the sources that it names itself, and no others. */
  readonly directory?: Pick<KnownDirectory, 'find'>;
}

export class KeyAuthenticator implements Authenticator {
  readonly #keys: KnownKeys;
  readonly #directory: Pick<KnownDirectory, 'find'> | undefined;
  readonly #now: () => number;

  constructor(options: KeyAuthenticatorOptions) {
    this.#keys = new KnownKeys(options);
    this.#directory = options.directory;
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
      : this.#recognise(principalOf(token.id, found.value), found.value);
  }

  async #recognise(principal: Principal, payload: KeyPayload): Promise<Authentication> {
    if (payload.workspaces === undefined) {
      return { kind: 'recognised', principal };
    }
    const directory = await (this.#directory?.find() ?? done(NO_DIRECTORY));
    return directory.kind === 'failed'
      ? { kind: 'unavailable', failure: directory.failure }
      : { kind: 'recognised', principal: scopedTo(principal, payload, directory.value) };
  }
}
