/** A service that answers as no stand-in does: a test writes the response itself. */
import { createServer, type ServerResponse } from 'node:http';

export interface RawServer {
  readonly endpoint: string;
  close(): Promise<void>;
}

export const openRawServer = async (answer: (response: ServerResponse) => void): Promise<RawServer> => {
  const server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
};
