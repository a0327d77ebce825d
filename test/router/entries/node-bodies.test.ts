/** Answers of every size and byte pass unchanged through the one-write path of the Node entry, and streams show their head at once. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { routerConfigSchema } from '../../../router/config/schema.ts';
import { type NodeRouter, startNodeRouter } from '../../../router/entries/node/node-router.ts';

/** Every byte value, none of it text. */
const bytesOf = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_none, at) => (at * 7 + 131) % 256));
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const origin = http.createServer((req, res) => {
  req.resume();
  const [, kind = '', size = '0'] = (req.url ?? '').split('/');
  const bytes = bytesOf(Number(size));
  if (kind === 'whole') {
    res.writeHead(200, { 'content-length': bytes.length }).end(req.method === 'HEAD' ? undefined : bytes);
  } else if (kind === 'chunked') {
    res.write(bytes.subarray(0, 10));
    res.end(bytes.subarray(10));
  } else if (kind === 'two-parts') {
    res.writeHead(200, { 'content-length': bytes.length });
    res.write(bytes.subarray(0, 10));
    setTimeout(() => res.end(bytes.subarray(10)), 20);
  } else if (kind === 'head-first') {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  } else {
    res.writeHead(kind === 'none' ? 204 : 200).end(kind === 'none' ? undefined : '{}');
  }
});

let router: NodeRouter;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    origin.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const config = routerConfigSchema.parse({
    listen: { host: '127.0.0.1', port: 0 },
    regions: [{ id: 'a', endpoint }],
  });
  router = await startNodeRouter({ config, log: () => undefined });
});
afterAll(async () => {
  await router.close();
  origin.closeAllConnections();
  origin.close();
});

describe('the body of an answer', () => {
  it.each(
    ['whole', 'chunked', 'two-parts'].flatMap((kind) =>
      [11, 1024, 8192, 8193, 70_000, 1_000_000].map((size) => ({ kind, size })),
    ),
  )('$kind of $size bytes is the same on both sides', async ({ kind, size }) => {
    const response = await fetch(`${router.url}/${kind}/${size}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(bytes.length).toBe(size);
    expect(digest(bytes)).toBe(digest(bytesOf(size)));
  });

  it('may be missing: no content, nothing in it, or only its head asked for', async () => {
    expect((await fetch(`${router.url}/none`)).status).toBe(204);
    expect(await (await fetch(`${router.url}/whole/0`)).text()).toBe('');
    const head = await fetch(`${router.url}/whole/2000`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('2000');
    expect(await head.text()).toBe('');
  });

  it('may be long in coming: its head does not wait for it', async () => {
    const leave = new AbortController();
    const response = await fetch(`${router.url}/head-first/0`, {
      signal: AbortSignal.any([leave.signal, AbortSignal.timeout(3000)]),
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    leave.abort();
  });
});
