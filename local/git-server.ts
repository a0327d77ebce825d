/**
 * Serves local git repositories to the functions, which read every source over HTTP: `git http-backend` behind a loopback
 * port, reading only. What a repository's own configuration says about serving is overruled here, on the command line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ConfigError } from '../functions/domain/errors.ts';
import { gitDirectoryOf, gitEnvironment } from './git-server/git-command.ts';
import { readCgiHead } from './git-server/cgi-head.ts';

export { resolveLocalSource } from './git-server/local-source.ts';

export interface ServedRepository {
  /** How it is addressed: lower-case letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** Bare or with a work tree, also a linked one; no `file://`. */
  readonly path: string;
}

export interface GitServer {
  readonly origin: string;
  urlOf(name: string): string;
  close(): Promise<void>;
}

interface Route {
  readonly gitDirectory: string;
  readonly service: '/info/refs' | '/git-upload-pack';
}

const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?$/u;
const ROUTE_PATTERN = /^\/([^/?]+)\.git(\/info\/refs\?service=git-upload-pack|\/git-upload-pack)$/u;
/** Nobody waits that long for a local repository: a child that lives longer is stuck. */
const CHILD_LIFETIME_MS_MAX = 10 * 60 * 1000;
const HEAD_BYTES_MAX = 16 * 1024;

const headerOf = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
};

/** CGI's variables: what git reads the request from. */
const cgiEnvironment = (request: IncomingMessage, route: Route): Record<string, string> => ({
  ...gitEnvironment(),
  GATEWAY_INTERFACE: 'CGI/1.1',
  GIT_HTTP_EXPORT_ALL: '1',
  PATH_TRANSLATED: `${route.gitDirectory}${route.service}`,
  QUERY_STRING: route.service === '/info/refs' ? 'service=git-upload-pack' : '',
  REQUEST_METHOD: request.method ?? 'GET',
  SERVER_PROTOCOL: 'HTTP/1.1',
  REMOTE_ADDR: '127.0.0.1',
  CONTENT_TYPE: headerOf(request, 'content-type'),
  ...(headerOf(request, 'content-length') === '' ? {} : { CONTENT_LENGTH: headerOf(request, 'content-length') }),
  HTTP_CONTENT_ENCODING: headerOf(request, 'content-encoding'),
  GIT_PROTOCOL: headerOf(request, 'git-protocol'),
});

const refuse = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${message}\n`);
};

class LoopbackGitServer implements GitServer {
  readonly #directories: ReadonlyMap<string, string>;
  readonly #server: Server;
  #origin = '';

  constructor(directories: ReadonlyMap<string, string>) {
    this.#directories = directories;
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
  }

  get origin(): string {
    return this.#origin;
  }

  urlOf(name: string): string {
    if (!this.#directories.has(name)) {
      throw new ConfigError(`No repository named "${name}" is served here.`);
    }
    return `${this.#origin}/${name}.git`;
  }

  async listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#server.once('error', reject);
    this.#server.listen(0, '127.0.0.1', () => {
      resolve(undefined);
    });
    await promise;
    const address = this.#server.address();
    this.#origin = typeof address === 'object' && address !== null ? `http://127.0.0.1:${String(address.port)}` : '';
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      resolve(undefined);
    });
    // Ends every answer, and with it the children that give them.
    this.#server.closeAllConnections();
    await promise;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = this.#route(request, response);
    if (route === null) {
      request.resume();
      return;
    }
    const child = spawn('git', ['http-backend'], {
      env: cgiEnvironment(request, route),
      stdio: ['pipe', 'pipe', 'ignore'],
      // Its own group: http-backend starts upload-pack, which starts pack-objects; they end together.
      detached: true,
    });
    const lifetime = setTimeout(killGroup, CHILD_LIFETIME_MS_MAX, child);
    response.once('close', () => {
      killGroup(child);
    });
    child.once('error', () => {
      refuse(response, 500, 'git could not be started');
    });
    child.once('close', () => {
      clearTimeout(lifetime);
    });
    await Promise.all([feed(request, child), answer(child, response)]);
  }

  /** Null: already refused. Only what reading needs has a route. */
  #route(request: IncomingMessage, response: ServerResponse): Route | null {
    const match = ROUTE_PATTERN.exec(request.url ?? '');
    const gitDirectory = this.#directories.get(match?.[1] ?? '');
    if (match === null || gitDirectory === undefined) {
      refuse(response, 404, 'no such repository');
      return null;
    }
    const service = match[2] === '/git-upload-pack' ? '/git-upload-pack' : '/info/refs';
    if (request.method !== (service === '/info/refs' ? 'GET' : 'POST')) {
      refuse(response, 405, 'method not allowed');
      return null;
    }
    return { gitDirectory, service };
  }
}

const killGroup = (child: ChildProcess): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The whole group ended between the look and the signal.
    child.kill('SIGKILL');
  }
};

/** A child that ends before it has read all is its right; the answer says why. */
const feed = async (request: IncomingMessage, child: ChildProcess): Promise<void> => {
  if (child.stdin === null) {
    return;
  }
  try {
    await pipeline(request, child.stdin);
  } catch {
    request.resume();
  }
};

const answer = async (child: ChildProcess, response: ServerResponse): Promise<void> => {
  const output: Readable | null = child.stdout;
  if (output === null) {
    return;
  }
  try {
    const head = await readCgiHead(output, HEAD_BYTES_MAX);
    if (head.kind === 'broken') {
      refuse(response, 500, 'git gave no answer');
      return;
    }
    response.writeHead(head.status, head.headers);
    response.write(head.rest);
    await pipeline(output, response);
  } catch {
    response.destroy();
  }
};

/** Starts serving on a free loopback port. Throws when a repository can't be served. */
export const startGitServer = async (repositories: readonly ServedRepository[]): Promise<GitServer> => {
  const directories = new Map<string, string>();
  for (const { name, path } of repositories) {
    if (!NAME_PATTERN.test(name) || directories.has(name)) {
      throw new ConfigError(
        `"${name}" can't name a served repository: it is not a plain lower-case word, or is taken.`,
      );
    }
    directories.set(name, await gitDirectoryOf(path));
  }
  const server = new LoopbackGitServer(directories);
  await server.listen();
  return server;
};
