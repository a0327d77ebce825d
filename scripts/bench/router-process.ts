/** One process of the router bench, so that its CPU is its own: an origin with faults, a bare dispatch proxy, or the router. */
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { Pool } from 'undici';

import { routerConfigSchema } from '../../router/config/schema.ts';
import { startNodeRouter } from '../../router/entries/node/node-router.ts';

export type BenchFault = 'none' | 'hang' | 'reset' | 'refuse' | '503';

export type BenchMessage =
  { readonly kind: 'fault'; readonly fault: BenchFault } | { readonly kind: 'cpu' } | { readonly kind: 'counts' };

const BODY = 'x'.repeat(1024);
const STATUS = JSON.stringify({ gate: { state: 'active', epoch: 1 } });

const reply = (value: unknown): void => {
  process.send?.(value);
};

const listen = async (server: http.Server, port = 0): Promise<string> => {
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** Answers 1 KiB; on demand it hangs, resets, refuses or fails. */
const startOrigin = async (isActive: boolean): Promise<string> => {
  const state = { fault: 'none' as BenchFault, posts: 0 };
  const sockets = new Set<Socket>();
  const status = isActive ? STATUS : STATUS.replace('active', 'passive');
  const server = http.createServer((req, res) => {
    req.resume();
    const { fault } = state;
    state.posts += req.method === 'POST' ? 1 : 0;
    if (fault === 'reset') {
      req.socket.resetAndDestroy();
    } else if (fault === '503') {
      res.writeHead(503).end();
    } else if (fault !== 'hang') {
      res.end(req.url === '/v1/status' ? status : BODY);
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
    });
  });
  const url = await listen(server);
  const { port } = new URL(url);
  process.on('message', (message: BenchMessage) => {
    if (message.kind === 'counts') {
      reply({ posts: state.posts });
    } else if (message.kind === 'fault') {
      if (message.fault === 'refuse') {
        server.close();
        for (const socket of sockets) {
          socket.resetAndDestroy();
        }
      } else if (state.fault === 'refuse') {
        void listen(server, Number(port));
      }
      state.fault = message.fault;
    }
  });
  return url;
};

const passed = (raw: readonly string[], host: string): string[] =>
  ['host', host].concat(raw.filter((_text, at) => !/^(?:host|connection)$/iu.test(raw[at - (at % 2)] ?? '')));

/** The least that a proxy by dispatch can do: what the router's own work is measured against. */
const startBare = async (origin: string): Promise<string> => {
  const pool = new Pool(origin, { connections: 256 });
  const { host } = new URL(origin);
  const server = http.createServer((req, res) => {
    pool.dispatch(
      { path: req.url ?? '/', method: 'GET', headers: passed(req.rawHeaders, host), body: null },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, status, headers) => {
          const { connection: _own, 'keep-alive': _kept, ...rest } = headers;
          res.writeHead(status, rest);
        },
        onResponseData: (_controller, chunk) => {
          res.write(chunk);
        },
        onResponseEnd: () => {
          res.end();
        },
        onResponseError: () => {
          res.destroy();
        },
      },
    );
  });
  return listen(server);
};

const startRouter = async (origins: readonly string[]): Promise<string> => {
  const config = routerConfigSchema.parse({
    listen: { host: '127.0.0.1', port: 0 },
    regions: origins.map((endpoint, at) => ({ id: at === 0 ? 'a' : 'b', endpoint })),
    policy: { attemptTimeoutMs: 1000, deadlineMs: 1000 },
  });
  return (await startNodeRouter({ config, log: () => undefined })).url;
};

const [role = '', ...origins] = process.argv.slice(2);
process.on('message', (message: BenchMessage) => {
  if (message.kind === 'cpu') {
    const { user, system } = process.cpuUsage();
    reply({ cpuUs: user + system, rssBytes: process.memoryUsage().rss });
  }
});
process.on('disconnect', () => process.exit(0));
const starts: Readonly<Record<string, () => Promise<string>>> = {
  active: async () => startOrigin(true),
  passive: async () => startOrigin(false),
  bare: async () => startBare(origins[0] ?? ''),
  router: async () => startRouter(origins),
};
reply({ url: await starts[role]?.() });
