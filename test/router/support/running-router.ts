/** A router on Node in front of two fault origins, with thresholds short enough for a test. */
import { routerConfigSchema } from '../../../router/config/schema.ts';
import { type NodeRouter, startNodeRouter } from '../../../router/entries/node/node-router.ts';
import type { BuildOptions } from '../../../router/entries/node/build-context.ts';
import { type FaultOrigin, startFaultOrigin } from './fault-origin.ts';

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RunningRouter {
  readonly a: FaultOrigin;
  readonly b: FaultOrigin;
  readonly router: NodeRouter;
  readonly logs: LogLine[];
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
  /** Waits until the routine probes have told who is active and how it is. */
  readonly until: (isTrue: () => boolean, what: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const SHORT = {
  attemptTimeoutMs: 1000,
  deadlineMs: 2000,
  statusIntervalMs: 100,
  recoveryDelayMinMs: 100,
  recoveryGapMs: 20,
  probeTimeoutMs: 300,
};

const WAIT_MS = 5000;

export const startRouter = async (
  settings: Readonly<Record<string, unknown>> = {},
  options: Partial<BuildOptions> = {},
): Promise<RunningRouter> => {
  const [a, b] = await Promise.all([startFaultOrigin('a'), startFaultOrigin('b')]);
  const logs: LogLine[] = [];
  const config = routerConfigSchema.parse({
    listen: { host: '127.0.0.1', port: 0 },
    regions: [
      { id: 'a', endpoint: a.endpoint },
      { id: 'b', endpoint: b.endpoint },
    ],
    policy: SHORT,
    ...settings,
  });
  const router = await startNodeRouter({
    config,
    log: (level, event, fields) => {
      logs.push({ level, event, fields });
    },
    ...options,
  });
  const until = async (isTrue: () => boolean, what: string): Promise<void> => {
    const endMs = performance.now() + WAIT_MS;
    while (!isTrue()) {
      if (performance.now() > endMs) {
        throw new Error(`Waited ${WAIT_MS} ms in vain: ${what}.`);
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
  };
  await until(() => router.view().regions.every(({ gate }) => gate !== 'unknown'), 'both Regions report');
  return {
    a,
    b,
    router,
    logs,
    get: async (path, init) => fetch(`${router.url}${path}`, { redirect: 'manual', ...init }),
    until,
    close: async () => {
      await router.close();
      await Promise.all([a.close(), b.close()]);
    },
  };
};
