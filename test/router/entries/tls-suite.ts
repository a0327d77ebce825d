/**
 * Whom a router believes: an address is fixed, the endpoint's name does not resolve on this machine (DNS is dead for it), and
 * its certificate is checked all the same.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { routerConfigSchema } from '../../../router/config/schema.ts';
import type { Served, ServerAdapter } from '../support/adapter.ts';
import { makeCertificates } from '../support/certificates.ts';
import { type FaultOrigin, startFaultOrigin } from '../support/fault-origin.ts';

const HOSTS = { one: 'one.internal.test', two: 'two.internal.test' } as const;

export const tlsSuite = (adapter: ServerAdapter): void => {
  const folder = mkdtempSync(path.join(tmpdir(), 'router-tls-'));
  const origins = new Map<string, FaultOrigin>();
  const file = (name: string): string => path.join(folder, name);

  beforeAll(async () => {
    makeCertificates(folder);
    for (const name of ['one', 'two', 'fake']) {
      const tls = { cert: readFileSync(file(`${name}.pem`), 'utf8'), key: readFileSync(file(`${name}.key`), 'utf8') };
      origins.set(name, await startFaultOrigin(name, tls));
    }
  });
  afterAll(async () => {
    await Promise.all([...origins.values()].map(async (origin) => origin.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  interface Way {
    readonly name: 'one' | 'two';
    /** Whose listener is at that address. */
    readonly at: string;
    readonly ca?: string;
    readonly addresses?: readonly string[];
  }

  const serve = async (ways: readonly Way[], more: Record<string, unknown> = {}): Promise<Served> =>
    adapter.serve(
      routerConfigSchema.parse({
        listen: { host: '127.0.0.1', port: 0 },
        regions: ways.map(({ name, at, ca = 'ca', addresses = ['127.0.0.1'] }) => ({
          id: name,
          endpoint: `https://${HOSTS[name]}:${origins.get(at)?.port ?? 0}`,
          addresses,
          caFile: file(`${ca}.pem`),
        })),
        policy: { deadlineMs: 2000, attemptTimeoutMs: 500 },
        ...more,
      }),
    );

  const ask = async (ways: readonly Way[], more: Record<string, unknown> = {}): Promise<string> => {
    const served = await serve(ways, more);
    try {
      const response = await fetch(`${served.url}/x`);
      return `${response.status} ${await response.text()}`;
    } finally {
      await served.close();
    }
  };

  const servedBy = (name: string): number => origins.get(name)?.served().length ?? 0;

  describe(`${adapter.name}: certificates`, () => {
    it('an address keeps name, Host and SNI while no name resolves', async () => {
      expect(await ask([{ name: 'one', at: 'one' }])).toMatch(/^200 one:/u);
      const headers = origins.get('one')?.served().at(-1)?.headers;
      expect(headers?.host).toBe(`${HOSTS.one}:${origins.get('one')?.port ?? 0}`);
    });

    it.each([
      ['the address of the other Region', { name: 'one', at: 'two' }, 'two'],
      ['a certificate of another authority', { name: 'one', at: 'fake' }, 'fake'],
      ['an authority that is not the configured one', { name: 'one', at: 'one', ca: 'rogue' }, 'one'],
    ] as const)('%s is refused', async (_what, way, at) => {
      const before = servedBy(at);
      expect(await ask([way])).toMatch(/^502 /u);
      expect(servedBy(at)).toBe(before);
    });

    it('swapped addresses answer nothing, and one that is right serves', async () => {
      const before = servedBy('one') + servedBy('two');
      expect(
        await ask([
          { name: 'one', at: 'two' },
          { name: 'two', at: 'one' },
        ]),
      ).toMatch(/^502 /u);
      expect(servedBy('one') + servedBy('two')).toBe(before);
      expect(
        await ask([
          { name: 'one', at: 'two' },
          { name: 'two', at: 'two' },
        ]),
      ).toMatch(/^200 two:/u);
    });

    it('a dead address among several is left for the next', async () => {
      const served = await serve([{ name: 'one', at: 'one', addresses: ['127.0.0.9', '127.0.0.1'] }]);
      const statuses: number[] = [];
      for (let at = 0; at < 4; at += 1) {
        statuses.push((await fetch(`${served.url}/x`)).status);
      }
      await served.close();
      expect(statuses.slice(1)).toStrictEqual([200, 200, 200]);
    });
  });
};
