/**
 * The HTTP front of the declared load balancer: one loopback listener per target group, every request an ALB event to its
 * function. Every wait has an end: the body's by the server's timeouts, the function's by its own and by ours.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../../functions/domain/errors.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import type { RegionServices } from '../region/services.ts';
import { errorPage, statusOfFailure } from './alb-errors.ts';
import { healthCheckEvent, toAlbEvent, traceIdFor } from './alb-event.ts';
import { toAlbResponse } from './alb-response.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { type ForwardSpec, ListenerRules, type RuleSpec } from './listener-rules.ts';
import type { Invoke, InvokeOutcome } from './outcome.ts';
import { explainOutcome } from './outcome.ts';

/** A load balancer's limit on all headers together. */
const HEADER_BYTES_MAX = 64 * 1024;
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 60_000;
/** Lambda's longest timeout, and a cold start: nothing that still answers is given up. */
const INVOKE_TIMEOUT_MS = 915_000;
const CLOSE_GRACE_MS = 5000;

export type ListenerSpec = Parameters<RegionServices['front']['ensureListener']>[0];

export interface FrontOptions {
  readonly invoke: Invoke;
  /** A loopback address: the declared load balancer is internal. */
  readonly host?: string | undefined;
  /** Of the first listener; the others, and it by default, take a free one. */
  readonly port?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly invokeTimeoutMs?: number | undefined;
  /** Off unless given, as health checks of Lambda targets are. */
  readonly healthCheckIntervalMs?: number | undefined;
  /** Why a request ended in an answer of the load balancer itself; the answer doesn't say. */
  readonly onProblem?: ((text: string) => void) | undefined;
}

export interface LoadBalancerFront {
  ensureListener(spec: ListenerSpec): Promise<{ url: string }>;
  ensureRule(spec: RuleSpec): Promise<void>;
  /** Takes no more connections, lets requests in flight finish for a while, then cuts them. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

type Body =
  { readonly kind: 'read'; readonly bytes: Buffer } | { readonly kind: 'too-large' } | { readonly kind: 'gone' };

/** Never holds more than a load balancer takes, whatever the client announces or sends. */
const readBody = async (request: IncomingMessage): Promise<Body> => {
  if (Number(request.headers['content-length'] ?? 0) > LIMITS.albBodyBytesMax) {
    return { kind: 'too-large' };
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Leaving the loop early must not destroy the request, and with it the connection that the refusal goes out on.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LIMITS.albBodyBytesMax) {
        return { kind: 'too-large' };
      }
      chunks.push(chunk);
    }
  } catch {
    // The client went away in the middle of its body: there is nobody to answer.
    return { kind: 'gone' };
  }
  return { kind: 'read', bytes: Buffer.concat(chunks) };
};

interface Answer {
  readonly statusCode: number;
  readonly statusDescription?: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

class Listener {
  readonly #options: FrontOptions;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #rules = new ListenerRules();
  #spec: ListenerSpec;
  #cancelHealthCheck: (() => void) | undefined;
  #closing = false;

