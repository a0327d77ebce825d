/**
 * An HTTP front before a git server that passes everything on, remembers what was asked, and breaks chosen requests on the
 * wire: a status, a reset in the body, an early end, silence before or inside the answer, a redirect.
 */
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is reset after this many bytes of the body. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** The body ends in good order, but too early. */
  | { readonly kind: 'end'; readonly afterBytes: number }
  | { readonly kind: 'silent' }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'answer'; readonly type: string; readonly body: string };

export interface FaultFront {
  readonly origin: string;
  readonly requests: SeenRequest[];
  /** Asked for every request; null passes it on. */
  fault: (request: SeenRequest) => Fault | null;
  close(): Promise<void>;
}

const readAll = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const forward = async (origin: string, seen: SeenRequest): Promise<IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { host: _host, connection: _connection, ...headers } = seen.headers;
  const onward = httpRequest(`${origin}${seen.url}`, { method: seen.method, headers });
  onward.on('response', resolve).on('error', reject);
  onward.end(seen.body);
  return promise;
};

const breakBody = (fault: Fault, body: Buffer, response: ServerResponse): void => {
  if (fault.kind === 'reset' || fault.kind === 'stall') {
    response.write(body.subarray(0, fault.afterBytes), () => {
      if (fault.kind === 'reset') {
        response.socket?.resetAndDestroy();
      }
    });
  } else if (fault.kind === 'end') {
    response.end(body.subarray(0, fault.afterBytes));
  }
};

export const startFaultFront = async (targetOrigin: () => string): Promise<FaultFront> => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await readAll(request)).toString('utf8');
    const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    front.requests.push(seen);
    const fault = front.fault(seen);
    if (fault?.kind === 'silent') {
      return;
    }
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, fault.headers).end('trouble');
      return;
    }
    if (fault?.kind === 'answer') {
      response.writeHead(200, { 'content-type': fault.type }).end(fault.body);
      return;
    }
    const passed = await forward(targetOrigin(), seen);
    response.writeHead(passed.statusCode ?? 500, { 'content-type': passed.headers['content-type'] ?? '' });
    if (fault === null) {
      passed.pipe(response);
    } else {
      breakBody(fault, await readAll(passed), response);
    }
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => {
      response.destroy();
    });
  });
  const listening = Promise.withResolvers<undefined>();
  server.listen(0, '127.0.0.1', () => {
    listening.resolve(undefined);
  });
  await listening.promise;
  const address = server.address();
  const front: FaultFront = {
    origin: `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`,
    requests: [],
    fault: () => null,
    close: async () => {
      const closed = Promise.withResolvers<undefined>();
      server.close(() => {
        closed.resolve(undefined);
      });
      server.closeAllConnections();
      await closed.promise;
    },
  };
  return front;
};
