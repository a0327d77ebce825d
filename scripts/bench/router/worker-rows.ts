/**
 * The workerd rows: what `router render` writes, against a worker that only fetches its binding, both with the workerd of this
 * project and the same `external` service for the active Region.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { routerConfigSchema } from '../../../router/config/schema.ts';
import { renderWorkerd } from '../../../router/entries/cli/render-files.ts';
import { COMPATIBILITY_DATE } from '../../../router/render/worker-entry.ts';
import { freePort, type Measured, startProgram } from './processes.ts';

export type Workers =
  | { readonly kind: 'absent'; readonly why: string }
  | { readonly kind: 'started'; readonly bare: Measured; readonly router: Measured };

/** A development dependency: without it the rows are left out. */
const workerdFile = (): string | undefined => {
  try {
    const found: unknown = createRequire(import.meta.url)('workerd');
    const file = typeof found === 'object' && found !== null && 'default' in found ? found.default : undefined;
    return typeof file === 'string' ? file : undefined;
  } catch {
    return undefined;
  }
};

const bareConfig = (origin: string, port: number): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "bare", worker = .bare),
    (name = "r1", external = (address = "${new URL(origin).host}", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "bare")],
);
const bare :Workerd.Worker = (
  modules = [(name = "bare.mjs", esModule = "export default { fetch(request, env) { return env.R1.fetch(request); } };")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [(name = "R1", service = "r1")],
);
`;

const startBare = async (file: string, origin: string, folder: string, core?: string): Promise<Measured> => {
  const port = await freePort();
  const config = path.join(folder, 'bare.capnp');
  writeFileSync(config, bareConfig(origin, port));
  return startProgram(file, ['serve', config], port, core);
};

/** The rendered router in front of these origins. */
export const startWorkerdRouter = async (
  origins: readonly string[],
  folder: string,
  core?: string,
): Promise<Measured | undefined> => {
  const file = workerdFile();
  if (file === undefined) {
    return undefined;
  }
  const port = await freePort();
  const own = path.join(folder, `workerd-${port}`);
  mkdirSync(own);
  const config = routerConfigSchema.parse({
    listen: { host: '127.0.0.1', port },
    regions: origins.map((endpoint, at) => ({ id: at === 0 ? 'a' : 'b', endpoint })),
    policy: { attemptTimeoutMs: 1000, deadlineMs: 1000 },
  });
  const rendered = await renderWorkerd(config, own);
  return startProgram(file, ['serve', rendered.file], port, core);
};

export const startWorkers = async (origins: readonly string[], folder: string, core?: string): Promise<Workers> => {
  const file = workerdFile();
  if (file === undefined) {
    return { kind: 'absent', why: 'not installed (npm ci installs it)' };
  }
  try {
    const router = await startWorkerdRouter(origins, folder, core);
    const bare = await startBare(file, origins[0] ?? '', folder, core);
    return router === undefined ? { kind: 'absent', why: 'not installed' } : { kind: 'started', bare, router };
  } catch (error) {
    return { kind: 'absent', why: error instanceof Error ? error.message : 'it did not start' };
  }
};
