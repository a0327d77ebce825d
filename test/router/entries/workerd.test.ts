/** What is of workerd alone: state on its disk, the alarm that probes, clients that vanish, names that do not resolve. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { routerConfigSchema } from '../../../router/config/schema.ts';
import { mintToken, newKeyPair, type NewKeyPair } from '../../../router/override/token.ts';
import { until, viewedRegions } from '../support/adapter.ts';
import { makeCertificates } from '../support/certificates.ts';
import { startFaultOrigin } from '../support/fault-origin.ts';
import { type RunningWorkerd, serveConfig, startWorkerd, WORKERD } from '../support/running-workerd.ts';

describe.runIf(WORKERD !== undefined)('a router on workerd', () => {
  let running: RunningWorkerd;
  let keys: NewKeyPair;
  beforeAll(async () => {
    keys = await newKeyPair();
  });
  beforeEach(async () => {
    running = await startWorkerd({ name: 'rt', override: { keys: [{ kid: 'k1', publicKey: keys.publicKey }] } });
  });
  afterEach(async () => {
    await running.close();
  });

  const put = async (seq: number, kind: 'prefer' | 'pin'): Promise<number> => {
    const times = { iatMs: Date.now(), expMs: Date.now() + 60_000 };
    const token = await mintToken(
      { mode: { kind, region: 'b' }, scope: 'fleet', aud: 'rt', kid: 'k1', seq, by: 'me', why: 'test', ...times },
      keys.privateKey,
    );
    return (await running.get('/__router/override', { method: 'PUT', body: token })).status;
  };
  const reasonOf = async (): Promise<string | null> => (await running.get('/x')).headers.get('x-router-reason');

  it('an override outlives a kill, and so does its sequence number', async () => {
    expect(await put(5, 'prefer')).toBe(200);
    await running.restart();
    expect(await reasonOf()).toBe('preferred');
    expect(await put(4, 'pin')).toBe(409);
  });

  it('the probes go on by themselves after a restart, without any request', async () => {
    await running.restart();
    running.a.seen.length = 0;
    await until('a is probed', async () => running.a.seen.some(({ url }) => url === '/v1/status'));
    expect(running.a.served()).toHaveLength(0);
  });

  it('a silent Region is found by the alarm alone, and its writes move', async () => {
    await Promise.all(Array.from({ length: 20 }, async () => reasonOf()));
    await running.a.set('hang');
    const stuck = Array.from({ length: 4 }, async () => running.get('/x', { method: 'POST', body: 'v' }));
    await until('a is out', async () => (await running.states())[0] === 'open');
    expect((await running.get('/x', { method: 'POST', body: 'v' })).headers.get('x-router-region')).toBe('b');
    expect((await Promise.all(stuck)).map(({ status }) => status)).toStrictEqual([504, 504, 504, 504]);
  });

  it('clients that vanish leave nothing in flight, and trip nobody by half an upload', async () => {
    const { port } = new URL(running.url);
    const nothingWaits = async (): Promise<void> => {
      await until('nothing is in flight', async () =>
        (await viewedRegions(running.url)).every(({ inFlight }) => inFlight === 0),
      );
    };
    const vanish = async (text: string): Promise<void> => {
      await new Promise<void>((resolve) => {
        const socket = net.connect(Number(port), '127.0.0.1', () => {
          socket.write(text);
          setTimeout(() => {
            socket.resetAndDestroy();
            resolve();
          }, 30);
        });
        socket.on('error', () => undefined);
      });
    };
    const upload = 'POST /x HTTP/1.1\r\nHost: r\r\nContent-Length: 300000\r\n\r\nhalf';
    const chunked = 'POST /x HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';
    await Promise.all(Array.from({ length: 12 }, async (_none, at) => vanish(at % 2 === 0 ? upload : chunked)));
    await nothingWaits();
    expect(await running.states()).toStrictEqual(['closed', 'closed']);
    expect(running.a.served().filter(({ method }) => method === 'POST')).toStrictEqual([]);
    await running.a.set('hang');
    await vanish('GET /x HTTP/1.1\r\nHost: r\r\n\r\n');
    await running.a.set('none');
    await nothingWaits();
  });

  it('SIGTERM lets an answer in flight end', async () => {
    await running.a.set('slow-answer');
    const slow = running.get('/x');
    await until('it is at the Region', async () => running.a.served().length === 1);
    const ended = running.process().end('SIGTERM');
    expect(await (await slow).text()).toBe('a:GET:0');
    expect(await ended).toBe(0);
  });
});

describe.runIf(WORKERD !== undefined)('names and certificates on workerd', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'router-workerd-tls-'));
  const file = (name: string): string => path.join(folder, name);
  const pair = (name: string) => ({ certFile: file(`${name}.pem`), keyFile: file(`${name}.key`) });
  beforeAll(() => {
    makeCertificates(folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('a name that does not resolve is left for its seed, and stays left', async () => {
    const one = await startFaultOrigin('one', {
      cert: readFileSync(file('one.pem'), 'utf8'),
      key: readFileSync(file('one.key'), 'utf8'),
    });
    const served = await serveConfig(
      routerConfigSchema.parse({
        listen: { host: '127.0.0.1', port: 0 },
        regions: [
          {
            id: 'one',
            endpoint: `https://one.internal.test:${one.port}`,
            seedAddresses: ['127.0.0.1'],
            caFile: file('ca.pem'),
          },
        ],
      }),
    );
    const ask = async (): Promise<number> => (await fetch(`${served.url}/x`)).status;
    await ask();
    expect([await ask(), await ask(), await ask()]).toStrictEqual([200, 200, 200]);
    await served.close();
    await one.close();
  });

  it('the router listens with its own certificate, and shows one to a Region that asks for it', async () => {
    const asking = https.createServer(
      {
        cert: readFileSync(file('one.pem')),
        key: readFileSync(file('one.key')),
        ca: readFileSync(file('ca.pem')),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (_req, res) => {
        res.end('known');
      },
    );
    await new Promise<void>((resolve) => {
      asking.listen(0, '127.0.0.1', resolve);
    });
    const address = asking.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const served = await serveConfig(
      routerConfigSchema.parse({
        listen: { host: '127.0.0.1', port: 0, ...pair('one') },
        regions: [
          {
            id: 'one',
            endpoint: `https://one.internal.test:${port}`,
            addresses: ['127.0.0.1'],
            caFile: file('ca.pem'),
            ...pair('two'),
          },
        ],
      }),
    );
    const answered = Promise.withResolvers<string>();
    https
      .get(
        {
          host: '127.0.0.1',
          port: new URL(served.url).port,
          path: '/x',
          servername: 'one.internal.test',
          ca: readFileSync(file('ca.pem')),
        },
        (res) => {
          res.on('data', (chunk: Buffer) => {
            answered.resolve(`${res.statusCode ?? 0} ${chunk.toString()}`);
          });
        },
      )
      .on('error', answered.reject);
    expect(await answered.promise).toBe('200 known');
    await served.close();
    asking.closeAllConnections();
    asking.close();
  });
});
