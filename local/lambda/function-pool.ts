/**
 * The execution environments of one version of one function: reused warm, scaled out up to the reserved concurrency, ended
 * when idle. A replaced version's pool retires: idle ones end at once, busy ones after the request that they have.
 */
import { systemClock } from './clock.ts';
import type { EnvironmentRequest, EnvironmentResult, ExecutionEnvironment } from './execution-environment.ts';

export interface PoolOptions {
  readonly concurrencyMax: number;
  readonly idleMs: number;
  readonly startEnvironment: () => ExecutionEnvironment;
}

export type PoolResult = EnvironmentResult | { readonly verdict: { readonly kind: 'throttled' } };

interface Idle {
  readonly environment: ExecutionEnvironment;
  readonly cancelTimer: () => void;
}

export class FunctionPool {
  readonly #options: PoolOptions;
  readonly #idle: Idle[] = [];
  readonly #busy = new Set<ExecutionEnvironment>();
  readonly #ending = new Set<Promise<void>>();
  #retired = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get concurrencyMax(): number {
    return this.#options.concurrencyMax;
  }

  /** Process ids of the environments that live, for the ones who watch or kill them. */
  get processIds(): readonly number[] {
    return [...this.#busy, ...this.#idle.map((idle) => idle.environment)].flatMap(({ pid }) =>
      pid === undefined ? [] : [pid],
    );
  }

  async run(request: EnvironmentRequest): Promise<PoolResult> {
    if (this.#busy.size >= this.#options.concurrencyMax) {
      return { verdict: { kind: 'throttled' } };
    }
    const environment = this.#takeIdle() ?? this.#start();
    this.#busy.add(environment);
    try {
      return await environment.run(request);
    } finally {
      this.#busy.delete(environment);
      this.#giveBack(environment);
    }
  }

  /** `killBusy`: don't wait for the requests in flight. Resolves when every process is gone. */
  async retire({ killBusy }: { readonly killBusy: boolean }): Promise<void> {
    this.#retired = true;
    for (const { environment, cancelTimer } of this.#idle.splice(0)) {
      cancelTimer();
      this.#end(environment);
    }
    if (killBusy) {
      for (const environment of this.#busy) {
        this.#end(environment);
      }
    }
    await Promise.all(this.#ending);
  }

  /** The one that was used last is the warmest. */
  #takeIdle(): ExecutionEnvironment | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      idle.cancelTimer();
      if (idle.environment.reusable) {
        return idle.environment;
      }
      this.#end(idle.environment);
    }
    return undefined;
  }

  #giveBack(environment: ExecutionEnvironment): void {
    if (this.#retired || !environment.reusable) {
      this.#end(environment);
      return;
    }
    const cancelTimer = systemClock.after(this.#options.idleMs, () => {
      this.#dropIdle(environment);
    });
    this.#idle.push({ environment, cancelTimer });
  }

  #start(): ExecutionEnvironment {
    const environment = this.#options.startEnvironment();
    void this.#dropWhenClosed(environment);
    return environment;
  }

  /** One that dies while idle takes its temporary folder with it. */
  async #dropWhenClosed(environment: ExecutionEnvironment): Promise<void> {
    await environment.closed;
    this.#dropIdle(environment);
  }

  #dropIdle(environment: ExecutionEnvironment): void {
    const at = this.#idle.findIndex((idle) => idle.environment === environment);
    if (at !== -1) {
      this.#idle.splice(at, 1)[0]?.cancelTimer();
      this.#end(environment);
    }
  }

  #end(environment: ExecutionEnvironment): void {
    const ended = environment.end().finally(() => {
      this.#ending.delete(ended);
    });
    this.#ending.add(ended);
  }
}
