/** The drill's wire: every way of failing as a client meets it, and the log that counts what was asked of a dead Region. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Authority, openAuthority } from '../../local/services/authority.ts';
import { Tap } from '../../scripts/drill/wire/tap.ts';
import type { WireCall, WireMode } from '../../scripts/drill/wire/wire-modes.ts';

let directory: string;
let authority: Authority;
let upstream: Server;
let tap: Tap;
let calls: WireCall[];

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'twinmap-tap-'));
  authority = await openAuthority(directory, Date.now());
  calls = [];
  upstream = createServer((incoming, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
  });
  await new Promise<void>((resolve) => {
    upstream.listen(0, '127.0.0.1', resolve);
  });
  const address = upstream.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  tap = new Tap({
    region: 'us-east-2',
    service: 'dynamodb',
    identity: authority.issue(['localhost']),
    upstream: () => `http://127.0.0.1:${port}`,
    onCall: (call) => calls.push(call),
  });
  await tap.open();
});

afterEach(async () => {
  await tap.close();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

const TIMEOUT_MS = 300;

/** The status, or why there is none. */
const ask = async (): Promise<number | string> => {
  const answered = Promise.withResolvers<number | string>();
  const outgoing = request(
    {
      host: 'localhost',
      port: tap.port,
      path: '/x',
      method: 'POST',
      ca: authority.certificate,
      agent: false,
      headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' },
    },
    (response) => {
      response.resume().once('end', () => {
        answered.resolve(response.statusCode ?? 0);
      });
    },
  );
  outgoing.once('error', (error: NodeJS.ErrnoException) => {
    answered.resolve(error.code ?? error.message);
  });
  const timer = setTimeout(() => {
    answered.resolve('late');
    outgoing.destroy();
  }, TIMEOUT_MS);
  outgoing.end('{}');
  const result = await answered.promise;
  clearTimeout(timer);
  return result;
};

describe('a tap', () => {
  it('passes what it gets, and logs the operation, the status and the time', async () => {
    expect(await ask()).toBe(200);
    expect(calls).toMatchObject([{ region: 'us-east-2', operation: 'GetItem', status: 200, mode: 'ok' }]);
  });

  it.each<[WireMode, number | string]>([
    ['hang', 'late'],
    ['tls-reset', 'ECONNRESET'],
    ['refuse', 'ECONNRESET'],
    ['error-503', 503],
    ['throttle', 429],
    ['slow-200', 'late'],
  ])('%s is met as %s, and is one call in the log', async (mode, met) => {
    tap.set(mode);
    expect(await ask()).toBe(met);
    // The other side of the connection hears of its end a moment later.
    await expect.poll(() => calls.length).toBe(1);
    expect(calls[0]).toMatchObject({ mode, status: typeof met === 'number' ? met : 0 });
  });

  it('is well again when it is told so', async () => {
    tap.set('refuse');
    expect(await ask()).not.toBe(200);
    tap.set('ok');
    expect(await ask()).toBe(200);
  });
});
