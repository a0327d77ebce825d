/**
 * The form on Cloudflare's network, as far as a laptop can show it: the rendered bundle and config under workerd, with a global
 * fetch that reaches the fault origins. What Cloudflare's own network does is not shown here.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { routerConfigSchema } from '../../../router/config/schema.ts';
import { renderCloudflare } from '../../../router/entries/cli/render-files.ts';
import { mintToken, newKeyPair, type NewKeyPair } from '../../../router/override/token.ts';
import { THRESHOLDS, until } from '../support/adapter.ts';
import { type Fault, type FaultOrigin, startFaultOrigin } from '../support/fault-origin.ts';
import { serveWorkerd, WORKERD, type WorkerdProcess } from '../support/running-workerd.ts';

/** What `wrangler.jsonc` declares, in workerd's words. */
const asCapnp = (vars: Record<string, unknown>, folder: string): string => {
  writeFileSync(path.join(folder, 'vars.json'), JSON.stringify(vars['CONFIG']));
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "router", worker = .router), (name = "out", network = (allow = ["private", "local"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", service = "router")],
);
const router :Workerd.Worker = (
  modules = [(name = "router.mjs", esModule = embed "router.mjs")],
  compatibilityDate = "2026-10-01",
  bindings = [
    (name = "STATE", durableObjectNamespace = "RouterState"),
    (name = "CONFIG", json = embed "vars.json"),
    (name = "CONFIG_HASH", text = "${String(vars['CONFIG_HASH'])}"),
  ],
  durableObjectNamespaces = [(className = "RouterState", uniqueKey = "s", enableSql = true)],
  durableObjectStorage = (inMemory = void),
  globalOutbound = "out",
);`;
};

interface Wrangler {
  readonly main: string;
  readonly vars: Record<string, unknown>;
  readonly vpc_services?: readonly unknown[];
  readonly durable_objects: { readonly bindings: readonly { readonly class_name: string }[] };
}

const readWrangler = (file: string): Wrangler =>
  JSON.parse(readFileSync(file, 'utf8').replaceAll(/^\/\/.*$/gmu, '')) as Wrangler;

describe.runIf(WORKERD !== undefined)('a router for Cloudflare', () => {
  let folder: string;
  let a: FaultOrigin;
  let b: FaultOrigin;
  let served: WorkerdProcess;
  let keys: NewKeyPair;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'router-cloudflare-'));
    [a, b, keys] = await Promise.all([startFaultOrigin('a'), startFaultOrigin('b'), newKeyPair()]);
    const config = routerConfigSchema.parse({
      name: 'rt',
      publicProto: 'http',
      regions: [
        { id: 'a', endpoint: a.endpoint },
        { id: 'b', endpoint: b.endpoint },
      ],
      policy: THRESHOLDS,
      override: { keys: [{ kid: 'k1', publicKey: keys.publicKey }] },
    });
    const { file } = await renderCloudflare(config, folder);
    const capnp = path.join(folder, 'here.capnp');
    writeFileSync(capnp, asCapnp(readWrangler(file).vars, folder));
    served = await serveWorkerd(capnp);
  });
  afterEach(async () => {
    await served.end('SIGKILL');
    await Promise.all([a.close(), b.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (init: RequestInit = {}): Promise<string> => {
    const response = await fetch(`${served.url}/x`, init);
    await response.text();
    return `${response.status} ${response.headers.get('x-router-region')} ${response.headers.get('x-router-reason')}`;
  };

  it.each<Fault>(['hang', 'reset', 'refuse', '503'])(
    'no read fails while the first Region does "%s"',
    async (fault) => {
      await Promise.all(Array.from({ length: 20 }, async () => ask()));
      await a.set(fault);
      for (let at = 0; at < 12; at += 1) {
        expect(await ask()).toMatch(/^200 b /u);
      }
    },
  );

  it('requests tick the probes: who is active is known after the first ones', async () => {
    await until('the Regions have been asked', async () => (await ask()) === '200 a active');
    expect(b.seen.some(({ url }) => url === '/v1/status')).toBe(true);
  });

  it('an override by PUT is kept by the state object and followed', async () => {
    const times = { iatMs: Date.now(), expMs: Date.now() + 60_000 };
    const token = await mintToken(
      {
        mode: { kind: 'prefer', region: 'b' },
        scope: 'fleet',
        aud: 'rt',
        kid: 'k1',
        seq: 1,
        by: 'me',
        why: 'test',
        ...times,
      },
      keys.privateKey,
    );
    const put = await fetch(`${served.url}/__router/override`, { method: 'PUT', body: token });
    expect(put.status).toBe(200);
    expect(await ask()).toBe('200 b preferred');
  });
});

describe('wrangler.jsonc', () => {
  it('binds VPC Services by address where the config names them, and says on what the form depends', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'router-wrangler-'));
    const regions = [
      { id: 'a', endpoint: 'https://a.example', vpcServices: ['svc-1', 'svc-2'] },
      { id: 'b', endpoint: 'https://b.example' },
    ];
    const { file } = await renderCloudflare(routerConfigSchema.parse({ regions }), folder);
    expect(readFileSync(file, 'utf8')).toContain('This form depends on Cloudflare');
    expect(readWrangler(file).vpc_services).toStrictEqual([
      { binding: 'REGION_0_0', service_id: 'svc-1', remote: true },
      { binding: 'REGION_0_1', service_id: 'svc-2', remote: true },
    ]);
    const withCa = routerConfigSchema.parse({ regions: [{ ...regions[0], caFile: 'ca.pem' }] });
    await expect(renderCloudflare(withCa, folder)).rejects.toThrow(/public authorities only/u);
    rmSync(folder, { recursive: true, force: true });
  });
});
