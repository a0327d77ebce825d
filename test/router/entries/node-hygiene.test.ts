/** Node's parser and the router's own check refuse outright what the server suite lets a runtime read in one way. */
import net from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type RunningRouter, startRouter } from '../support/running-router.ts';

let running: RunningRouter;
beforeAll(async () => {
  running = await startRouter();
});
afterAll(async () => {
  await running.close();
});

/** Bytes as they are, and the status line of what comes back. */
const raw = async (text: string): Promise<string> => {
  const { port } = new URL(running.router.url);
  const done = Promise.withResolvers<string>();
  const socket = net.connect(Number(port), '127.0.0.1', () => {
    socket.write(text);
  });
  let got = '';
  socket.setTimeout(1000, () => socket.destroy());
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

describe('requests that could be read in two ways', () => {
  it.each([
    ['both lengths', 'POST /x HTTP/1.1\r\nHost: r\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'POST /x HTTP/1.1\r\nHost: r\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a hidden encoding', 'POST /x HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'POST /x HTTP/1.1\r\nHost: r\r\nContent-Length : 3\r\n\r\nabc'],
    ['a bare line feed in a header', 'GET /x HTTP/1.1\r\nHost: r\r\nX-A: b\nX-C: d\r\n\r\n'],
    ['no host', 'GET /x HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET /x HTTP/1.1\r\nHost: r\r\nHost: s\r\n\r\n'],
    ['another origin as target', 'GET http://169.254.169.254/latest HTTP/1.1\r\nHost: r\r\n\r\n'],
    ['a network path', 'GET //evil.example/x HTTP/1.1\r\nHost: r\r\n\r\n'],
    ['a backslash', 'GET /\\evil.example HTTP/1.1\r\nHost: r\r\n\r\n'],
  ])('with %s are refused', async (_what, text) => {
    const before = running.a.served().length;
    expect(await raw(text)).toMatch(/^HTTP\/1\.1 400 |^$/u);
    expect(running.a.served()).toHaveLength(before);
  });

  it('a tunnel is refused, and a method that reflects', async () => {
    expect(await raw('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n')).not.toContain(' 200 ');
    expect(await raw('TRACE /x HTTP/1.1\r\nHost: r\r\n\r\n')).toContain(' 405 ');
  });
});
