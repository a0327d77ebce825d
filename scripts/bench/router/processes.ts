/** Starts the bench's processes, reads their CPU, pins them to cores, and ends them whatever happens to the bench. */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { availableParallelism } from 'node:os';
import path from 'node:path';

import type { BenchMessage } from './bench-process.ts';

/** What the load knocks at, and whose CPU is read. */
export interface Measured {
  readonly url: string;
  cpuUs(): Promise<number>;
  stop(): void;
}

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) {
    child.kill('SIGKILL');
  }
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    process.exit(130);
  });
}

const kept = <T extends ChildProcess>(child: T): T => {
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
  });
  return child;
};

/** Ends all of them and waits until they are gone. */
export const stopAll = async (): Promise<void> => {
  await Promise.all(
    [...running].map(async (child) => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }),
  );
};

export const programPath = (name: string): string | undefined =>
  ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin']
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** What is measured gets a core of its own; origins and load share the other. Without two cores nothing is pinned. */
const LAST_CORE = availableParallelism() - 1;
export const CORES = { load: '0', measured: LAST_CORE.toString() } as const;
export const canPin = LAST_CORE > 0 && programPath('taskset') !== undefined;

export const pin = (pid: number | undefined, core: string): void => {
  if (canPin && pid !== undefined) {
    execFileSync('taskset', ['-acp', core, pid.toString()], { stdio: 'ignore' });
  }
};

/** Children inherit the core of their parent. */
export const unpin = (pid: number): void => {
  pin(pid, `0-${LAST_CORE}`);
};

export interface ProcessFigures {
  readonly cpuUs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly sockets: number;
  readonly unhandled: number;
}

export class NodeProcess implements Measured {
  readonly urls: readonly string[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, urls: readonly string[]) {
    this.#child = child;
    this.urls = urls;
  }

  static async start(core: string | undefined, ...args: readonly string[]): Promise<NodeProcess> {
    const child = kept(fork(path.resolve(import.meta.dirname, 'bench-process.ts'), [...args]));
    const [ready] = (await once(child, 'message')) as [{ readonly urls: readonly string[] }];
    if (core !== undefined) {
      pin(child.pid, core);
    }
    return new NodeProcess(child, ready.urls);
  }

  get url(): string {
    return this.urls[0] ?? '';
  }

  async ask<T>(message: BenchMessage): Promise<T> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    const [value] = (await answer) as [T];
    return value;
  }

  async cpuUs(): Promise<number> {
    return (await this.ask<ProcessFigures>({ kind: 'cpu' })).cpuUs;
  }

  stop(): void {
    if (this.#child.connected) {
      this.#child.disconnect();
    }
  }
}

const US_PER_TICK = 10_000;
const NS_PER_US = 1000;

/** The scheduler's own count of a process that isn't ours, over all its threads: a tick is 40 requests. */
const cpuOf = (pid: number): number => {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ns = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    return ns.reduce((sum, one) => sum + Number(one), 0) / NS_PER_US;
  } catch {
    return ticksOf(pid); // A kernel without scheduler statistics.
  }
};

/** User and system time as every kernel has it. */
const ticksOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * US_PER_TICK;
};

export const freePort = async (): Promise<number> => {
  const server = net.createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const START_MS = 10_000;

const answersAt = async (port: number): Promise<boolean> => {
  const socket = net.connect(port, '127.0.0.1');
  const answered = Promise.withResolvers<boolean>();
  socket.once('connect', () => {
    answered.resolve(true);
  });
  socket.once('error', () => {
    answered.resolve(false);
  });
  const isUp = await answered.promise;
  socket.destroy();
  return isUp;
};

/** A program that is not ours, in the foreground, on one loopback port. It dies with the bench, even if that is killed. */
export const startProgram = async (
  file: string,
  args: readonly string[],
  port: number,
  core?: string,
): Promise<Measured> => {
  const guard = programPath('setpriv');
  const command = guard === undefined ? [file, ...args] : [guard, '--pdeathsig', 'KILL', file, ...args];
  const child = kept(spawn(command[0] ?? file, command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] }));
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = `${said}${bytes.toString()}`.slice(-2000);
  });
  const endMs = performance.now() + START_MS;
  while (!(await answersAt(port))) {
    if (child.exitCode !== null || performance.now() > endMs) {
      child.kill('SIGKILL');
      throw new Error(`${path.basename(file)} did not start: ${said.trim()}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  const { pid = 0 } = child;
  if (core !== undefined) {
    pin(pid, core);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    cpuUs: async () => cpuOf(pid),
    stop: () => {
      child.kill('SIGKILL');
    },
  };
};
