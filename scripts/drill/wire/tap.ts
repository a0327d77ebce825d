/**
 * One service of one Region as the operator's laptop reaches it: a proxy of its own in front of the embedded Region, which logs
 * every call and fails as a Region fails. It is the drill's evidence of what a command asked of a dead Region: the Region itself can't
 * tell of connections that never reached it.
 */
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Identity } from '../../../local/services/authority.ts';
import type { WireCall, WireMode } from './wire-modes.ts';

export interface TapOptions {
  readonly region: string;
  /** `dynamodb`, or `api` for the Region's load balancer. */
  readonly service: string;
  /** Where the embedded Region listens. */
  readonly upstream: () => string;
  readonly identity: Identity;
  readonly onCall: (call: WireCall) => void;
}

const LOOPBACK = '127.0.0.1';
const SLOW_MS = 20_000;
const KEEP_ALIVE_MS = 30_000;
/** Codes of the service's own shape: what an SDK reads as an outage or a throttle. */
const REFUSALS: Readonly<Partial<Record<WireMode, { readonly status: number; readonly type: string }>>> = {
  'error-503': { status: 503, type: 'ServiceUnavailableException' },
  throttle: { status: 429, type: 'ThrottlingException' },
};

const operationOf = ({ headers, method, url }: IncomingMessage): string => {
  const target = headers['x-amz-target'];
  const named = typeof target === 'string' ? target.split('.').at(-1) : undefined;
  return named ?? `${method ?? 'GET'} ${(url ?? '/').split('?')[0] ?? '/'}`;
};

const readAll = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) {
    parts.push(part);
  }
  return Buffer.concat(parts);
};

export class Tap {
  readonly #options: TapOptions;
  readonly #server: Server;
  readonly #inner: Server;
  readonly #sockets = new Set<Socket>();
  #mode: WireMode = 'ok';
  #port = 0;

  constructor(options: TapOptions) {
    this.#options = options;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#serve(request, response);
    };
    // Never listens itself: it is handed the connections that are to become something.
    const inner = createHttpsServer({ ...options.identity, keepAliveTimeout: KEEP_ALIVE_MS }, onRequest);
    for (const event of ['tlsClientError', 'clientError'] as const) {
      inner.on(event, (_error: Error, socket: Socket) => {
        socket.destroy();
      });
    }
    this.#inner = inner;
    this.#server = createServer((socket) => {
      this.#take(socket);
    });
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, LOOPBACK, resolve);
    });
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** `keepsWarm`: who is connected stays so, as when a name alone is gone; and so does everybody where nothing changes. */
  set(mode: WireMode, keepsWarm = false): void {
    if (!keepsWarm && mode !== this.#mode) {
      this.#hangUp();
    }
    this.#mode = mode;
  }

  #hangUp(): void {
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#hangUp();
    await closed;
  }

  #take(socket: Socket): void {
    const startedMs = performance.now();
    const mode = this.#mode;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (mode === 'hang' || mode === 'tls-reset' || mode === 'refuse') {
        this.#told({ operation: 'connect', status: 0, startedMs, mode });
      }
    });
    socket.on('error', () => {
      socket.destroy();
    });
    switch (mode) {
      case 'hang': {
        // Read and never answered: a hang-up is still noticed.
        socket.resume();
        return;
      }
      case 'refuse': {
        socket.resetAndDestroy();
        return;
      }
      case 'tls-reset': {
        socket.once('data', () => {
          socket.resetAndDestroy();
        });
        return;
      }
      case 'ok':
      case 'dns-empty':
      case 'dns-nxdomain':
      case 'error-503':
      case 'throttle':
      case 'slow-200': {
        this.#inner.emit('connection', socket);
      }
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    const operation = operationOf(request);
    const mode = this.#mode;
    let status = 0;
    response.once('close', () => {
      this.#told({ operation, status, startedMs, mode });
    });
    try {
      const body = await readAll(request);
      const refusal = REFUSALS[mode];
      if (refusal !== undefined) {
        status = refusal.status;
        const text = JSON.stringify({ __type: refusal.type, message: `the drill answers ${mode}` });
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': refusal.type });
        response.end(text);
        return;
      }
      if (mode === 'slow-200') {
        await sleep(SLOW_MS, undefined, { ref: false });
        if (response.destroyed) {
          // Who asked has left: what was asked is not done behind their back.
          return;
        }
      }
      status = await this.#forward(request, body, response);
    } catch {
      // The Region hung up, or the client did: the other one is told by the same means.
      request.socket.destroy();
    }
  }

  async #forward(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<number> {
    const upstream = new URL(this.#options.upstream());
    const send = upstream.protocol === 'https:' ? httpsRequest : httpRequest;
    const answered = Promise.withResolvers<number>();
    const outgoing = send({
      host: LOOPBACK,
      port: upstream.port,
      ...(upstream.protocol === 'https:' ? { servername: upstream.hostname } : {}),
      method: request.method,
      path: request.url,
      headers: request.headers,
    });
    outgoing.once('error', answered.reject);
    outgoing.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.once('error', answered.reject);
      answer.once('end', () => {
        answered.resolve(answer.statusCode ?? 0);
      });
    });
    response.once('close', () => {
      outgoing.destroy();
    });
    outgoing.end(body);
    return answered.promise;
  }

  #told(call: Pick<WireCall, 'operation' | 'status' | 'mode'> & { readonly startedMs: number }): void {
    const { region, service, onCall } = this.#options;
    const { startedMs, ...rest } = call;
    const tookMs = performance.now() - startedMs;
    onCall({ region, service, at: Date.now() - tookMs, tookMs, ...rest });
  }
}
