/**
 * The parent's hold on one embedded Region: a process group of its own, so that a whole Region can be killed like a whole
 * Region fails. Questions get answers; a Region that dies answers everything open with that fact.
 */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';

import { TwinmapError } from '../../functions/domain/errors.ts';
import type { FaultRule } from '../services/faults.ts';
import type { Answers, Asked, Question, RegionEvent } from './messages.ts';

/** A Region's process ended, or refused what it was asked. */
export class LocalRegionError extends TwinmapError {
  readonly code = 'TM_LOCAL_REGION';
  readonly audience = 'operator';
  override readonly name = 'LocalRegionError';
}

export interface RegionLinkOptions {
  readonly role: 'primary' | 'secondary';
  readonly region: string;
  readonly accountId: string;
  readonly dataDirectory: string;
  readonly intervalMs: number | undefined;
  readonly onEvent: (event: RegionEvent) => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const ENTRY = path.join(import.meta.dirname, 'region-process.ts');
const STOP_TIMEOUT_MS = 10_000;

export class RegionLink {
  readonly role: 'primary' | 'secondary';
  readonly endpoint: Promise<string>;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #gone = false;
  #failure: string | undefined;

  constructor(options: RegionLinkOptions) {
    this.role = options.role;
    const { region, accountId, dataDirectory, intervalMs } = options;
    this.#child = fork(ENTRY, [JSON.stringify({ region, accountId, dataDirectory, intervalMs })], {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Progress of the parent goes to stderr under --json; a child that prints does so there too.
      execArgv: ['--no-warnings'],
    });
    const opened = Promise.withResolvers<string>();
    const exited = Promise.withResolvers<void>();
    this.endpoint = opened.promise;
    this.exited = exited.promise;
    this.#child.on('message', (event: RegionEvent) => {
      if (event.kind === 'opened') {
        opened.resolve(event.endpoint);
      }
      if (event.kind === 'not-opened') {
        this.#failure = `the ${this.role} Region can't start on its data folder: ${event.why}`;
      }
      this.#settle(event);
      options.onEvent(event);
    });
    this.#child.on('error', () => {
      // Told by the exit, and by every question that could not be sent; unheard, it would end this process.
    });
    this.#child.on('exit', () => {
      this.#gone = true;
      const error = new LocalRegionError(this.#failure ?? `the ${this.role} Region's process has ended`);
      for (const waiting of this.#waiting.values()) {
        waiting.reject(error);
      }
      this.#waiting.clear();
      opened.reject(error);
      exited.resolve();
    });
    // Whoever awaits the endpoint hears of it; nobody may.
    opened.promise.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async ask<K extends Question['kind']>(question: Extract<Question, { kind: K }>): Promise<Answers[K]> {
    if (this.#gone) {
      throw new LocalRegionError(`the ${this.role} Region's process has ended`);
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const answered = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answered);
    this.#child.send({ id, question } satisfies Asked, (error) => {
      // The channel breaks a moment before the exit is known; without this, the question would never be answered.
      if (error !== null) {
        this.#waiting.delete(id);
        answered.reject(new LocalRegionError(`the ${this.role} Region's process can't be reached`, { cause: error }));
      }
    });
    return (await answered.promise) as Answers[K];
  }

  async setFault(service: string, mode: string): Promise<void> {
    const rule = { service, mode } as FaultRule;
    await this.ask({ kind: 'set-fault', rule });
  }

  /** Ends the Region's whole process group at once, as a Region fails. */
  kill(): void {
    if (!this.#gone && this.#child.pid !== undefined) {
      try {
        process.kill(-this.#child.pid, 'SIGKILL');
      } catch (error) {
        // ESRCH: it was gone already, which is what was asked for.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
          throw error;
        }
      }
    }
  }

  /** Stops it cleanly; a Region that does not stop in time is killed. */
  async stop(): Promise<void> {
    if (this.#gone) {
      return;
    }
    const timer = setTimeout(() => {
      this.kill();
    }, STOP_TIMEOUT_MS);
    this.ask({ kind: 'stop' }).catch(() => undefined);
    await this.exited;
    clearTimeout(timer);
  }

  #settle(event: RegionEvent): void {
    if (event.kind !== 'answer' && event.kind !== 'refused') {
      return;
    }
    const waiting = this.#waiting.get(event.id);
    this.#waiting.delete(event.id);
    if (event.kind === 'answer') {
      waiting?.resolve(event.value);
    } else {
      waiting?.reject(new LocalRegionError(event.message));
    }
  }
}
