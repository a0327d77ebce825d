/**
 * Two Regions' endpoints in one process; the first one breaks on demand: it hangs, resets, refuses, drops handshakes, or fails.
 * Handshakes are dropped without root: a listener that never accepts, its queue filled, and the kernel ignores every SYN.
 */
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

export const FAULTS = ['hang', 'reset', 'refuse', 'syn-drop', '503'] as const;
export type BenchFault = (typeof FAULTS)[number] | 'none';

const BODY = 'x'.repeat(1024);
const QUEUE = 4;

const DEAF = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage('deaf');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

export const statusText = (isActive: boolean): string =>
  JSON.stringify({ gate: { state: isActive ? 'active' : 'passive', epoch: 1 } });

const listening = async (server: net.Server, port: number): Promise<number> => {
  const ready = Promise.withResolvers<undefined>();
  server.once('error', ready.reject);
  server.listen(port, '127.0.0.1', () => {
    ready.resolve(undefined);
  });
  await ready.promise;
  return (server.address() as AddressInfo).port;
};

/** Holds the port and drops handshakes; answers with how to end that. */
const deafen = async (port: number): Promise<() => Promise<void>> => {
  const worker = new Worker(DEAF, { eval: true, workerData: { port, host: '127.0.0.1' } });
  const ready = Promise.withResolvers<undefined>();
  worker.once('message', () => {
    ready.resolve(undefined);
  });
  worker.once('error', ready.reject);
  await ready.promise;
  const fillers = Array.from({ length: QUEUE }, () => net.connect(port, '127.0.0.1').on('error', () => undefined));
  return async () => {
    await worker.terminate();
    for (const filler of fillers) {
      filler.destroy();
    }
  };
};

export class FaultyRegion {
  readonly #server: http.Server;
  readonly #sockets = new Set<Socket>();
  #fault: BenchFault = 'none';
  #port = 0;
  #unDeafen: (() => Promise<void>) | undefined;
  posts = 0;

  constructor(isActive: boolean) {
    const status = statusText(isActive);
    this.#server = http.createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
      req.resume();
      this.posts += req.method === 'POST' ? 1 : 0;
      if (this.#fault === 'reset') {
        req.socket.resetAndDestroy();
      } else if (this.#fault === '503') {
        res.writeHead(503, { 'content-length': 0 }).end();
      } else if (this.#fault !== 'hang') {
        res.end(req.url === '/v1/status' ? status : BODY);
      }
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
      });
    });
  }

  async start(): Promise<string> {
    this.#port = await listening(this.#server, 0);
    return `http://127.0.0.1:${this.#port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async set(fault: BenchFault): Promise<void> {
    const isClosed = this.#fault === 'refuse' || this.#fault === 'syn-drop';
    const closes = fault === 'refuse' || fault === 'syn-drop';
    this.#fault = fault;
    if (closes && !isClosed) {
      await this.#stop();
    }
    await this.#unDeafen?.();
    this.#unDeafen = undefined;
    if (fault === 'syn-drop') {
      this.#unDeafen = await deafen(this.#port);
    } else if (!closes && isClosed) {
      await listening(this.#server, this.#port);
    }
  }

  /** As when a process is killed: what waited is reset, too. */
  async #stop(): Promise<void> {
    const closed = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      closed.resolve(undefined);
    });
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
    await closed.promise;
  }
}
