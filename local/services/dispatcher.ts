/**
 * Reads whole requests, finds their service, and applies the fault rules around the stand-ins, which only see plain values.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { InvariantError } from '../../functions/domain/errors.ts';
import { type CredentialScope, parseScope } from './credential-scope.ts';
import type { Fault, FaultMode, Faults } from './faults.ts';
import { readBody } from './read-body.ts';
import { plainRefusal, sendWhole, stallBody, stallHead, truncateBody } from './replies.ts';
import {
  type Permission,
  SERVICE_NAMES,
  type ServiceBackend,
  type ServiceHead,
  type ServiceName,
  type ServiceReply,
  type ServiceRequest,
  WireError,
} from './service.ts';
import { failureReply, wireErrorReply } from './wire-errors.ts';

/** One request after its end. `status` 0: the client got no answer. */
export interface ServiceCall {
  readonly service: string;
  readonly operation: string;
  readonly accessKeyId: string;
  readonly status: number;
  readonly durationMs: number;
  readonly fault: FaultMode;
}

export type Authorization = { readonly kind: 'allowed' } | { readonly kind: 'denied'; readonly message: string };

export interface AuthorizationRequest {
  readonly service: string;
  readonly operation: string;
  readonly accessKeyId: string;
  readonly permissions: readonly Permission[];
}

export interface DispatcherOptions {
  readonly region: string;
  readonly backends: readonly ServiceBackend[];
  readonly faults: Faults;
  readonly onRequest?: (call: ServiceCall) => void;
  /** Asked before anything is applied; absent means that everybody may do everything. */
  readonly authorize?: (request: AuthorizationRequest) => Authorization;
}

const readHead = (request: IncomingMessage): ServiceHead => {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: request.method ?? 'GET',
    path: mark === -1 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1)),
    headers: request.headers,
  };
};

