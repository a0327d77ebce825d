/** One process of the router bench, so that its CPU is its own: origins, a bare dispatch proxy, or the router. */
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Pool } from 'undici';

import { routerConfigSchema } from '../../../router/config/schema.ts';
import { startNodeRouter } from '../../../router/entries/node/node-router.ts';
import { type BenchFault, FaultyRegion, statusText } from './fault-pair.ts';

export type BenchMessage =
  | { readonly kind: 'fault'; readonly fault: BenchFault }
  | { readonly kind: 'cpu' }
  /** The same after a full collection: what is left is what is held. */
  | { readonly kind: 'collect' }
  | { readonly kind: 'counts' };

const reply = (value: unknown): void => {
  process.send?.(value);
};

const listen = async (server: net.Server): Promise<string> => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const answerText = (body: string): string =>
  [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json',
    'Cache-Control: no-store',
    'Date: Sun, 22 Nov 2026 00:00:00 GMT',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');

const STATUS_LINE = 'GET /v1/status ';

/** Answers whatever comes with 1 KiB, at the least cost to the machine that it shares with what is measured. */
const startQuick = async (isActive: boolean): Promise<string> => {
  const usual = answerText('x'.repeat(1024));
  const status = answerText(statusText(isActive));
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      socket.write(bytes.toString('latin1', 0, STATUS_LINE.length) === STATUS_LINE ? status : usual);
    });
  });
  return listen(server);
};

const setFault = async (region: FaultyRegion, fault: BenchFault): Promise<void> => {
  await region.set(fault);
  reply({ isSet: true });
};

const startPair = async (): Promise<readonly string[]> => {
  const pair = [new FaultyRegion(true), new FaultyRegion(false)] as const;
  process.on('message', (message: BenchMessage) => {
    if (message.kind === 'counts') {
      const [a, b] = pair;
      reply({ posts: a.posts + b.posts, connections: a.connections + b.connections });
    } else if (message.kind === 'fault') {
      void setFault(pair[0], message.fault);
    }
  });
  return Promise.all(pair.map(async (region) => region.start()));
};

const passed = (raw: readonly string[], host: string): string[] => {
  const headers = ['host', host];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    if (name !== 'host' && name !== 'connection') {
      headers.push(name, raw[at + 1] ?? '');
    }
  }
  return headers;
};

/** The least that a proxy by dispatch can do: what the router's own work is measured against. */
const startBare = async (origin: string): Promise<string> => {
  const pool = new Pool(origin, { connections: 256 });
  const { host } = new URL(origin);
  const server = http.createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
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

interface RouterExtras {
  readonly deadlineMs: number;
  /** Short: in seconds the router has asked as often as one that has run for minutes, and knows how long a probe takes. */
  readonly statusIntervalMs?: number;
  /** Short: then a socket that is left is a socket that was lost. */
  readonly keepAliveMs?: number;
}

const startRouter = async (
  origins: readonly string[],
  { deadlineMs, statusIntervalMs, ...limits }: RouterExtras,
): Promise<string> => {
  const config = routerConfigSchema.parse({
    limits,
    listen: { host: '127.0.0.1', port: 0 },
    regions: origins.map((endpoint, at) => ({ id: at === 0 ? 'a' : 'b', endpoint })),
    policy: { attemptTimeoutMs: 1000, deadlineMs, ...(statusIntervalMs === undefined ? {} : { statusIntervalMs }) },
  });
  return (await startNodeRouter({ config, log: () => undefined })).url;
};

let collector: unknown;

const collect = (): void => {
  if (collector === undefined) {
    v8.setFlagsFromString('--expose-gc');
    collector = runInNewContext('gc');
  }
  if (typeof collector === 'function') {
    Reflect.apply(collector, undefined, []);
  }
};

const unhandled = { count: 0 };
process.on('unhandledRejection', () => {
  unhandled.count += 1;
});

const [role = '', ...origins] = process.argv.slice(2);
process.on('message', (message: BenchMessage) => {
  if (message.kind === 'collect') {
    collect();
  }
  if (message.kind === 'cpu' || message.kind === 'collect') {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const sockets = process.getActiveResourcesInfo().filter((name) => name.startsWith('TCPSocket')).length;
    reply({ cpuUs: user + system, rssBytes: rss, heapBytes: heapUsed, sockets, unhandled: unhandled.count });
  }
});
process.on('disconnect', () => process.exit(0));
const starts: Readonly<Record<string, () => Promise<string | readonly string[]>>> = {
  'quick-active': async () => startQuick(true),
  'quick-passive': async () => startQuick(false),
  pair: startPair,
  bare: async () => startBare(origins[0] ?? ''),
  router: async () => startRouter(origins, { deadlineMs: 1000 }),
  'router-settled': async () => startRouter(origins, { deadlineMs: 1000, statusIntervalMs: 100 }),
  'router-soaked': async () => startRouter(origins, { deadlineMs: 5000, keepAliveMs: 2000 }),
};
const urls = await starts[role]?.();
reply({ urls: [urls ?? []].flat() });
