/**
 * HTTP to one git server: guarded connections, bounded in silence and in total, redirects followed by hand on the first
 * request only (as git does), nothing cached, no credentials. Answers are streams; whoever stops reading ends the request.
 */
import {
  Agent as HttpAgent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { SourceError } from '../../domain/errors.ts';
import { SourceTrouble } from '../source-trouble.ts';
import type { GitBounds } from './git-bounds.ts';
import { ADVERTISE_SUFFIX, type GitSource, redirectTarget } from './git-source.ts';
import { codeOf, GitTrouble } from './git-trouble.ts';
import { createGuardedLookup, isListedHost, type GitHostRules, type ResolveAddresses } from './host-guard.ts';

export interface GitAnswer {
  readonly contentType: string;
  readonly body: AsyncIterable<Buffer>;
}

export interface GitTransport {
  /** The first request: says where the repository really is, later requests go there. */
  advertise(signal: AbortSignal): Promise<GitAnswer>;
  upload(body: string, signal: AbortSignal): Promise<GitAnswer>;
  close(): void;
}

export interface TransportOptions {
  readonly source: GitSource;
  readonly rules: GitHostRules;
  readonly bounds: GitBounds;
  readonly resolve: ResolveAddresses;
  /** Tunnels every https call, and resolves their names: here only the names are checked then. */
  readonly proxyUrl?: string;
  /** The headers that say who asks; asked for every call, since tokens are short-lived. */
  readonly authorize?: (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;
}

interface Call {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const COMMON_HEADERS = {
  'git-protocol': 'version=2',
  'user-agent': 'git/twinmap',
  'accept-encoding': 'identity',
  'cache-control': 'no-cache',
};

/** One call's three ends: the caller's, silence, and the total time. `combined` is what the socket listens to. */
class CallEnd {
  readonly combined: AbortSignal;
  readonly #caller: AbortSignal;
  readonly #silence = new AbortController();
  readonly #total: AbortSignal;
  readonly #host: string;

  constructor(caller: AbortSignal, host: string, totalTimeoutMs: number) {
    this.#caller = caller;
    this.#host = host;
    this.#total = AbortSignal.timeout(totalTimeoutMs);
    this.combined = AbortSignal.any([caller, this.#silence.signal, this.#total]);
  }

  silent(): void {
    this.#silence.abort();
  }

  /** What a broken call means. The error itself does not say: a socket that we end ourselves also reports a reset. */
  explain(error: unknown): unknown {
    if (this.#caller.aborted) {
      return this.#caller.reason;
    }
    if (error instanceof SourceError) {
      return error;
    }
    const host = this.#host;
    if (this.#silence.signal.aborted || this.#total.aborted) {
      return new GitTrouble('transport', `The git server ${host} did not answer in time.`, { cause: error });
    }
    return new GitTrouble('transport', `The connection to the git server ${host} failed (${codeOf(error)}).`, {
      cause: error,
    });
  }
}

const parseRetryAfter = (response: IncomingMessage): number | null => {
  const seconds = Number(response.headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
};

/** Answers that are not the one asked for; each says what a person can do about it. */
const refuseStatus = (response: IncomingMessage, display: string): SourceError => {
  const status = response.statusCode ?? 0;
  if (status === 401 || status === 403) {
    // Without its status: a host says 401 for one hidden repository too, so it is not about the credentials as a whole.
    return new SourceTrouble(
      'refused',
      `The git server refuses ${display} (HTTP ${String(status)}): the repository is private or does not exist. ` +
        'Check the address and who may read it.',
    );
  }
  if (status === 404 || status === 410) {
    return new SourceError(`There is no git repository at ${display} (HTTP ${String(status)}). Check the address.`);
  }
  if (status === 429 || status >= 500) {
    const message = `The git server is in trouble (HTTP ${String(status)}) for ${display}. The next cycle tries again.`;
    return new GitTrouble('transport', message, { retryAfterMs: parseRetryAfter(response) });
  }
  return new SourceError(`The git server answered HTTP ${String(status)} for ${display}, which git does not use.`);
};

const openRequest = (url: URL, options: RequestOptions): ClientRequest =>
  url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);

async function* readBody(response: IncomingMessage, end: CallEnd): AsyncGenerator<Buffer, void, void> {
  try {
    for await (const chunk of response) {
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    }
  } catch (error) {
    throw end.explain(error);
  }
}

class HttpGitTransport implements GitTransport {
  readonly #options: TransportOptions;
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();
  #base: URL;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#base = options.source.url;
  }

  async advertise(signal: AbortSignal): Promise<GitAnswer> {
    const { source, rules, bounds } = this.#options;
    let url = new URL(`${source.url.href}${ADVERTISE_SUFFIX}?service=git-upload-pack`);
    for (let redirects = 0; redirects <= bounds.redirectsMax; redirects += 1) {
      const end = this.#endOf(signal, url);
      const headers = await this.#credentials(url, signal);
      const response = await this.#send({ url, method: 'GET', headers, body: '' }, end);
      const status = response.statusCode ?? 0;
      if (status < 300 || status >= 400 || status === 304) {
        this.#base = new URL(url.href.slice(0, url.href.lastIndexOf(ADVERTISE_SUFFIX)));
        return this.#answer(response, end);
      }
      response.destroy();
      url = redirectTarget(source, rules, url, response.headers.location ?? '');
    }
    throw new SourceError(`The git server redirects ${source.display} more than ${String(bounds.redirectsMax)} times.`);
  }

  async upload(body: string, signal: AbortSignal): Promise<GitAnswer> {
    const url = new URL(`${this.#base.href}/git-upload-pack`);
    const headers = {
      ...(await this.#credentials(url, signal)),
      'content-type': 'application/x-git-upload-pack-request',
      accept: 'application/x-git-upload-pack-result',
      'content-length': String(Buffer.byteLength(body)),
    };
    const end = this.#endOf(signal, url);
    return this.#answer(await this.#send({ url, method: 'POST', headers, body }, end), end);
  }

  close(): void {
    for (const agent of this.#agents.values()) {
      agent.destroy();
    }
    this.#agents.clear();
  }

  async #send(call: Call, end: CallEnd): Promise<IncomingMessage> {
    const options: RequestOptions = {
      method: call.method,
      headers: { ...COMMON_HEADERS, ...call.headers },
      agent: this.#agentFor(call.url),
      signal: end.combined,
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = openRequest(call.url, options);
    request.on('response', resolve);
    // After the answer began, its reader sees the error; this listener then only keeps it from being unhandled.
    request.on('error', reject);
    request.setTimeout(this.#options.bounds.callTimeoutMs, () => {
      end.silent();
    });
    request.end(call.body);
    try {
      return await promise;
    } catch (error) {
      throw end.explain(error);
    }
  }

  #answer(response: IncomingMessage, end: CallEnd): GitAnswer {
    if (response.statusCode !== 200) {
      response.destroy();
      throw refuseStatus(response, this.#options.source.display);
    }
    return { contentType: response.headers['content-type'] ?? '', body: readBody(response, end) };
  }

  /** Only for the configured server: where a redirect leads is somebody else's word. */
  async #credentials(url: URL, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const { authorize, source } = this.#options;
    return authorize === undefined || url.origin !== source.url.origin ? {} : authorize(signal);
  }

  #endOf(signal: AbortSignal, url: URL): CallEnd {
    signal.throwIfAborted();
    return new CallEnd(signal, url.host, this.#options.bounds.callTotalTimeoutMs);
  }

  /** One agent per host: whether private addresses are expected is a property of the host that is called. */
  #agentFor(url: URL): HttpAgent | HttpsAgent {
    const known = this.#agents.get(url.origin);
    if (known !== undefined) {
      return known;
    }
    const { resolve, rules, proxyUrl } = this.#options;
    const lookup = createGuardedLookup(resolve, isListedHost(url, rules.privateGitHosts ?? []));
    const direct = { keepAlive: true, lookup };
    const tunnelled = { keepAlive: true, proxyEnv: { HTTPS_PROXY: proxyUrl } };
    const agent =
      url.protocol === 'https:' ? new HttpsAgent(proxyUrl === undefined ? direct : tunnelled) : new HttpAgent(direct);
    this.#agents.set(url.origin, agent);
    return agent;
  }
}

export const createGitTransport = (options: TransportOptions): GitTransport => new HttpGitTransport(options);
