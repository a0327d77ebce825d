/** The fetch client on real sockets: the same faults as the Node entry, without a router in between; and its size. */
import { gzipSync } from 'node:zlib';
import path from 'node:path';

import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createRegionClient, NoRegionError, type RegionClient } from '../../../router/client/region-client.ts';
import { type Fault, type FaultOrigin, startFaultOrigin } from '../support/fault-origin.ts';

let a: FaultOrigin;
let b: FaultOrigin;
let client: RegionClient;

beforeEach(async () => {
  [a, b] = await Promise.all([startFaultOrigin('a'), startFaultOrigin('b')]);
  client = createRegionClient({
    regions: [a, b].map(({ name, endpoint }) => ({ id: name, endpoint })),
    settings: {
      attemptTimeoutMs: 500,
      deadlineMs: 1000,
      recoveryDelayMinMs: 100,
      recoveryGapMs: 20,
    },
    sharedKeyPaths: ['/votes'],
  });
});
afterEach(async () => {
  client.close();
  await Promise.all([a.close(), b.close()]);
});

const regionOf = async (init?: RequestInit, at = '/x'): Promise<string | undefined> => {
  const response = await client.fetch(at, init);
  await response.text();
  return client.answeredBy(response)?.region;
};

describe('the fetch client', () => {
  it('asks the first Region while it is well', async () => {
    expect(await regionOf()).toBe('a');
    expect(b.served()).toHaveLength(0);
  });

  it.each<Fault>(['hang', 'reset', 'refuse', '503'])('reads go on while the first Region does "%s"', async (fault) => {
    await regionOf();
    await a.set(fault);
    for (let at = 0; at < 12; at += 1) {
      expect(await regionOf()).toBe('b');
    }
  });

  it('a write whose fate is unknown is not sent again', async () => {
    await a.set('reset');
    await expect(client.fetch('/x', { method: 'POST', body: 'vote' })).rejects.toThrow(NoRegionError);
    expect(b.served()).toHaveLength(0);
  });

  it('a write with a key that both Regions honour is sent again', async () => {
    await a.set('reset');
    const init = { method: 'POST', body: 'vote', headers: { 'idempotency-key': 'k' } };
    expect(await regionOf(init, '/votes')).toBe('b');
  });

  it('a pinned client sees its Region only', async () => {
    client.setMode({ kind: 'pin', region: 'b' });
    expect(await regionOf()).toBe('b');
    await b.set('refuse');
    await expect(client.fetch('/x')).rejects.toThrow('b ECONNREFUSED');
    client.setMode(undefined);
    expect(await regionOf()).toBe('a');
  });

  it('an abort by the caller reaches the origin', async () => {
    await a.set('hang');
    await b.set('hang');
    await expect(client.fetch('/x', { signal: AbortSignal.timeout(60) })).rejects.toThrow(/abort|timeout/iu);
  });

  it('returns to a Region after good probes', async () => {
    await a.set('refuse');
    for (let at = 0; at < 6; at += 1) {
      await regionOf();
    }
    expect(client.policy.health('a').isOpen).toBe(true);
    await a.set('none');
    await expect.poll(() => client.policy.health('a').state, { timeout: 3000 }).toBe('closed');
    expect(await regionOf()).toBe('a');
  });
});

describe('its bundle', () => {
  const bundle = async (contents: string): Promise<number> => {
    const built = await build({
      stdin: {
        contents,
        resolveDir: path.resolve(import.meta.dirname, '../../../router/client'),
        loader: 'ts',
      },
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2024',
      platform: 'browser',
      write: false,
    });
    return gzipSync(built.outputFiles[0]?.contents ?? new Uint8Array()).length;
  };

  it('is under 6 kB minified and compressed', async () => {
    const bytes = await bundle("export { createRegionClient } from './region-client.ts';");
    process.stdout.write(`router client: ${bytes} bytes min+gzip\n`);
    expect(bytes).toBeLessThan(6000);
    expect(bytes).toBeGreaterThan(1000);
  });

  it('what is not used is not in it', async () => {
    const whole = await bundle("export { createRegionClient } from './region-client.ts';");
    const error = await bundle("export { NoRegionError } from './region-client.ts';");
    expect(error).toBeLessThan(whole / 5);
  });
});
