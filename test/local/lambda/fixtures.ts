/** Small functions in temporary folders, and a host that runs them in real processes. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll } from 'vitest';
import type { LambdaHost, LambdaHostOptions, LambdaLogLine } from '../../../local/lambda/host.ts';
import { createLambdaHost } from '../../../local/lambda/host.ts';
import type { FunctionSpec } from '../../../local/region/services.ts';
import { ACCOUNT_ID, REGION, specOf, writeBundle } from './bundle.ts';

export interface Workbench {
  readonly directory: string;
  readonly logs: LambdaLogLine[];
  readonly host: LambdaHost;
  /** Writes the source as a bundle and provisions it. */
  readonly provision: (name: string, source: string, spec?: Partial<FunctionSpec>) => Promise<FunctionSpec>;
}

/** Registered once for the file: what a test opens in its middle is closed too. */
const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) {
    await cleanup();
  }
});

export const temporaryDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'twinmap-lambda-'));
  cleanups.push(async () => rm(directory, { recursive: true, force: true }));
  return directory;
};

export const openWorkbench = async (options: Partial<LambdaHostOptions> = {}): Promise<Workbench> => {
  const directory = await temporaryDirectory();
  const logs: LambdaLogLine[] = [];
  const host = createLambdaHost({
    region: REGION,
    accountId: ACCOUNT_ID,
    dataDirectory: path.join(directory, 'data'),
    onLog: (line) => {
      logs.push(line);
    },
    ...options,
  });
  cleanups.push(async () => host.close({ graceMs: 0 }));
  return {
    directory,
    logs,
    host,
    provision: async (name, source, spec) => {
      const full = specOf(name, await writeBundle(directory, source), spec);
      await host.ensureFunction(full);
      return full;
    },
  };
};

const isZombie = (pid: number): boolean => {
  try {
    return /^\d+ \(.*\) Z /su.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** Is there such a process, other than one that has ended and waits to be reaped? */
export const processLives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
};

export const eventually = async (
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) {
      throw new Error(`not within ${timeoutMs} ms: ${what}`);
    }
    await delay(20);
  }
};
