/**
 * One loopback address for several stand-ins and a git server: a local pair reads its sources from one address, as it would reach
 * all services through one proxy. Paths tell who is meant; the services' own paths do not meet.
 */
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';

import { closeServer, type FakeServer, listenOnLoopback } from './fake-server.ts';

export interface MountedFake {
  readonly fake: FakeServer;
  /** Whether a path is this service's. */
  readonly paths: RegExp;
}

export class FakeFront {
  readonly #mounted: readonly MountedFake[];
  readonly #gitOrigin: string;
  readonly #server: Server;
  #origin = '';

  /** Everything that is no stand-in's goes to `gitOrigin`. */
  constructor(mounted: readonly MountedFake[], gitOrigin: string) {
    this.#mounted = mounted;
    this.#gitOrigin = gitOrigin;
    this.#server = createServer((request, response) => {
      this.#take(request, response);
    });
  }

  get origin(): string {
    return this.#origin;
  }

  async start(): Promise<this> {
    this.#origin = await listenOnLoopback(this.#server);
    for (const { fake } of this.#mounted) {
      fake.serveAt(this.#origin);
    }
    return this;
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', this.#origin);
    const found = this.#mounted.find(({ paths }) => paths.test(pathname));
    if (found === undefined) {
      this.#passOn(request, response);
    } else {
      found.fake.take(request, response);
    }
  }

  /** As it is, both ways, without keeping any of it: a pack may be large. */
  #passOn(request: IncomingMessage, response: ServerResponse): void {
    const { host: _host, ...headers } = request.headers;
    const onward = httpRequest(`${this.#gitOrigin}${request.url ?? '/'}`, { method: request.method, headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => {
      response.destroy();
    });
    response.on('close', () => {
      onward.destroy();
    });
    request.pipe(onward);
  }
}
