/** Node's parser and the router's own check refuse outright what the server suite lets a runtime read in one way. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { rawRequest } from '../support/raw-request.ts';
import { type RunningRouter, startRouter } from '../support/running-router.ts';

let running: RunningRouter;
beforeAll(async () => {
  running = await startRouter();
});
afterAll(async () => {
  await running.close();
});

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
    expect(await rawRequest(running.router.url, text)).toMatch(/^HTTP\/1\.1 400 |^$/u);
    expect(running.a.served()).toHaveLength(before);
  });

  it('a tunnel is refused, and a method that reflects', async () => {
    expect(
      await rawRequest(running.router.url, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'),
    ).not.toContain(' 200 ');
    expect(await rawRequest(running.router.url, 'TRACE /x HTTP/1.1\r\nHost: r\r\n\r\n')).toContain(' 405 ');
  });
});
