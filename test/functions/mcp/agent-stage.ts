/** The official client of the Model Context Protocol in front of the API: in this process, or over HTTP on loopback. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Hono } from 'hono';

/** `modern`: the protocol of 2026, without sessions. `legacy`: with the handshake of 2025. */
export type Era = 'modern' | 'legacy';

export const ERAS: readonly Era[] = ['modern', 'legacy'];

export interface Agent {
  readonly client: Client;
  /** What was sent and answered: `POST 200 application/json`. */
  readonly exchanges: readonly string[];
}

interface Wire {
  readonly url: URL;
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
}

const inProcess = (app: Hono): Wire => ({
  url: new URL('http://localhost/mcp'),
  fetch: async (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set('host', 'localhost');
    return app.fetch(new Request(url, { ...init, headers }));
  },
});

const connect = async (wire: Wire, token: string, era: Era): Promise<Agent> => {
  const exchanges: string[] = [];
  const transport = new StreamableHTTPClientTransport(wire.url, {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    fetch: async (url, init) => {
      const response = await wire.fetch(url, init);
      exchanges.push(`${init?.method ?? 'GET'} ${response.status} ${response.headers.get('content-type') ?? ''}`);
      return response;
    },
  });
  const client = new Client(
    { name: 'twinmap-test', version: '1' },
    era === 'modern' ? { versionNegotiation: { mode: 'auto' } } : {},
  );
  await client.connect(transport);
  return { client, exchanges };
};

export const agentOf = async (app: Hono, token: string, era: Era): Promise<Agent> =>
  connect(inProcess(app), token, era);

const readWhole = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) {
    chunks.push(Buffer.from(chunk as Uint8Array));
  }
  return Buffer.concat(chunks);
};

const answer = async (app: Hono, message: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await readWhole(message);
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    headers.set(name, String(value));
  }
  const method = message.method ?? 'GET';
  const url = `http://${message.headers.host ?? 'localhost'}${message.url ?? '/'}`;
  const answered = await app.fetch(
    new Request(url, { method, headers, ...(body.length === 0 ? {} : { body: new Uint8Array(body) }) }),
  );
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  response.end(Buffer.from(await answered.arrayBuffer()));
};

export interface Served {
  readonly agent: (token: string, era: Era) => Promise<Agent>;
  readonly close: () => Promise<void>;
}

/** The API on a port of loopback, with the client's own fetch. */
export const serveOnLoopback = async (app: Hono): Promise<Served> => {
  const server = createServer((message, response) => {
    void answer(app, message, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  return {
    agent: async (token, era) => connect({ url, fetch: async (to, init) => fetch(to, init) }, token, era),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
};
