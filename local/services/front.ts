/**
 * One service's own port on loopback, speaking TLS: what happens before there is a request happens here. A port that
 * nobody listens on, a handshake that never begins, a name that DNS does not give: each per service, at once, also for
 * clients that hold open sockets.
 */
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Identity } from './authority.ts';
import type { RequestHandler } from './dispatcher.ts';
import type { ConnectionMode } from './faults.ts';
import type { NameMode, Naming } from './name-server.ts';

export interface FrontOptions {
  readonly host: string;
  readonly identity: Identity;
  /** Undefined: this machine has no DNS of ours, and the endpoint is an address. */
  readonly naming: Naming | undefined;
  readonly onRequest: RequestHandler;
}

const LOOPBACK = '127.0.0.1';
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** Of silence; longer than any long poll. */
const SOCKET_TIMEOUT_MS = 120_000;
const LISTEN_ATTEMPTS_MAX = 50;
const LISTEN_RETRY_MS = 20;

const NAME_MODES: Readonly<Partial<Record<ConnectionMode, NameMode>>> = {
  'dns-empty': 'empty',
  'dns-nxdomain': 'nxdomain',
  'dns-servfail': 'servfail',
  'dns-silent': 'silent',
};

const listen = async (server: Server, port: number): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
};

export class ServiceFront {
  readonly #options: FrontOptions;
  readonly #https: HttpsServer;
  readonly #sockets = new Set<Socket>();
  #listener: Server | undefined;
  #mode: ConnectionMode | undefined;
  #port = 0;
  #closed = false;

  constructor(options: FrontOptions) {
    this.#options = options;
    // Never listens itself: it is handed the connections that are to become something.
    const identity = { ...options.identity, keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS };
    this.#https = createHttpsServer(identity, (request, response) => {
      options.onRequest(request, response, () => {
        this.#reset(request);
      });
    });
    this.#https.timeout = SOCKET_TIMEOUT_MS;
    // A client that leaves within its handshake ends that connection and nothing else.
    for (const event of ['tlsClientError', 'clientError'] as const) {
      this.#https.on(event, (_error: Error, socket: Duplex) => {
        socket.destroy();
      });
    }
  }

  get endpoint(): string {
    const { host, naming } = this.#options;
    return `https://${naming === undefined ? LOOPBACK : host}:${this.#port}`;
  }

  /** Port 0 takes a free one. */
  async open(port: number): Promise<void> {
    this.#listener = this.#createListener();
    this.#port = await listen(this.#listener, port);
  }

  /** Takes effect at once, for who is connected and for who comes. */
  apply(mode: ConnectionMode | undefined): void {
    const before = this.#mode;
    if (mode === before || this.#closed) {
      return;
    }
    this.#mode = mode;
    this.#options.naming?.setMode(this.#options.host, NAME_MODES[mode ?? 'refuse'] ?? 'ok');
    if (mode !== undefined || before === 'tls-stall') {
      this.#dropConnections();
    }
    if (mode === 'refuse') {
      this.#listener?.close();
      this.#listener = undefined;
    } else if (before === 'refuse') {
      void this.#reopen();
    }
  }

  /** Takes nobody new, and ends what is connected when what is being applied has settled. */
  async close(settled: Promise<void>): Promise<void> {
    this.#closed = true;
    const listener = this.#listener;
    const ended = Promise.withResolvers<void>();
    if (listener === undefined) {
      ended.resolve();
    } else {
      listener.close(() => {
        ended.resolve();
      });
    }
    await settled;
    this.#dropConnections();
    await ended.promise;
    this.#options.naming?.setMode(this.#options.host, 'ok');
  }

  #createListener(): Server {
    return createServer((socket) => {
      this.#take(socket);
    });
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
    });
    socket.on('error', () => {
      socket.destroy();
    });
    // Held open and not even read: the client's greeting stays unanswered.
    if (this.#mode !== 'tls-stall') {
      this.#https.emit('connection', socket);
    }
  }

  /** A TLS socket can't be reset; the one under it can. */
  #reset({ socket: { remotePort } }: IncomingMessage): void {
    for (const socket of this.#sockets) {
      if (socket.remotePort === remotePort) {
        socket.resetAndDestroy();
      }
    }
  }

  #dropConnections(): void {
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
  }

  /** The same port again. Nobody else takes it in the meantime but by chance; then it is tried until it is free. */
  async #reopen(): Promise<void> {
    for (let attempt = 1; this.#mode !== 'refuse' && !this.#closed && this.#listener === undefined; attempt += 1) {
      const listener = this.#createListener();
      this.#listener = listener;
      try {
        await listen(listener, this.#port);
      } catch (error) {
        this.#listener = undefined;
        if (attempt === LISTEN_ATTEMPTS_MAX) {
          throw error;
        }
        await sleep(LISTEN_RETRY_MS);
      }
    }
  }
}
