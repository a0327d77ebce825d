/**
 * The parent's hold on one embedded Region: a process group of its own, so that a whole Region can be killed like a whole
 * Region fails. Questions get answers; a Region that dies answers everything open with that fact.
 */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';

import { TwinmapError } from '../../functions/domain/errors.ts';
import type { FaultRule } from '../services/faults.ts';
import type { Endpoints } from '../services/gateway.ts';
import type { Answers, Asked, Question, RegionEvent } from './messages.ts';

/** A Region's process ended, hangs, or can't start. */
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
  readonly jobsIntervalMs?: number | undefined;
  /** Holds the authority that vouches for the Region's endpoints. */
  readonly authorityDirectory: string;
  /** `ip:port`; undefined where this machine has none, and endpoints are addresses. */
  readonly nameServer: string | undefined;
  readonly onEvent: (event: RegionEvent) => void;
}

/** A Region answered, and refused: a setting of its stack is wrong, or a stand-in is missing. */
export class RegionRefusedError extends TwinmapError {
  readonly code = 'TM_REGION_REFUSED';
  readonly audience = 'user';
  override readonly name = 'RegionRefusedError';
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const ENTRY = path.join(import.meta.dirname, 'region-process.ts');
const STOP_TIMEOUT_MS = 10_000;
const PING_INTERVAL_MS = 5000;
const SILENCE_MAX_MS = 60_000;
/** Of a fault that delays, where nobody says how long. */
const DELAY_MS = 2000;

export class RegionLink {
  readonly role: 'primary' | 'secondary';
  readonly endpoints: Promise<Endpoints>;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #gone = false;
  #failure: string | undefined;
  #heardAt = performance.now();
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: RegionLinkOptions) {
    this.role = options.role;
    const { role: _role, onEvent: _onEvent, ...start } = options;
    this.#child = fork(ENTRY, [JSON.stringify(start)], {
      detached: true,
      // What a child prints by itself goes to stderr: the last line of stdout belongs to --json.
      stdio: ['ignore', 2, 2, 'ipc'],
      execArgv: ['--no-warnings'],
    });
    const opened = Promise.withResolvers<Endpoints>();
    const exited = Promise.withResolvers<void>();
    this.endpoints = opened.promise;
    this.exited = exited.promise;
    this.#child.on('message', (event: RegionEvent) => {
      this.#heardAt = performance.now();
      if (event.kind === 'opened') {
        opened.resolve(event.endpoints);
      }
      if (event.kind === 'not-opened') {
        this.#failure = `the ${this.role} Region can't start on its data folder: ${event.why}`;
      }
      this.#settle(event);
      options.onEvent(event);
    });
    this.#child.on('error', () => {
      // Unheard it would end this process; who waits hears of it here, or by the exit.
      opened.reject(new LocalRegionError(`the ${this.role} Region's process could not be started or reached`));
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
    // Whoever awaits the endpoints hears of it; nobody may.
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
    this.#watch();
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
    const rule = { service, mode, ...(mode === 'delay' ? { delayMs: DELAY_MS } : {}) } as FaultRule;
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

  /**
   * A Region that hangs is as gone as one that died, but nothing says so: while somebody waits for it, it is asked for a
   * sign of life, and ended when none comes.
   */
  #watch(): void {
    if (this.#watchdog !== undefined) {
      return;
    }
    // Nobody had asked it anything: what it did not say before the question is no silence.
    this.#heardAt = performance.now();
    this.#watchdog = setInterval(() => {
      if (this.#waiting.size === 0 || this.#gone) {
        clearInterval(this.#watchdog);
        this.#watchdog = undefined;
        return;
      }
      if (performance.now() - this.#heardAt > SILENCE_MAX_MS) {
        this.#failure ??= `the ${this.role} Region's process does not answer any more`;
        this.kill();
        return;
      }
      this.#child.send({ id: 0, question: { kind: 'ping' } } satisfies Asked, () => undefined);
    }, PING_INTERVAL_MS);
    this.#watchdog.unref();
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
      waiting?.reject(new RegionRefusedError(event.message));
    }
  }
}
