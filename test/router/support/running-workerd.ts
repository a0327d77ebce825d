/** The self-hosted form as it is deployed: `router render`, then `workerd serve` of what it wrote. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type RouterConfig, routerConfigSchema } from '../../../router/config/schema.ts';
import { renderWorkerd } from '../../../router/entries/cli/render-files.ts';
import { startFaultOrigin } from './fault-origin.ts';
import {
  type AdapterSettings,
  answeredByHeaders,
  bothReport,
  type RunningServer,
  type Served,
  type ServerAdapter,
  THRESHOLDS,
  viewedRegions,
} from './adapter.ts';

/** The binary itself: its launcher would get our signals instead. */
const binaryOf = (): string | undefined => {
  try {
    const { default: file } = createRequire(import.meta.url)('workerd') as { default: string };
    return spawnSync(file, ['--version']).status === 0 ? file : undefined;
  } catch {
    return undefined;
  }
};

export const WORKERD = binaryOf();
export const WHY_NO_WORKERD =
  'workerd has no binary that runs on this machine (npm ci installs it for Linux and macOS)';

export interface WorkerdProcess {
  readonly url: string;
  readonly out: () => string;
  readonly child: ChildProcess;
  /** Ends it with this signal and waits. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
}

export const serveWorkerd = async (file: string): Promise<WorkerdProcess> => {
  const child = spawn(WORKERD ?? '', ['serve', file, '--control-fd=3'], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const ready = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<number | null>();
  let out = '';
  const collect = (chunk: Buffer): void => {
    out += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  child.stdio[3]?.on('data', (chunk: Buffer) => {
    const port = /"port":(?<port>\d+)/u.exec(chunk.toString())?.groups?.['port'];
    if (port !== undefined) {
      ready.resolve(Number(port));
    }
  });
  child.once('exit', (code) => {
    ended.resolve(code);
    ready.reject(new Error(`workerd ended before it listened: ${out}`));
  });
  const url = `http://127.0.0.1:${await ready.promise}`;
  return {
    url,
    child,
    out: () => out,
    end: async (signal) => {
      child.kill(signal);
      return ended.promise;
    },
  };
};

export interface RunningWorkerd extends RunningServer {
  readonly folder: string;
  readonly process: () => WorkerdProcess;
  readonly restart: () => Promise<void>;
}

export const startWorkerd = async (settings: AdapterSettings = {}): Promise<RunningWorkerd> => {
  const [a, b] = await Promise.all([startFaultOrigin('a'), startFaultOrigin('b')]);
  const folder = mkdtempSync(path.join(tmpdir(), 'router-workerd-'));
  const config = routerConfigSchema.parse({
    listen: { host: '127.0.0.1', port: 0 },
    regions: [
      { id: 'a', endpoint: a.endpoint },
      { id: 'b', endpoint: b.endpoint },
    ],
    policy: THRESHOLDS,
    stateFolder: folder,
    ...settings,
  });
  const { file } = await renderWorkerd(config, path.join(folder, 'rendered'));
  let running = await serveWorkerd(file);
  await bothReport(running.url);
  return {
    a,
    b,
    folder,
    get url() {
      return running.url;
    },
    process: () => running,
    get: async (at, init) => fetch(`${running.url}${at}`, { redirect: 'manual', ...init }),
    answeredBy: answeredByHeaders,
    states: async () => (await viewedRegions(running.url)).map(({ state }) => state),
    restart: async () => {
      await running.end('SIGKILL');
      running = await serveWorkerd(file);
    },
    close: async () => {
      await running.end('SIGKILL');
      await Promise.all([a.close(), b.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Only served: for configs whose Regions are not to be trusted. */
export const serveConfig = async (config: RouterConfig): Promise<Served> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'router-workerd-'));
  const { file } = await renderWorkerd(config, folder);
  const served = await serveWorkerd(file);
  return {
    url: served.url,
    close: async () => {
      await served.end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export const WORKERD_ADAPTER: ServerAdapter<RunningWorkerd> = {
  name: 'self-hosted workerd',
  tellsUnsent: false,
  start: startWorkerd,
  serve: serveConfig,
};