  constructor(options: FrontOptions, spec: ListenerSpec) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#spec = spec;
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      },
      (request, response) => {
        void this.#serve(request, response);
      },
    );
    // "WebSockets are not supported. Upgrade requests are rejected with an HTTP 400 code."
    this.#server.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    this.#scheduleHealthCheck();
  }

  async listen(host: string, port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(port, host, resolve);
    await promise;
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  update(spec: ListenerSpec): void {
    this.#spec = spec;
  }

  addRule(spec: RuleSpec): void {
    this.#rules.ensure(spec);
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#cancelHealthCheck?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => {
      resolve();
    });
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      this.#server.closeAllConnections();
    }, graceMs);
    await promise;
    clearTimeout(timer);
  }

  #answer(response: ServerResponse, { statusCode, statusDescription = '', rawHeaders, body }: Answer): void {
    // A kept connection would hold up the close until its grace is over.
    response.shouldKeepAlive &&= !this.#closing;
    response.writeHead(statusCode, ...(statusDescription === '' ? [] : [statusDescription]), [...rawHeaders]);
    response.end(body);
  }

  #refuse(response: ServerResponse, statusCode: number, reason: string, spec: ForwardSpec = this.#spec): void {
    this.#options.onProblem?.(`${spec.functionName}: answered ${statusCode}. ${reason}`);
    this.#answer(response, { statusCode, ...errorPage(statusCode) });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'TRACE') {
      this.#refuse(response, 405, 'A load balancer does not take TRACE.');
      return;
    }
    const body = await readBody(request);
    if (body.kind === 'too-large') {
      this.#refuse(response, 413, `The body has more than ${LIMITS.albBodyBytesMax} bytes.`);
      // The rest is thrown away, for as long as the request may take: a closed connection would lose the answer.
      request.resume();
      return;
    }
    if (body.kind === 'gone') {
      return;
    }
    try {
      await this.#forward(request, response, body.bytes);
    } catch (error) {
      this.#refuse(response, 500, `The local load balancer failed: ${String(error)}`);
    }
  }

  async #forward(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const trace = request.headers['x-amzn-trace-id'];
    const spec = this.#rules.choose(request.url ?? '/', this.#spec);
    const event = toAlbEvent(
      {
        method: request.method ?? 'GET',
        target: request.url ?? '/',
        rawHeaders: request.rawHeaders,
        body,
        clientAddress: request.socket.remoteAddress ?? '127.0.0.1',
        port: request.socket.localPort ?? 0,
        traceId: traceIdFor(Array.isArray(trace) ? trace[0] : trace, this.#clock.now()),
      },
      spec,
    );
    const outcome = await this.#invoke(spec, event);
    if (outcome === undefined) {
      this.#refuse(response, 504, 'The function did not answer within the time that the load balancer waits.', spec);
    } else if (outcome.kind === 'returned') {
      this.#respond(response, outcome.payload, spec);
    } else {
      this.#refuse(response, statusOfFailure(outcome), explainOutcome(outcome), spec);
    }
  }

  /** `undefined`: no answer within the bound. The invocation goes on to its own end, as it does on AWS. */
  async #invoke({ functionName }: ForwardSpec, event: unknown): Promise<InvokeOutcome | undefined> {
    const limit = Promise.withResolvers<undefined>();
    const cancel = this.#clock.after(this.#options.invokeTimeoutMs ?? INVOKE_TIMEOUT_MS, () => {
      limit.resolve(undefined);
    });
    try {
      return await Promise.race([this.#options.invoke(functionName, event), limit.promise]);
    } finally {
      cancel();
    }
  }

  #respond(response: ServerResponse, payload: unknown, spec: ForwardSpec): void {
    const result = toAlbResponse(payload, spec.multiValueHeaders);
    if (result.kind === 'malformed') {
      this.#refuse(response, 502, `The function's result is malformed: ${result.reason}.`, spec);
      return;
    }
    this.#answer(response, result);
  }

  #scheduleHealthCheck(): void {
    const { healthCheckIntervalMs } = this.#options;
    if (healthCheckIntervalMs !== undefined) {
      this.#cancelHealthCheck = this.#clock.after(healthCheckIntervalMs, () => {
        void this.#checkHealth();
        this.#scheduleHealthCheck();
      });
    }
  }

  /** Only told: with one target, a load balancer whose targets are all unhealthy fails open. */
  async #checkHealth(): Promise<void> {
    const { functionName, healthCheckPath } = this.#spec;
    if (healthCheckPath === undefined) {
      return;
    }
    const outcome = await this.#options.invoke(functionName, healthCheckEvent(healthCheckPath, this.#spec));
    const result =
      outcome.kind === 'returned' ? toAlbResponse(outcome.payload, this.#spec.multiValueHeaders) : undefined;
    if (result?.kind !== 'response' || result.statusCode !== 200) {
      this.#options.onProblem?.(`${functionName}: the health check of ${healthCheckPath} failed.`);
    }
  }
}

export const createLoadBalancerFront = (options: FrontOptions): LoadBalancerFront => {
  const listeners = new Map<string, Promise<Listener>>();
  const host = options.host ?? '127.0.0.1';

  const open = async (spec: ListenerSpec, port: number): Promise<Listener> => {
    const listener = new Listener(options, spec);
    try {
      await listener.listen(host, port);
    } catch (error) {
      throw new ConfigError(
        `The load balancer can not listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}. Give another port, or stop what uses this one.`,
        { cause: error },
      );
    }
    return listener;
  };

  return {
    ensureListener: async (spec) => {
      const opening = listeners.get(spec.targetGroupArn) ?? open(spec, listeners.size === 0 ? (options.port ?? 0) : 0);
      listeners.set(spec.targetGroupArn, opening);
      try {
        const listener = await opening;
        listener.update(spec);
        return { url: listener.url };
      } catch (error) {
        listeners.delete(spec.targetGroupArn);
        throw error;
      }
    },
    ensureRule: async (spec) => {
      const listener = await listeners.get(spec.listenerTargetGroupArn);
      if (listener === undefined) {
        throw new ConfigError(`no listener sends its requests to ${spec.listenerTargetGroupArn}`);
      }
      listener.addRule(spec);
    },
    close: async ({ graceMs = CLOSE_GRACE_MS } = {}) => {
      await Promise.all([...listeners.values()].map(async (opening) => (await opening).close(graceMs)));
      listeners.clear();
    },
  };
};
