/** Writes what `render` makes: the bundle, the config, and copies of the certificates, in one folder that can be moved whole. */
import { createHash } from 'node:crypto';
import { copyFile, chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { ConfigError } from '../../../functions/domain/errors.ts';
import type { RegionConfig, RouterConfig } from '../../config/schema.ts';
import { renderCapnp, type RenderedFiles } from '../../render/capnp.ts';
import { workerEntry, type WorkerTarget } from '../../render/worker-entry.ts';
import { renderWrangler } from '../../render/wrangler.ts';

const BUNDLE = 'router.mjs';
const CONFIG = 'router-config.json';
const SECRET_MODE = 0o600;

export interface Rendered {
  /** What `workerd serve` or `wrangler deploy --config` takes. */
  readonly file: string;
  readonly bundleBytes: number;
  readonly configHash: string;
}

export const hashOf = (config: RouterConfig): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 12);

const bundleTo = async (folder: string, target: WorkerTarget): Promise<number> => {
  // Only here: a router that runs does not want a bundler in memory.
  const { build } = await import('esbuild');
  const built = await build({
    stdin: {
      contents: workerEntry(target),
      resolveDir: path.resolve(import.meta.dirname, '../worker'),
      sourcefile: 'router.ts',
      loader: 'ts',
    },
    bundle: true,
    minifySyntax: true,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    conditions: ['workerd', 'worker', 'import'],
    mainFields: ['module', 'main'],
    legalComments: 'none',
    write: false,
  });
  const bytes = built.outputFiles[0]?.contents ?? new Uint8Array();
  await writeFile(path.join(folder, BUNDLE), bytes);
  return bytes.length;
};

const copy = async (from: string, folder: string, name: string, mode?: number): Promise<string> => {
  const to = path.join(folder, name);
  try {
    await copyFile(from, to);
    if (mode !== undefined) {
      await chmod(to, mode);
    }
  } catch (error) {
    throw new ConfigError(`${from} can't be copied to ${to}: the config names a file that can't be read.`, {
      cause: error,
    });
  }
  return name;
};

const copyRegion = async (
  { id, caFile, certFile, keyFile }: RegionConfig,
  folder: string,
): Promise<RenderedFiles['regions'][number]> => ({
  ...(caFile === undefined ? {} : { ca: await copy(caFile, folder, `${id}-ca.pem`) }),
  ...(certFile === undefined ? {} : { cert: await copy(certFile, folder, `${id}-cert.pem`) }),
  ...(keyFile === undefined ? {} : { key: await copy(keyFile, folder, `${id}-key.pem`, SECRET_MODE) }),
});

export const renderWorkerd = async (config: RouterConfig, folder: string): Promise<Rendered> => {
  await mkdir(folder, { recursive: true });
  const bundleBytes = await bundleTo(folder, 'workerd');
  await writeFile(path.join(folder, CONFIG), JSON.stringify(config));
  const { certFile, keyFile } = config.listen;
  const listen =
    certFile === undefined || keyFile === undefined
      ? {}
      : {
          listen: {
            cert: await copy(certFile, folder, 'listen-cert.pem'),
            key: await copy(keyFile, folder, 'listen-key.pem', SECRET_MODE),
          },
        };
  const regions = await Promise.all(config.regions.map(async (region) => copyRegion(region, folder)));
  const file = path.join(folder, 'router.capnp');
  const configHash = hashOf(config);
  await writeFile(file, renderCapnp(config, { bundle: BUNDLE, config: CONFIG, regions, ...listen }, configHash));
  return { file, bundleBytes, configHash };
};

export const renderCloudflare = async (config: RouterConfig, folder: string): Promise<Rendered> => {
  const named = config.regions.find(({ caFile, certFile }) => caFile !== undefined || certFile !== undefined);
  if (named !== undefined) {
    throw new ConfigError(
      `${named.id} has a caFile or certFile, and a Cloudflare Worker trusts public authorities only: ` +
        'give the endpoint a public certificate, or run the router on workerd or Node.',
    );
  }
  await mkdir(folder, { recursive: true });
  const bundleBytes = await bundleTo(folder, 'cloudflare');
  const file = path.join(folder, 'wrangler.jsonc');
  const configHash = hashOf(config);
  await writeFile(file, renderWrangler(config, BUNDLE, configHash));
  return { file, bundleBytes, configHash };
};
