/**
 * One execution environment: a walled-in Node process that serves one request at a time and is reused while it is sound.
 * Whatever ends it - its own crash, too much memory or storage, the timeout, the caller - comes out as one verdict.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { InvariantError } from '../../functions/domain/errors.ts';
import type { FunctionSpec } from '../region/services.ts';
import { environmentVariables, nodeArguments } from './environment-launch.ts';
import type { RequestMessage } from './environment-messages.ts';
import { parseEnvironmentMessage } from './environment-messages.ts';
import type { Verdict } from './outcome.ts';
import type { ProcessOutput } from './process-output.ts';
import { readOutput } from './process-output.ts';
import type { Reaper } from './reaper.ts';
import type { Excess, ResourceWatch } from './resource-watch.ts';
import { watchResources } from './resource-watch.ts';

const HEAP_EXHAUSTED = 'JavaScript heap out of memory';
/** What a shell calls death by SIGABRT. */
const ABORT_EXIT_CODE = 134;
const REMOVE_ATTEMPTS_MAX = 3;

const ignore = (): void => {};

export interface EnvironmentOptions {
  readonly id: string;
  readonly spec: FunctionSpec;
  readonly region: string;
  readonly bootstrapFile: string;
  readonly ambient: Readonly<Record<string, string>>;
  readonly temporaryDirectory: string;
  readonly initTimeoutMs: number;
  readonly responseBytesMax: number;
  readonly reaper: Reaper;
  readonly now: () => number;
  readonly onLine: (line: string, requestId: string | undefined) => void;
}

export interface EnvironmentRequest {
  readonly requestId: string;
  /** JSON text. */
  readonly payload: string;
  readonly signal?: AbortSignal | undefined;
}

export interface EnvironmentResult {
  readonly verdict: Verdict;
  readonly durationMs: number;
  readonly peakBytes: number;
  readonly initMs?: number;
}

/** A request on its way through this environment. */
interface Flight {
  readonly request: EnvironmentRequest;
  readonly watch: ResourceWatch;
  readonly settle: (verdict: Verdict) => void;
  timer: NodeJS.Timeout | undefined;
  sentAtMs: number | undefined;
  /** An answer has come in: a deadline that passes while the last look is taken changes nothing any more. */
  answered: boolean;
}

