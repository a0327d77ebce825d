/**
 * The one way to a service: https on allowed hosts, bounded in time, size, attempts and redirects, patient where the service
 * asks for patience and time allows. What it throws names the call, the host and the status, never an address with a query, a
 * body or a header: those hold tokens and content.
 */
import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';

import { request } from 'undici';
import type { z } from 'zod';

import {
  checkDestination,
  type GitHostRules,
  isLoopbackOrigin,
  resolveBySystem,
  type ResolveAddresses,
} from '../git/host-guard.ts';
import { codeOf } from '../git/git-trouble.ts';
import { SourceTrouble } from '../source-trouble.ts';
import { Dispatchers, type NetworkPath } from './dispatchers.ts';
import { HTTP_BOUNDS, type HttpBounds } from './http-bounds.ts';
import { type AnswerHeaders, headerOf, sourceTimeOf, type Throttle, throttleOf } from './rate-limit.ts';
import { findSourceError, refusalOf } from './refusals.ts';

export interface HttpCall {
  /** Below the base, or absolute with the base's origin: a next page comes from the service, and must not lead elsewhere. */
  readonly url: string;
  /** What is asked for, in messages: `the pages of a space`. */
  readonly what: string;
  readonly signal: AbortSignal;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Only for questions; a call is repeated when its answer is lost. */
  readonly body?: string;
  readonly bytesMax?: number;
}

export interface HttpAnswer<T> {
  readonly value: T;
  readonly headers: AnswerHeaders;
  /** The service's clock, in ms since 1970. */
  readonly sourceTime: number | null;
}

/** Makes the headers that say who asks; `renew` after a 401: throw away what is kept. */
export type Authorize = (signal: AbortSignal, renew: boolean) => Promise<Readonly<Record<string, string>>>;

export interface HttpSetting {
  readonly rules: GitHostRules;
  readonly now: () => number;
  /** 0 to 1: spreads the retries of many sources. */
  readonly random: () => number;
  /** Left in this invocation; a wait that would not fit is not begun. */
  readonly remainingMs: () => number;
  readonly bounds?: Partial<HttpBounds>;
  readonly resolve?: ResolveAddresses;
  readonly network?: NetworkPath;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

interface Raw {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Buffer;
}

const defaultSleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, { signal });
};

export class HttpClient {
  readonly base: URL;
  readonly #setting: HttpSetting;
  readonly #bounds: HttpBounds;
  readonly #authorize: Authorize;
  readonly #dispatchers: Dispatchers;

  constructor(baseUrl: string, setting: HttpSetting, authorize: Authorize) {
    this.base = new URL(baseUrl);
    this.#setting = setting;
    this.#bounds = { ...HTTP_BOUNDS, ...setting.bounds };
    this.#authorize = authorize;
    checkDestination(this.base, setting.rules);
    const { rules, resolve = resolveBySystem, network = {} } = setting;
    this.#dispatchers = new Dispatchers(rules, this.#bounds, resolve, network);
  }

  async json<T>(call: HttpCall, schema: z.ZodType<T>): Promise<HttpAnswer<T>> {
    const raw = await this.#send(call, 'application/json');
    let parsed: unknown;
    try {
      parsed = JSON.parse(raw.body.toString('utf8'));
    } catch {
      throw this.#unexpected(call, 'which is not JSON');
    }
    const checked = schema.safeParse(parsed);
    if (!checked.success) {
      const where = checked.error.issues
        .slice(0, 3)
        .map(({ path }) => (path.length === 0 ? 'the whole' : path.join('.')));
      throw this.#unexpected(call, `in an unknown form (at ${where.join(', ')})`);
    }
    return { value: checked.data, headers: raw.headers, sourceTime: sourceTimeOf(raw.headers) };
  }

  async bytes(call: HttpCall): Promise<HttpAnswer<Buffer>> {
    const raw = await this.#send(call, '*/*');
    return { value: raw.body, headers: raw.headers, sourceTime: sourceTimeOf(raw.headers) };
  }

  async close(): Promise<void> {
    await this.#dispatchers.close();
  }

