/**
 * The way to one Region: one fetcher per address, all with the endpoint's name in the URL, so that Host, SNI and certificate
 * are the same at each. An address that fails, or that keeps a request waiting in vain, is left for the next one.
 */
import type { Fetcher } from './platform.ts';

export interface Sent {
  readonly response: Promise<Response>;
  /** Which address it went to. */
  readonly at: number;
}

export class Upstream {
  readonly region: string;
  /** Without a slash at its end. */
  readonly origin: string;
  readonly #fetchers: readonly Fetcher[];
  #at = 0;

  constructor(region: string, endpoint: string, fetchers: readonly Fetcher[]) {
    this.region = region;
    this.origin = new URL(endpoint).origin;
    this.#fetchers = fetchers;
  }

  send(path: string, init: RequestInit): Sent {
    const at = this.#at;
    const fetcher = this.#fetchers[at];
    if (fetcher === undefined) {
      throw new RangeError(`The Region ${this.region} has no way to it: render the router's config again.`);
    }
    return { response: fetcher.fetch(this.origin + path, init), at };
  }

  /** The address that was used is bad: the next request takes another one. Of many that failed at once, the first moves it. */
  leave(at: number): void {
    if (at === this.#at) {
      this.#at = (at + 1) % this.#fetchers.length;
    }
  }
}

/**
 * What failed, as far as workerd tells: a lost or refused connection says so, name and certificate errors are "internal". None
 * of it says whether the request had left, and its `retryable` is true for all of it: every failure is ambiguous here.
 */
export const failureCodeOf = (error: unknown): string => {
  if (!(error instanceof Error)) {
    return 'UNKNOWN';
  }
  if (error.message.startsWith('Network connection lost')) {
    return 'CONNECTION_LOST';
  }
  return error.message.startsWith('internal error') ? 'NO_CONNECTION_OR_CERTIFICATE' : error.name;
};
