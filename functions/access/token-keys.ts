/**
 * The public keys of an identity provider. What was fetched last is used while newer is fetched beside the requests, and goes on
 * being used while the provider is out; a copy that the stack pins stands in until the first fetch, and after the last one is too
 * old. So an outage of the provider locks nobody out, and no request waits for it, but one with a key that is not known yet.
 */
import { createLocalJWKSet, errors, type JWSHeaderParameters, type LocalJWKSet } from 'jose';
import { z } from 'zod';

import { LIMITS } from '../domain/limits.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Public parts only, of the two kinds that are accepted: whatever else a set holds is left out. */
const rsaKey = z.object({
  kty: z.literal('RSA'),
  n: z.string().min(LIMITS.tokenModulusCharsMin),
  e: z.string(),
  kid: z.string().exactOptional(),
  alg: z.literal('RS256').exactOptional(),
  use: z.literal('sig').exactOptional(),
});
const ecKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string().exactOptional(),
  alg: z.literal('ES256').exactOptional(),
  use: z.literal('sig').exactOptional(),
});
const publicKey = z.union([rsaKey, ecKey]);
const keySet = z.object({ keys: z.array(z.unknown()).max(LIMITS.tokenKeysMax) });

export interface KeySet {
  readonly keys: readonly z.infer<typeof publicKey>[];
}

/** Undefined where it is no set of keys, or holds none that can verify a token. */
export const parseKeySet = (value: unknown): KeySet | undefined => {
  const set = keySet.safeParse(value);
  const keys = (set.data?.keys ?? []).flatMap((one) => {
    const key = publicKey.safeParse(one);
    return key.success ? [key.data] : [];
  });
  return keys.length === 0 ? undefined : { keys };
};

const resolverOf = ({ keys }: KeySet): LocalJWKSet => createLocalJWKSet({ keys: keys.map((key) => ({ ...key })) });

export type FetchKeys = () => Promise<unknown>;

export interface TokenKeysOptions {
  /** Shipped in the stack's settings. */
  readonly pinned: KeySet | undefined;
  /** Absent where the provider can't be reached, or may not be: the pinned copy is all there is then. */
  readonly fetchKeys?: FetchKeys;
  readonly now: () => number;
  readonly telemetry: Telemetry;
}

interface Fetched {
  readonly resolve: LocalJWKSet;
  readonly at: number;
}

type VerifyingKey = Awaited<ReturnType<LocalJWKSet>>;

/** Nobody has given a key: nothing can be said of any token. */
export class NoKeysError extends Error {
  override readonly name = 'NoKeysError';
}

export class TokenKeys {
  readonly #options: TokenKeysOptions;
  readonly #pinned: LocalJWKSet | undefined;
  #fetched: Fetched | undefined;
  #fetching: Promise<void> | undefined;
  #notBeforeMs = 0;
  #unknownNotBeforeMs = 0;

  constructor(options: TokenKeysOptions) {
    this.#options = options;
    this.#pinned = options.pinned === undefined ? undefined : resolverOf(options.pinned);
  }

  /** Throws `NoKeysError` where there is none at all, and jose's own error where none of them fits. */
  async find(header: JWSHeaderParameters): Promise<VerifyingKey> {
    this.#refreshWhereOld();
    if (this.#current() === undefined) {
      await this.#fetching;
    }
    const current = this.#current();
    if (current === undefined) {
      throw new NoKeysError('no key of the identity provider is known');
    }
    try {
      return await current(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayAskForUnknown()) {
        throw error;
      }
      await this.#refresh();
      return (this.#current() ?? current)(header);
    }
  }

  /** Ends when what is under way has ended. */
  async settled(): Promise<void> {
    await this.#fetching;
  }

  #current(): LocalJWKSet | undefined {
    const fetched = this.#fetched;
    const isUsable = fetched !== undefined && this.#options.now() - fetched.at < LIMITS.tokenKeysStaleMs;
    return isUsable ? fetched.resolve : this.#pinned;
  }

  #refreshWhereOld(): void {
    const now = this.#options.now();
    const isFresh = this.#fetched !== undefined && now - this.#fetched.at < LIMITS.tokenKeysFreshMs;
    if (!isFresh && now >= this.#notBeforeMs) {
      void this.#refresh();
    }
  }

  /** Anybody can invent a name of a key: the provider hears of one such name in a while. */
  #mayAskForUnknown(): boolean {
    const now = this.#options.now();
    if (this.#options.fetchKeys === undefined || now < this.#unknownNotBeforeMs) {
      return false;
    }
    this.#unknownNotBeforeMs = now + LIMITS.tokenKeysUnknownIntervalMs;
    return true;
  }

  async #refresh(): Promise<void> {
    const { fetchKeys } = this.#options;
    if (fetchKeys === undefined) {
      return;
    }
    this.#fetching ??= this.#fetch(fetchKeys).finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch(fetchKeys: FetchKeys): Promise<void> {
    const { now, telemetry } = this.#options;
    this.#notBeforeMs = now() + LIMITS.tokenKeysRetryMs;
    let why = 'it holds no key that can verify a token';
    try {
      const keys = parseKeySet(await fetchKeys());
      if (keys !== undefined) {
        this.#fetched = { resolve: resolverOf(keys), at: now() };
        return;
      }
    } catch (error) {
      why = error instanceof Error ? error.message : 'it could not be fetched';
    }
    telemetry.log('warn', 'access.keys-not-fetched', { why });
  }
}