  #unexpected(call: HttpCall, how: string): SourceTrouble {
    return new SourceTrouble('unexpected', `${this.base.host} answered ${call.what} ${how}.`);
  }

  #urlOf(call: HttpCall): URL {
    const url = URL.canParse(call.url, this.base.href) ? new URL(call.url, this.base) : null;
    if (url?.origin !== this.base.origin || url.username !== '' || url.password !== '') {
      throw this.#unexpected(call, 'with an address of another server, which is not followed');
    }
    return url;
  }

  /** Tries again what is worth it, within the bounds and the time that is left. */
  async #send(call: HttpCall, accept: string): Promise<Raw> {
    let renew = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#follow(call, accept, renew);
      } catch (error) {
        call.signal.throwIfAborted();
        if (!(error instanceof SourceTrouble)) {
          throw error;
        }
        if (error.status === 401 && !renew) {
          renew = true;
        } else {
          await this.#waitAfter(error, attempt, call.signal);
        }
      }
    }
  }

  async #waitAfter(error: SourceTrouble, attempt: number, signal: AbortSignal): Promise<void> {
    const { attemptsMax, retryDelayMs, retryDelayMsMax } = this.#bounds;
    const { remainingMs, random, sleep: wait = defaultSleep } = this.#setting;
    const patient = error.trouble === 'throttled' || error.trouble === 'unavailable';
    const spread = retryDelayMs * 2 ** (attempt - 1) * (0.5 + random());
    const waitMs = error.retryAfterMs === null ? spread : error.retryAfterMs + retryDelayMs * random();
    if (!patient || attempt >= attemptsMax || waitMs > retryDelayMsMax || waitMs >= remainingMs()) {
      throw error;
    }
    await wait(waitMs, signal);
  }

  async #follow(call: HttpCall, accept: string, renew: boolean): Promise<Raw> {
    let url = this.#urlOf(call);
    const own = await this.#authorize(call.signal, renew);
    let headers: Readonly<Record<string, string>> = { ...own, ...call.headers };
    for (let redirects = 0; redirects <= this.#bounds.redirectsMax; redirects += 1) {
      const raw = await this.#once(call, url, { accept, 'accept-encoding': 'identity', ...headers });
      if (!REDIRECTS.has(raw.status)) {
        return this.#judge(call, raw);
      }
      const target = this.#redirectTarget(call, url, headerOf(raw.headers, 'location') ?? '');
      // A download address carries its own permission; our token is nobody else's business.
      headers = target.origin === url.origin ? headers : {};
      url = target;
    }
    throw this.#unexpected(call, `with more than ${String(this.#bounds.redirectsMax)} redirects`);
  }

  #redirectTarget(call: HttpCall, from: URL, location: string): URL {
    if (!URL.canParse(location, from.href) || call.method === 'POST') {
      throw this.#unexpected(call, 'with a redirect that can not be followed');
    }
    const target = new URL(location, from);
    const { loopbackOrigin, ...publicRules } = this.#setting.rules;
    const local = isLoopbackOrigin(this.base, this.#setting.rules);
    if (local && target.origin !== loopbackOrigin) {
      throw this.#unexpected(call, 'with a redirect away from this machine, which is not followed');
    }
    checkDestination(target, local ? this.#setting.rules : publicRules);
    return target;
  }

  #judge(call: HttpCall, raw: Raw): Raw {
    if (raw.status >= 200 && raw.status < 300) {
      return raw;
    }
    const throttle = throttleOf(raw.status, raw.headers, this.#setting.now()) ?? secondaryLimitOf(raw);
    throw refusalOf({ host: this.base.host, what: call.what, status: raw.status, throttle });
  }

  async #once(call: HttpCall, url: URL, headers: Readonly<Record<string, string>>): Promise<Raw> {
    const total = AbortSignal.timeout(this.#bounds.callTotalTimeoutMs);
    const bytesMax = call.bytesMax ?? this.#bounds.answerBytesMax;
    call.signal.throwIfAborted();
    try {
      const answer = await request(url, {
        dispatcher: this.#dispatchers.of(url),
        method: call.method ?? 'GET',
        headers: { 'user-agent': 'twinmap', ...headers },
        ...(call.body === undefined ? {} : { body: call.body }),
        signal: AbortSignal.any([call.signal, total]),
      });
      const body = await readBounded(answer.body, bytesMax);
      if (body === null) {
        const message = `${url.host} answered ${call.what} with more than ${String(bytesMax)} bytes.`;
        throw new SourceTrouble('too-large', message);
      }
      return { status: answer.statusCode, headers: answer.headers, body };
    } catch (error) {
      throw this.#explain(error, call, url, total);
    }
  }

  /** The library's own messages may name addresses and queries: only the code is passed on. */
  #explain(error: unknown, call: HttpCall, url: URL, total: AbortSignal): unknown {
    if (call.signal.aborted) {
      return call.signal.reason;
    }
    const cause = findSourceError(error);
    if (cause !== undefined) {
      return cause;
    }
    const why = total.aborted ? 'no answer in time' : codeOf(error);
    return new SourceTrouble('unavailable', `${url.host} could not be asked for ${call.what} (${why}).`);
  }
}

const SECONDARY_WAIT_MS = 60_000;

/** GitHub's limit against bursts has no header of its own: only the words tell it from a lost permission. */
const secondaryLimitOf = ({ status, body }: Raw): Throttle | null =>
  status === 403 && body.includes('rate limit') ? { waitMs: SECONDARY_WAIT_MS, reason: 'secondary-rate-limit' } : null;

/** Null over the bound; the rest is not downloaded. */
const readBounded = async (
  body: AsyncIterable<unknown> & { destroy(): unknown },
  bytesMax: number,
): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > bytesMax) {
      body.destroy();
      return null;
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
};