export class ExecutionEnvironment {
  readonly #options: EnvironmentOptions;
  readonly #child: ChildProcess;
  readonly #output: ProcessOutput;
  readonly #closed = Promise.withResolvers<void>();
  readonly #startedAtMs: number;
  #readyAtMs: number | undefined;
  #flight: Flight | undefined;
  /** Why it was killed: decides what its exit means. */
  #condemned: Verdict | undefined;
  #heapExhausted = false;
  /** It said itself that it ends. */
  #spent = false;
  #gone = false;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#startedAtMs = options.now();
    mkdirSync(options.temporaryDirectory, { recursive: true });
    this.#child = spawn(process.execPath, nodeArguments(options), {
      cwd: options.spec.codeDirectory,
      env: environmentVariables(options),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    if (this.#child.pid !== undefined) {
      options.reaper.add(this.#child.pid);
    }
    this.#output = readOutput(this.#child, (line) => {
      this.#onLine(line);
    });
    this.#listen();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** May it take another request? */
  get reusable(): boolean {
    return !this.#spent && !this.#gone && this.#condemned === undefined && this.#child.connected;
  }

  /** Settles when the process is gone, for whatever reason. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  async run(request: EnvironmentRequest): Promise<EnvironmentResult> {
    if (this.#flight !== undefined || this.#gone) {
      throw new InvariantError(`environment ${this.#options.id} was given a request while it is busy or gone`);
    }
    const cold = this.#readyAtMs === undefined;
    const takenAtMs = this.#options.now();
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const flight = this.#begin(request, resolve);
    const onAbort = (): void => {
      this.#condemn({ kind: 'aborted' });
    };
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const verdict = await promise;
    request.signal?.removeEventListener('abort', onAbort);
    clearTimeout(flight.timer);
    flight.watch.stop();
    this.#flight = undefined;
    return {
      verdict,
      durationMs: this.#options.now() - (flight.sentAtMs ?? takenAtMs),
      peakBytes: flight.watch.peakBytes,
      ...(cold && this.#readyAtMs !== undefined ? { initMs: this.#readyAtMs - this.#startedAtMs } : {}),
    };
  }

  /** Ends it now, and takes its temporary folder away. */
  async end(): Promise<void> {
    this.#condemn({ kind: 'aborted' });
    await this.#closed.promise;
    try {
      await rm(this.#options.temporaryDirectory, { recursive: true, force: true, maxRetries: REMOVE_ATTEMPTS_MAX });
    } catch (error) {
      // The next start of the host empties the whole folder; a leftover must not end the Region.
      this.#onLine(`The temporary folder of ${this.#options.id} is left behind: ${String(error)}`);
    }
  }

  #begin(request: EnvironmentRequest, settle: (verdict: Verdict) => void): Flight {
    const { spec, temporaryDirectory } = this.#options;
    const flight: Flight = {
      request,
      settle,
      watch: watchResources({
        pid: this.#child.pid ?? 0,
        memoryMb: spec.memoryMb,
        directory: temporaryDirectory,
        storageMb: spec.ephemeralStorageMb,
        onExcess: (excess) => {
          this.#condemn(this.#excessVerdict(excess));
        },
      }),
      timer: undefined,
      sentAtMs: undefined,
      answered: false,
    };
    this.#flight = flight;
    if (request.signal?.aborted === true) {
      this.#condemn({ kind: 'aborted' });
    }
    if (this.#readyAtMs === undefined) {
      this.#arm(flight, this.#options.initTimeoutMs);
    } else {
      this.#send(flight);
    }
    return flight;
  }

  #send(flight: Flight): void {
    const { spec, id, responseBytesMax } = this.#options;
    const timeoutMs = spec.timeoutSeconds * 1000;
    flight.sentAtMs = this.#options.now();
    this.#arm(flight, timeoutMs);
    const message: RequestMessage = {
      requestId: flight.request.requestId,
      payload: flight.request.payload,
      timeoutMs,
      functionArn: spec.arn,
      logStreamName: id,
      responseBytesMax,
    };
    // A channel that just closed is a crash: the exit says so, with its code.
    this.#child.send(message, ignore);
  }

  #arm(flight: Flight, timeoutMs: number): void {
    clearTimeout(flight.timer);
    flight.timer = setTimeout(() => {
      if (!flight.answered) {
        this.#condemn({ kind: 'timed-out', timeoutMs });
      }
    }, timeoutMs);
  }

  /** The first reason counts; the verdict is given when the process is gone, so that nothing of it still runs. */
  #condemn(verdict: Verdict): void {
    this.#condemned ??= verdict;
    if (this.#gone) {
      this.#flight?.settle(this.#condemned);
    } else {
      this.#child.kill('SIGKILL');
    }
  }

  #onLine(line: string): void {
    this.#heapExhausted ||= line.includes(HEAP_EXHAUSTED);
    this.#options.onLine(line, this.#flight?.request.requestId);
  }

  #listen(): void {
    const { responseBytesMax } = this.#options;
    this.#child.on('message', (raw) => {
      const message = parseEnvironmentMessage(raw, responseBytesMax);
      if (message?.type === 'ready') {
        this.#onReady();
      } else if (message !== undefined) {
        void this.#onAnswer(message.verdict, message.fatal);
      }
    });
    this.#child.on('error', () => {
      this.#onClose(null, null);
    });
    this.#child.on('close', (code, signal) => {
      this.#onClose(code, signal);
    });
    // An idle environment doesn't keep the Region's process alive; a request in flight does, by its timer.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  #onReady(): void {
    this.#readyAtMs ??= this.#options.now();
    if (this.#flight !== undefined && this.#flight.sentAtMs === undefined) {
      this.#send(this.#flight);
    }
  }

  async #onAnswer(answer: Verdict, fatal: boolean): Promise<void> {
    const flight = this.#flight;
    this.#spent ||= fatal;
    if (flight === undefined || flight.answered) {
      return;
    }
    flight.answered = true;
    const excess = await flight.watch.lastLook();
    await this.#output.drain();
    if (excess !== undefined) {
      this.#condemn(this.#excessVerdict(excess));
      return;
    }
    flight.settle(answer);
  }

  #excessVerdict(excess: Excess): Verdict {
    const { memoryMb, ephemeralStorageMb } = this.#options.spec;
    return excess === 'memory' ? { kind: 'out-of-memory', memoryMb } : { kind: 'storage-exceeded', ephemeralStorageMb };
  }

  #onClose(exitCode: number | null, signal: string | null): void {
    this.#gone = true;
    if (this.#child.pid !== undefined) {
      this.#options.reaper.remove(this.#child.pid);
    }
    const heapAbort = this.#heapExhausted && (signal === 'SIGABRT' || exitCode === ABORT_EXIT_CODE);
    if (this.#condemned !== undefined) {
      this.#flight?.settle(this.#condemned);
    } else if (this.#flight?.answered === false) {
      this.#flight.settle(heapAbort ? this.#excessVerdict('memory') : { kind: 'crashed', exitCode, signal });
    }
    this.#closed.resolve();
  }
}
