/**
 * The Lambda service of one embedded Region: runs the bundles that the Pulumi program declared, with the environment, memory,
 * storage, timeout and concurrency that it declared, each execution environment in a process of its own.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../functions/domain/errors.ts';
import type { FunctionSpec } from '../region/services.ts';
import { accessKeyIdOf } from './environment-launch.ts';
import type { EnvironmentResult } from './execution-environment.ts';
import { ExecutionEnvironment } from './execution-environment.ts';
import { checkFunction } from './function-checks.ts';
import { FunctionPool } from './function-pool.ts';
import type { Invoke, InvokeOutcome, InvokeReport } from './outcome.ts';
import { explainOutcome } from './outcome.ts';
import { createReaper } from './reaper.ts';

const MIB = 1024 * 1024;
/** Lambda's limit on a synchronous request, and on its response. */
const PAYLOAD_BYTES_MAX = 6 * MIB;
const CONCURRENCY_DEFAULT = 10;
const INIT_TIMEOUT_MS = 10_000;
const IDLE_MS = 5 * 60_000;
const CLOSE_GRACE_MS = 5000;

export interface LambdaLogLine {
  readonly functionName: string;
  readonly requestId?: string;
  readonly text: string;
}

export interface LambdaHostOptions {
  readonly region: string;
  readonly accountId: string;
  /** Holds the environments' temporary folders; they are emptied at the start. One host per folder. */
  readonly dataDirectory: string;
  readonly onLog: (line: LambdaLogLine) => void;
  /** Variables of every function that the program does not declare, because the service gives them. */
  readonly ambient?: Readonly<Record<string, string>>;
  /** Milliseconds, for durations. */
  readonly now?: () => number;
  readonly idleMs?: number;
  readonly initTimeoutMs?: number;
}

export interface LambdaHost {
  /** Replaces a function of the same name; environments with the old code end after the request that they have. */
  ensureFunction(spec: FunctionSpec): Promise<void>;
  /** By name or by ARN. */
  readonly invoke: Invoke;
  /** How many requests at once the function may have; 0 when it is not provisioned. */
  concurrencyOf(functionName: string): number;
  processIdsOf(functionName: string): readonly number[];
  /** What is provisioned under a name or ARN. */
  specOf(functionName: string): FunctionSpec | undefined;
  /** Lets requests in flight finish for a while, then ends every process. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

interface Registered {
  readonly spec: FunctionSpec;
  readonly pool: FunctionPool;
}

/** A negative reservation is how Pulumi spells "none"; zero is a function that is switched off. */
const concurrencyOfSpec = ({ reservedConcurrency }: FunctionSpec): number =>
  reservedConcurrency === undefined || reservedConcurrency < 0 ? CONCURRENCY_DEFAULT : reservedConcurrency;

const reportOf = (requestId: string, result: EnvironmentResult): InvokeReport => ({
  requestId,
  durationMs: Math.round(result.durationMs * 100) / 100,
  maxRssMb: Math.ceil(result.peakBytes / MIB),
  ...(result.initMs === undefined ? {} : { initMs: Math.round(result.initMs * 100) / 100 }),
});

class Host implements LambdaHost {
  readonly #options: LambdaHostOptions;
  readonly #now: () => number;
  readonly #functions = new Map<string, Registered>();
  readonly #pools = new Set<FunctionPool>();
  readonly #inFlight = new Set<Promise<InvokeOutcome>>();
  readonly #reaper = createReaper();
  #prepared: Promise<{ readonly bootstrapFile: string; readonly root: string }> | undefined;
  #closed = false;

