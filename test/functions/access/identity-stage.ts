/** An identity provider for tests: keys of its own, tokens signed with them, and a published set that can be slow, gone or changed. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

import { KnownDirectory } from '../../../functions/access/directory.ts';
import {
  type IdentityProvider,
  type ProviderGrant,
  TokenAuthenticator,
} from '../../../functions/access/token-authenticator.ts';
import { type KeySet, parseKeySet, TokenKeys } from '../../../functions/access/token-keys.ts';
import { gitDefinition, type SourceDefinition } from '../../../functions/domain/source-definition.ts';
import type { ApiStage } from '../query/api-stage.ts';

export const ISSUER = 'https://login.example.com';
export const AUDIENCE = 'twinmap';

/** What the stack names. */
const STACK = [gitDefinition({ id: 'shop', name: 'shop', url: 'https://git.example.com/shop' })];

type Algorithm = 'RS256' | 'ES256' | 'PS256' | 'RS512';
type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export interface ProviderKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: PrivateKey;
  readonly jwk: JWK;
}

export const makeKeyOf = async (kid: string, algorithm: Algorithm = 'ES256'): Promise<ProviderKey> => {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { kid, algorithm, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' } };
};

export const pinnedOf = (...keys: readonly ProviderKey[]): KeySet => {
  const set = parseKeySet({ keys: keys.map(({ jwk }) => jwk) });
  if (set === undefined) {
    throw new Error('the keys of this test are none that verify a token');
  }
  return set;
};

export type Claims = Readonly<Record<string, unknown>>;

export class IdentityStage {
  readonly #stage: ApiStage;
  /** What the provider publishes; an error where it is out. */
  published: readonly ProviderKey[] | Error = [];
  fetches = 0;

  constructor(stage: ApiStage) {
    this.#stage = stage;
  }

  async token(key: ProviderKey, claims: Claims = {}, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const nowSeconds = Math.floor(this.#stage.clockMs / 1000);
    return new SignJWT({
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'ada',
      iat: nowSeconds,
      exp: nowSeconds + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: key.algorithm, kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  keys(pinned?: KeySet, isFetched = true): TokenKeys {
    return new TokenKeys({
      pinned,
      ...(isFetched
        ? {
            fetchKeys: async () => {
              this.fetches += 1;
              if (this.published instanceof Error) {
                throw this.published;
              }
              return { keys: this.published.map(({ jwk }) => jwk) };
            },
          }
        : {}),
      now: () => this.#stage.clockMs,
      telemetry: this.#stage.telemetry,
    });
  }

  authenticator(
    keys: TokenKeys,
    grants: readonly ProviderGrant[] = [{ group: '*', role: 'reader' }],
    own: readonly SourceDefinition[] = STACK,
  ): TokenAuthenticator {
    const provider: IdentityProvider = {
      issuer: ISSUER,
      audience: [AUDIENCE],
      claims: { name: 'name', groups: 'groups' },
      grants,
    };
    return new TokenAuthenticator({ provider, keys, directory: this.directory(own), now: () => this.#stage.clockMs });
  }

  directory(own: readonly SourceDefinition[] = STACK): KnownDirectory {
    return new KnownDirectory({
      workspaces: this.#stage.home.tables.workspaces,
      own,
      now: () => this.#stage.clockMs,
    });
  }
}
