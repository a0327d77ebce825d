/**
 * The override in force for the fleet, and a cache of the tokens that requests bring. The highest sequence number stands;
 * what is kept is the token itself, so that a changed file on disk is believed no more than a changed header.
 */
import type { ModeClaim } from '../policy/mode.ts';
import { type OverridePayload, type VerifiedToken, verifyToken, type VerifyOptions } from './token.ts';

/** Where the fleet's token is kept: a file on Node, a Durable Object on workerd. */
export interface OverrideStore {
  readonly load: () => Promise<StoredOverride | undefined>;
  readonly save: (stored: StoredOverride) => Promise<void>;
}

export interface StoredOverride {
  readonly token: string;
  readonly seq: number;
}

export interface OverrideOptions {
  readonly verify: Omit<VerifyOptions, 'nowMs'>;
  readonly store?: OverrideStore;
  readonly now: () => number;
}

export type Applied =
  | { readonly kind: 'applied'; readonly payload: OverridePayload }
  | { readonly kind: 'refused'; readonly status: 403 | 409; readonly why: string };

const CACHE_MAX = 256;

const claimOf = (payload: OverridePayload, origin: 'operator' | 'request'): ModeClaim => ({
  origin,
  mode: payload.mode,
  by: payload.by,
  why: payload.why,
  expiresMs: payload.expMs,
  seq: payload.seq,
});

export class OverrideState {
  readonly #o: OverrideOptions;
  readonly #seen = new Map<string, ModeClaim | undefined>();
  #fleet: ModeClaim | undefined;
  #token = '';
  #seq = -1;

  constructor(options: OverrideOptions) {
    this.#o = options;
  }

  get fleet(): ModeClaim | undefined {
    return this.#fleet;
  }

  /** Reads what was kept, at the start and when a person asks for it. A sequence number outlives its token. */
  async load(): Promise<string | undefined> {
    const stored = await this.#o.store?.load();
    if (stored === undefined) {
      return undefined;
    }
    this.#seq = Math.max(this.#seq, stored.seq);
    const verified = await this.#verify(stored.token);
    if (verified.kind === 'refused') {
      return verified.why;
    }
    if (verified.payload.scope === 'fleet' && verified.payload.seq >= this.#seq) {
      this.#seq = verified.payload.seq;
      this.#token = stored.token;
      this.#fleet = claimOf(verified.payload, 'operator');
    }
    return undefined;
  }

  /** A fleet token by PUT. Pushing the same one again changes nothing; an older one is refused. */
  async apply(token: string): Promise<Applied> {
    const verified = await this.#verify(token);
    if (verified.kind === 'refused') {
      return { kind: 'refused', status: 403, why: verified.why };
    }
    const { payload } = verified;
    if (payload.scope !== 'fleet') {
      return { kind: 'refused', status: 403, why: 'it speaks for one request, not for the fleet' };
    }
    if (payload.seq < this.#seq || (payload.seq === this.#seq && token !== this.#token)) {
      const why = `its sequence number ${payload.seq} is not over ${this.#seq}, which this router has seen`;
      return { kind: 'refused', status: 409, why };
    }
    await this.#o.store?.save({ token, seq: payload.seq });
    this.#seq = payload.seq;
    this.#token = token;
    this.#fleet = claimOf(payload, 'operator');
    return { kind: 'applied', payload };
  }

  /** The claim of a token that was seen before; `unknown` where it has to be verified first. */
  peek(token: string): ModeClaim | 'unknown' | undefined {
    return this.#seen.has(token) ? this.#seen.get(token) : 'unknown';
  }

  /** A token of a request. A refused one is as if it were not there: a stale cookie must not take anybody's access. */
  async claim(token: string): Promise<ModeClaim | undefined> {
    const verified = await this.#verify(token);
    const claim =
      verified.kind === 'valid' && verified.payload.scope === 'request'
        ? claimOf(verified.payload, 'request')
        : undefined;
    if (this.#seen.size >= CACHE_MAX) {
      this.#seen.clear();
    }
    this.#seen.set(token, claim);
    return claim;
  }

  /** For a link: what it would do, before a cookie is made of it. */
  async inspect(token: string): Promise<VerifiedToken> {
    return this.#verify(token);
  }

  async #verify(token: string): Promise<VerifiedToken> {
    return verifyToken(token, { ...this.#o.verify, nowMs: this.#o.now() });
  }
}
