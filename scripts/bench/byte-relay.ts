/** A relay in front of one Region's endpoint that counts what goes through, both ways: bytes as they are on the wire. */
import { connect, createServer, type Socket } from 'node:net';

export interface ByteRelay {
  readonly endpoint: string;
  /** Bytes of requests and responses so far, heads and bodies. */
  bytes(): number;
  /** Ends the connections that are open; new ones pass as before. */
  cut(): void;
  close(): Promise<void>;
}

export const openByteRelay = async (target: string): Promise<ByteRelay> => {
  const { hostname, port } = new URL(target);
  let bytes = 0;
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk) => {
      bytes += chunk.length;
    });
    from.on('error', () => {
      to.destroy();
    });
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.pipe(to);
  };
  const cut = (): void => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => {
    server.once('listening', resolve);
  });
  const address = server.address();
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${ownPort}`,
    bytes: () => bytes,
    cut,
    close: async () => {
      cut();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
};
