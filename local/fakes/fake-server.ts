/**
 * What every stand-in of a service is made of: a real HTTP server on loopback with a clock of its own, a record of what was
 * asked, and faults on the wire. What it holds is a model that can be edited, so that behaviour is imitated and not answers.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeReply {
  readonly status?: number;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export type FakeFault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection ends in the middle of the body. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'silent' };

/** Thrown by a route; becomes the answer. */
export class FakeRefusal extends Error {
  readonly reply: FakeReply;

  constructor(status: number, json?: unknown) {
    super('refused');
    this.reply = { status, json: json ?? { message: 'refused' } };
  }
}

const START_MS = Date.UTC(2026, 0, 5, 8);
const TICK_MS = 1000;

const readAll = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(Buffer.from(chunk as Uint8Array));
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** On a free port; answers with the origin. */
export const listenOnLoopback = async (server: Server): Promise<string> => {
  const listening = Promise.withResolvers<undefined>();
  server.listen(0, '127.0.0.1', () => {
    listening.resolve(undefined);
  });
  await listening.promise;
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`;
};

export const closeServer = async (server: Server): Promise<void> => {
  const closed = Promise.withResolvers<undefined>();
  server.close(() => {
    closed.resolve(undefined);
  });
  server.closeAllConnections();
  await closed.promise;
};

export abstract class FakeServer {
  readonly seen: FakeRequest[] = [];
  /** Asked for every request; null answers it. */
  fault: (request: FakeRequest) => FakeFault | null = () => null;
  /** Hears of every answer of the model; faults are none. */
  onReply: (request: FakeRequest, reply: FakeReply) => void = () => undefined;
  /** A service hands out fewer per page than it is asked for, if it likes. */
  pageItemsMax = 100;
  #frozen = false;
  #clockMs = START_MS;
  #server: Server | null = null;
  #origin = '';

  get origin(): string {
    return this.#origin;
  }

  /** The service's own clock, which is not ours. */
  get now(): number {
    return this.#clockMs;
  }

  advance(ms: number): void {
    this.#clockMs += ms;
  }

  /** From now on all edits happen at one instant, which is later than every one before. */
  freeze(frozen: boolean): void {
    this.#clockMs += TICK_MS;
    this.#frozen = frozen;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      this.take(request, response);
    });
    this.#origin = await listenOnLoopback(server);
    this.#server = server;
    return this;
  }

  /** In place of `start`: somebody else listens there, and hands requests over. */
  serveAt(origin: string): this {
    this.#origin = origin;
    return this;
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    this.#handle(request, response).catch(() => {
      response.destroy();
    });
  }

  async close(): Promise<void> {
    if (this.#server !== null) {
      await closeServer(this.#server);
    }
  }

  /** When an edit happens, as the service writes it. */
  protected tick(): string {
    if (!this.#frozen) {
      this.#clockMs += TICK_MS;
    }
    return new Date(this.#clockMs).toISOString();
  }

  protected abstract answer(request: FakeRequest): FakeReply | Promise<FakeReply>;

  /** For protocols that are not one request and one JSON answer; true where it took the request over. */
  protected async passOn(_request: FakeRequest, _raw: IncomingMessage, _response: ServerResponse): Promise<boolean> {
    return false;
  }

  async #handle(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(raw.url ?? '/', this.#origin);
    const body = await readAll(raw);
    const request: FakeRequest = {
      method: raw.method ?? 'GET',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: raw.headers,
      body,
    };
    this.seen.push(request);
    const fault = this.fault(request);
    if (fault?.kind === 'silent') {
      return;
    }
    if (fault?.kind === 'status') {
      this.#send(response, { status: fault.status, json: { message: 'trouble' }, headers: fault.headers ?? {} });
    } else if (fault !== null || !(await this.passOn(request, raw, response))) {
      this.#send(response, await this.#replyTo(request), fault?.kind === 'cut');
    }
  }

  async #replyTo(request: FakeRequest): Promise<FakeReply> {
    const reply = await this.#modelReply(request);
    this.onReply(request, reply);
    return reply;
  }

  async #modelReply(request: FakeRequest): Promise<FakeReply> {
    try {
      return await this.answer(request);
    } catch (error) {
      if (error instanceof FakeRefusal) {
        return error.reply;
      }
      throw error;
    }
  }

  #send(response: ServerResponse, reply: FakeReply, cut = false): void {
    const bytes = Buffer.from(reply.bytes ?? JSON.stringify(reply.json ?? {}));
    response.sendDate = false;
    response.writeHead(reply.status ?? 200, {
      'content-type': reply.bytes === undefined ? 'application/json' : 'application/octet-stream',
      'content-length': String(bytes.length),
      date: new Date(this.#clockMs).toUTCString(),
      ...reply.headers,
    });
    if (cut) {
      response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => {
        response.socket?.resetAndDestroy();
      });
    } else {
      response.end(bytes);
    }
  }
}

/** A slice of a list with the number that names the next one. */
export const pageOf = <T>(
  items: readonly T[],
  from: number,
  size: number,
): { readonly items: readonly T[]; readonly next: number | null } => ({
  items: items.slice(from, from + size),
  next: from + size < items.length ? from + size : null,
});
