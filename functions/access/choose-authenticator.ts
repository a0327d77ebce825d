/** One door for every kind of credential: who judges it is decided by what it looks like, before anything is asked. */
import { isProof } from '../domain/caller-proof.ts';
import type { Authentication, Authenticator, Credentials } from './authenticator.ts';
import { providerTokenIn } from './provider-token.ts';

export interface Authenticators {
  readonly keys: Authenticator;
  /** Where the stack names an identity provider. */
  readonly tokens?: Authenticator;
  /** Where the stack names identities of AWS that may break the glass. */
  readonly glass?: Authenticator;
}

export class ChosenAuthenticator implements Authenticator {
  readonly #authenticators: Authenticators;

  constructor(authenticators: Authenticators) {
    this.#authenticators = authenticators;
  }

  async authenticate(credentials: Credentials): Promise<Authentication> {
    const { keys, tokens, glass } = this.#authenticators;
    const { authorization = '' } = credentials;
    if (glass !== undefined && isProof(authorization)) {
      return glass.authenticate(credentials);
    }
    return tokens !== undefined && providerTokenIn(authorization) !== undefined
      ? tokens.authenticate(credentials)
      : keys.authenticate(credentials);
  }
}
