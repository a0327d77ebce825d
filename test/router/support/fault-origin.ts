/** A Region's endpoint on loopback whose wire can be broken while it runs, and that remembers what reached it. */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

import { echo } from './echo-socket.ts';

export type Fault = 'none' | 'hang' | 'reset' | 'refuse' | '503' | '500' | 'drain' | 'cut' | 'slow-answer';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface FaultOrigin {
  readonly name: string;
  readonly port: number;
  readonly endpoint: string;
  readonly seen: Seen[];
  readonly status: { state: string; epoch: number; peerWrites?: string; replication?: string };
  /** Requests for the service, without probes. */
  readonly served: () => readonly Seen[];
  readonly set: (fault: Fault) => Promise<void>;
  /** Ends with the client's connection. */
  readonly aborted: () => number;
  readonly close: () => Promise<void>;
}

const SLOW_MS = 150;
const PROBES = new Set(['/healthz', '/readyz', '/v1/status']);

const bodyOf = async (req: http.IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

export interface OriginTls {
  readonly cert: string;
  readonly key: string;
}

export const startFaultOrigin = async (name: string, tls?: OriginTls): Promise<FaultOrigin> => {
  const state: { fault: Fault; aborted: number } = { fault: 'none', aborted: 0 };
  const seen: Seen[] = [];
  const status: FaultOrigin['status'] = { state: name === 'a' ? 'active' : 'passive', epoch: 1 };
  const sockets = new Set<Socket>();

  const events = (res: http.ServerResponse): void => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      res.write(`data: ${sent}\n\n`);
    }, 10);
    res.once('close', () => {
      state.aborted += 1;
      clearInterval(timer);
    });
  };

  const answer = (req: http.IncomingMessage, res: http.ServerResponse, body: string): void => {
    const url = req.url ?? '/';
    if (url === '/v1/status') {
      const { replication, ...gate } = status;
      res.end(
        JSON.stringify({
          gate,
          ...(replication === undefined ? {} : { replication: { state: replication } }),
        }),
      );
    } else if (url === '/events') {
      events(res);
    } else if (url === '/stalls') {
      res.writeHead(200).write('half');
    } else if (url === '/headers') {
      res.setHeader('x-router-region', 'posing');
      res.setHeader('set-cookie', ['one=1', 'two=2']);
      res.end(JSON.stringify(req.rawHeaders));
    } else if (state.fault === 'cut') {
      res.writeHead(200, { 'content-length': '1000' });
      res.write('half');
      setTimeout(() => res.destroy(), 20);
    } else if (state.fault === 'slow-answer') {
      setTimeout(() => res.end(`${name}:${req.method ?? ''}:${body.length}`), SLOW_MS);
    } else {
      res.setHeader('content-type', 'text/plain');
      res.end(`${name}:${req.method ?? ''}:${body.length}`);
    }
  };

  const onRequest = (req: http.IncomingMessage, res: http.ServerResponse): void => {
    const { fault } = state;
    res.once('close', () => {
      state.aborted += res.writableFinished || req.url === '/events' ? 0 : 1;
    });
    const serve = async (): Promise<void> => {
      const body = await bodyOf(req);
      seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body });
      if (fault === 'hang') {
        return;
      }
      if (fault === 'reset') {
        req.socket.resetAndDestroy();
      } else if (fault === '503' || fault === '500' || fault === 'drain') {
        const isDrain = fault === 'drain' && !PROBES.has(req.url ?? '');
        res.writeHead(fault === '500' ? 500 : 503, isDrain ? { 'x-drain': '1', 'retry-after': '1' } : {});
        res.end(`${name} is unwell`);
      } else {
        answer(req, res, body);
      }
    };
    serve().catch(() => {
      res.destroy();
    });
  };
  const server = tls === undefined ? http.createServer(onRequest) : https.createServer(tls, onRequest);
  server.on('upgrade', (req, socket) => {
    seen.push({ method: 'UPGRADE', url: req.url ?? '', headers: req.headers, body: '' });
    echo(name, req, socket);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listen = async (port: number): Promise<number> => {
    const ready = Promise.withResolvers<undefined>();
    server.listen(port, '127.0.0.1', () => {
      ready.resolve(undefined);
    });
    await ready.promise;
    return (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    const closed = Promise.withResolvers<undefined>();
    server.close(() => {
      closed.resolve(undefined);
    });
    for (const socket of sockets) {
      socket.resetAndDestroy();
    }
    await closed.promise;
  };
  const port = await listen(0);
  return {
    name,
    port,
    endpoint: `http://127.0.0.1:${port}`,
    seen,
    status,
    served: () => seen.filter(({ url }) => !PROBES.has(url)),
    set: async (fault) => {
      if (fault === 'refuse' && state.fault !== 'refuse') {
        await stop();
      } else if (fault !== 'refuse' && state.fault === 'refuse') {
        await listen(port);
      }
      state.fault = fault;
    },
    aborted: () => state.aborted,
    close: async () => {
      if (state.fault !== 'refuse') {
        await stop();
      }
    },
  };
};
