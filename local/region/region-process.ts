/**
 * The process of one embedded Region: its stand-ins, its Lambda host, its schedule. Everything of the Region is in this
 * process group and its data folder, so killing the group is a Region that fails, and starting it again is one that returns.
 */
import path from 'node:path';

import type { AppliedGate, Asked, Provisioned, ProvisionOrder, Question, RegionEvent } from './messages.ts';
import { RegionRuntime } from './region-runtime.ts';

interface Start {
  readonly region: string;
  readonly accountId: string;
  readonly dataDirectory: string;
  readonly intervalMs?: number;
  readonly jobsIntervalMs?: number;
  readonly authorityDirectory: string;
  readonly nameServer?: string;
}

const ROOT = path.resolve(import.meta.dirname, '../..');

const tell = (event: RegionEvent): void => {
  // After the parent has gone there is nobody to tell.
  if (process.connected) {
    process.send?.(event);
  }
};

const answer = async (runtime: RegionRuntime, question: Question): Promise<unknown> => {
  switch (question.kind) {
    case 'provision': {
      return runtime.provision(ROOT, question.order satisfies ProvisionOrder) satisfies Promise<Provisioned>;
    }
    case 'up': {
      return runtime.up(ROOT, question.order) satisfies Promise<AppliedGate>;
    }
    case 'tick': {
      return runtime.tick();
    }
    case 'idle': {
      await runtime.idle();
      return null;
    }
    case 'invoke': {
      return runtime.invoke(question.functionName, question.payload);
    }
    case 'set-fault': {
      runtime.faults.set(question.rule);
      return null;
    }
    case 'statistics': {
      return runtime.statistics();
    }
    case 'know-peer': {
      runtime.knowPeer(question.principals);
      return null;
    }
    case 'know-roles': {
      runtime.knowRoles(question.roles);
      return null;
    }
    case 'access': {
      return runtime.access();
    }
    case 'clear-faults': {
      runtime.faults.clear();
      return null;
    }
    case 'ping': {
      return null;
    }
    case 'stop': {
      await runtime.close();
      return null;
    }
  }
};

const respond = async (runtime: RegionRuntime, { id, question }: Asked): Promise<void> => {
  try {
    tell({ kind: 'answer', id, value: await answer(runtime, question) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error('unknown failure');
    tell({ kind: 'refused', id, name, message });
  }
  if (question.kind === 'stop') {
    process.exit(0);
  }
};

/** Undefined where the data folder can't be used: told as one sentence, and the process ends. */
const openRuntime = async (start: Start): Promise<RegionRuntime | undefined> => {
  try {
    return await RegionRuntime.open({ ...start, tell });
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown failure';
    process.exitCode = 1;
    process.send?.({ kind: 'not-opened', why } satisfies RegionEvent, () => {
      process.exit(1);
    });
    return undefined;
  }
};

const main = async (): Promise<void> => {
  const start = JSON.parse(process.argv[2] ?? '{}') as Start;
  const runtime = await openRuntime(start);
  if (runtime === undefined) {
    return;
  }
  let closing = false;
  const end = async (): Promise<void> => {
    if (!closing) {
      closing = true;
      await runtime.close();
      process.exit(0);
    }
  };
  process.on('message', (asked: Asked) => {
    void respond(runtime, asked);
  });
  // The parent is gone, however it went: nothing of a Region may stay behind.
  process.on('disconnect', () => void end());
  process.on('SIGTERM', () => void end());
  tell({ kind: 'opened', endpoints: runtime.endpoints });
};

await main();
