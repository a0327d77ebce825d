/** Bytes sent as they are: requests that no client library would send. */
import net from 'node:net';

/** The status line of what comes back; empty where the connection ends without one. */
export const rawRequest = async (url: string, text: string): Promise<string> => {
  const done = Promise.withResolvers<string>();
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () => {
    socket.write(text);
  });
  let got = '';
  socket.setTimeout(600, () => socket.destroy());
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    if (got.includes('\r\n')) {
      socket.destroy();
    }
  });
  socket.on('close', () => {
    done.resolve(got.split('\r\n')[0] ?? '');
  });
  socket.on('error', () => {
    socket.destroy();
  });
  return done.promise;
};