/** `reset` ends the connection without a word; only the port knows the socket under a TLS one. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse, reset: () => void) => void;

interface Port {
  readonly service: ServiceName | undefined;
  readonly reset: () => void;
}

interface Exchange {
  readonly backend: ServiceBackend;
  readonly operation: string;
  readonly scope: CredentialScope;
  readonly head: ServiceHead;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly reset: () => void;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #backends: ReadonlyMap<string, ServiceBackend>;
  readonly #closing = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #waiting = new Set<AbortController>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#backends = new Map(options.backends.map((backend) => [backend.service, backend]));
  }

  /** For a port of one service, or of all of them. */
  handlerOf(service?: ServiceName): RequestHandler {
    return (request, response, reset) => {
      const served = this.#serve(request, response, { service, reset }).finally(() => {
        this.#inFlight.delete(served);
      });
      this.#inFlight.add(served);
    };
  }

  /** Ends long polls and delays, and lets what is being applied finish. */
  async settle(): Promise<void> {
    this.#closing.abort();
    for (const waiting of this.#waiting) {
      waiting.abort();
    }
    await Promise.all(this.#inFlight);
  }

  async #serve(request: IncomingMessage, response: ServerResponse, port: Port): Promise<void> {
    const started = performance.now();
    const head = readHead(request);
    const scope = parseScope(request.headers.authorization, head.query.get('X-Amz-Credential') ?? undefined);
    const backend = this.#backends.get(port.service ?? scope?.service ?? '');
    const operation = backend?.operationOf(head) ?? 'Unknown';
    let status = 0;
    let fault: Fault = { mode: 'none' };
    try {
      if (scope === undefined || backend === undefined) {
        request.resume();
        status = sendWhole(response, this.#refusal(scope));
      } else {
        fault = this.#options.faults.next(backend.service, operation);
        status = await this.#exchange({ backend, operation, scope, head, request, response, reset: port.reset }, fault);
      }
    } catch (error) {
      // A client that hangs up in its own request ends it; any other failure is shown to the client as far as possible.
      status = this.#fail(response, backend, error);
    }
    this.#options.onRequest?.({
      service: backend?.service ?? scope?.service ?? 'unsigned',
      operation,
      accessKeyId: scope?.accessKeyId ?? '',
      status,
      durationMs: performance.now() - started,
      fault: fault.mode,
    });
  }

  #refusal(scope: CredentialScope | undefined): ServiceReply {
    return scope === undefined
      ? plainRefusal(403, 'MissingAuthenticationTokenException', 'The request carries no SigV4 credential scope.')
      : plainRefusal(
          400,
          'UnknownServiceException',
          `This local Region stands in for ${SERVICE_NAMES.join(', ')}; the request is signed for '${scope.service}'.`,
        );
  }

  async #exchange(exchange: Exchange, fault: Fault): Promise<number> {
    const { request, response, backend } = exchange;
    switch (fault.mode) {
      case 'refuse':
        request.socket.destroy();
        return 0;
      case 'blackhole':
        // Not even read: a large body backs up in the client's socket as it would towards a dead host.
        return 0;
      case 'reset':
        await readBody(request, backend.bodyBytesMax);
        exchange.reset();
        return 0;
      case 'error-500':
      case 'error-503':
      case 'throttle':
        await readBody(request, backend.bodyBytesMax);
        return sendWhole(response, failureReply(backend.service, fault.mode, `Injected fault: ${fault.mode}.`));
      case 'lost-reply':
        await this.#answer(exchange);
        request.socket.destroy();
        return 0;
      case 'header-stall':
        return stallHead(response, await this.#answer(exchange));
      case 'body-stall':
        return stallBody(response, await this.#answer(exchange));
      case 'truncate':
        return truncateBody(response, await this.#answer(exchange));
      case 'delay':
        return sendWhole(response, await this.#answer(exchange, fault.delayMs));
      case 'tls-stall':
      case 'dns-empty':
      case 'dns-nxdomain':
      case 'dns-servfail':
      case 'dns-silent':
      case 'none':
        return sendWhole(response, await this.#answer(exchange));
      default:
        throw new InvariantError('unhandled fault mode');
    }
  }

  async #answer(exchange: Exchange, delayMs = 0): Promise<ServiceReply> {
    const { backend, operation, scope, request, response } = exchange;
    const body = await readBody(request, backend.bodyBytesMax);
    if (body.kind === 'too-large') {
      return failureReply(backend.service, 'too-large', `The request body is over ${backend.bodyBytesMax} bytes.`);
    }
    if (scope.service !== backend.service) {
      const message = `Credential should be scoped to correct service: '${backend.service}', not '${scope.service}'.`;
      return failureReply(backend.service, 'signature', message);
    }
    if (scope.region !== this.#options.region) {
      const message = `Credential should be scoped to a valid region, not '${scope.region}'. This one is '${this.#options.region}'.`;
      return failureReply(backend.service, 'signature', message);
    }
    if (delayMs > 0) {
      await sleep(delayMs, undefined, { signal: this.#closing.signal });
    }
    const whole: ServiceRequest = { ...exchange.head, body: body.bytes, abandoned: this.#abandonedSignal(response) };
    const allowed = this.#authorize(exchange, whole);
    return allowed.kind === 'denied'
      ? failureReply(backend.service, 'denied', allowed.message)
      : backend.handle(operation, whole);
  }

  /** One controller per request: a signal derived from the gateway's own would be held by it until the end. */
  #abandonedSignal(response: ServerResponse): AbortSignal {
    const waiting = new AbortController();
    this.#waiting.add(waiting);
    response.once('close', () => {
      this.#waiting.delete(waiting);
      if (!response.writableFinished) {
        waiting.abort();
      }
    });
    return waiting.signal;
  }

  #authorize({ backend, operation, scope }: Exchange, whole: ServiceRequest): Authorization {
    if (this.#options.authorize === undefined) {
      return { kind: 'allowed' };
    }
    const { service } = backend;
    const permissions = backend.permissionsOf(operation, whole);
    return this.#options.authorize({ service, operation, accessKeyId: scope.accessKeyId, permissions });
  }

  #fail(response: ServerResponse, backend: ServiceBackend | undefined, error: unknown): number {
    if (response.destroyed || response.headersSent || backend === undefined || this.#closing.signal.aborted) {
      response.destroy();
      return 0;
    }
    const reply =
      error instanceof WireError
        ? wireErrorReply(backend.service, error)
        : failureReply(backend.service, 'error-500', error instanceof Error ? error.message : 'The stand-in failed.');
    return sendWhole(response, reply);
  }
}