  constructor(options: LambdaHostOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async ensureFunction(declared: FunctionSpec): Promise<void> {
    const spec = await checkFunction(declared);
    const twin = [...this.#functions.values()].find(
      (other) => other.spec.name !== spec.name && accessKeyIdOf(other.spec.name) === accessKeyIdOf(spec.name),
    );
    if (twin !== undefined) {
      throw new ConfigError(
        `Functions ${twin.spec.name} and ${spec.name} differ in punctuation or case only, so their local access keys would be the same. Rename one of them.`,
      );
    }
    const { bootstrapFile, root } = await (this.#prepared ??= this.#prepare());
    const pool = new FunctionPool({
      concurrencyMax: concurrencyOfSpec(spec),
      idleMs: this.#options.idleMs ?? IDLE_MS,
      startEnvironment: () => this.#startEnvironment(spec, bootstrapFile, root),
    });
    const old = this.#functions.get(spec.name);
    this.#functions.set(spec.name, { spec, pool });
    this.#pools.add(pool);
    await old?.pool.retire({ killBusy: false });
  }

  readonly invoke: Invoke = async (functionName, payload, options = {}) => {
    const registered = this.#find(functionName);
    if (registered === undefined) {
      return { kind: 'unknown-function', functionName };
    }
    if (this.#closed || options.signal?.aborted === true) {
      return { kind: 'aborted' };
    }
    const running = this.#run(registered, JSON.stringify(payload ?? null), options.signal);
    this.#inFlight.add(running);
    try {
      return await running;
    } finally {
      this.#inFlight.delete(running);
    }
  };

  concurrencyOf(functionName: string): number {
    return this.#find(functionName)?.pool.concurrencyMax ?? 0;
  }

  processIdsOf(functionName: string): readonly number[] {
    return this.#find(functionName)?.pool.processIds ?? [];
  }

  specOf(functionName: string): FunctionSpec | undefined {
    return this.#find(functionName)?.spec;
  }

  async close({ graceMs = CLOSE_GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closed = true;
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([Promise.allSettled(this.#inFlight), grace.promise]);
    clearTimeout(timer);
    await Promise.all([...this.#pools].map((pool) => pool.retire({ killBusy: true })));
    await Promise.allSettled(this.#inFlight);
    this.#reaper.close();
  }

  #find(nameOrArn: string): Registered | undefined {
    return (
      this.#functions.get(nameOrArn) ?? [...this.#functions.values()].find((other) => other.spec.arn === nameOrArn)
    );
  }

  /** What a killed Region left behind in the temporary folders belongs to no environment any more. */
  async #prepare(): Promise<{ readonly bootstrapFile: string; readonly root: string }> {
    const root = path.join(this.#options.dataDirectory, 'lambda-tmp');
    await rm(root, { recursive: true, force: true });
    await mkdir(root, { recursive: true });
    const bootstrapFile = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));
    return { bootstrapFile: await realpath(bootstrapFile), root: await realpath(root) };
  }

  #startEnvironment(spec: FunctionSpec, bootstrapFile: string, root: string): ExecutionEnvironment {
    const id = `${spec.name}-${randomUUID()}`;
    return new ExecutionEnvironment({
      id,
      spec,
      region: this.#options.region,
      bootstrapFile,
      ambient: this.#options.ambient ?? {},
      temporaryDirectory: path.join(root, id),
      initTimeoutMs: this.#options.initTimeoutMs ?? INIT_TIMEOUT_MS,
      responseBytesMax: PAYLOAD_BYTES_MAX,
      reaper: this.#reaper,
      now: this.#now,
      onLine: (text, requestId) => {
        this.#log(spec, text, requestId);
      },
    });
  }

  async #run({ spec, pool }: Registered, payload: string, signal: AbortSignal | undefined): Promise<InvokeOutcome> {
    const bytes = Buffer.byteLength(payload);
    if (bytes > PAYLOAD_BYTES_MAX) {
      return { kind: 'too-large', part: 'payload', bytes, bytesMax: PAYLOAD_BYTES_MAX };
    }
    const requestId = randomUUID();
    const result = await pool.run({ requestId, payload, signal });
    if (!('durationMs' in result)) {
      return result.verdict;
    }
    const report = reportOf(requestId, result);
    if (result.verdict.kind !== 'returned') {
      this.#log(spec, explainOutcome(result.verdict), requestId);
    }
    this.#log(spec, this.#reportLine(spec, report, result.verdict.kind), requestId);
    return { ...result.verdict, report };
  }

  #reportLine(spec: FunctionSpec, report: InvokeReport, kind: string): string {
    const parts = [
      `REPORT RequestId: ${report.requestId}`,
      `Duration: ${report.durationMs} ms`,
      `Memory Size: ${spec.memoryMb} MB`,
      `Max Memory Used: ${report.maxRssMb} MB`,
      ...(report.initMs === undefined ? [] : [`Init Duration: ${report.initMs} ms`]),
      ...(kind === 'returned' ? [] : [`Status: ${kind}`]),
    ];
    return parts.join('\t');
  }

  #log(spec: FunctionSpec, text: string, requestId: string | undefined): void {
    this.#options.onLog({ functionName: spec.name, text, ...(requestId === undefined ? {} : { requestId }) });
  }
}

export const createLambdaHost = (options: LambdaHostOptions): LambdaHost => new Host(options);
