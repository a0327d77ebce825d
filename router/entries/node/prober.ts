/**
 * Asks what the policy wants to know, when it wants to know it. The policy decides when a probe is due and what its answer
 * means; here are only the clock's ticks and the requests, on connections of the same pools as everything else.
 */
import { Buffer } from 'node:buffer';

import { reportOf } from '../../forward/region-status.ts';
import type { Probe } from '../../policy/health-events.ts';
import type { RouterContext } from './router-context.ts';

/** While requests are out a silence must be seen in time; otherwise only routine probes are due. */
const TICK_MS = 20;
const STATUS_BYTES_MAX = 262_144;

interface Asked {
  readonly isGood: boolean;
  readonly why?: string;
  readonly text: string;
}

export class Prober {
  readonly #context: RouterContext;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.tick();
    }, TICK_MS);
    this.tick();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  tick(): void {
    const { policy, timers } = this.#context;
    for (const probe of policy.dueProbes(timers.now())) {
      void this.#run(probe);
    }
  }

  /** Never throws: what goes wrong is the probe's result. */
  async #run({ region, kind, timeoutMs }: Probe): Promise<void> {
    const { policy, timers, config } = this.#context;
    const { livePath, readyPath, statusPath } = config.probes;
    const path = kind === 'confirm' ? livePath : kind === 'recover' ? readyPath : statusPath;
    const startedMs = timers.now();
    const { isGood, why, text } = await this.#ask(region, path, timeoutMs);
    const nowMs = timers.now();
    if (isGood && kind === 'status') {
      try {
        policy.reported(region, reportOf(JSON.parse(text), nowMs));
      } catch {
        // It answers, but not with a status: alive, and silent about who is active.
        policy.reported(region, reportOf(undefined, nowMs));
      }
    }
    policy.probed(region, nowMs, {
      kind,
      isGood,
      latencyMs: nowMs - startedMs,
      ...(why === undefined ? {} : { why }),
    });
  }

  async #ask(region: string, path: string, timeoutMs: number): Promise<Asked> {
    const origin = this.#context.origins.get(region);
    if (origin === undefined) {
      return { isGood: false, why: 'no origin', text: '' };
    }
    try {
      const { statusCode, body } = await origin.pool.request({
        method: 'GET',
        path,
        headers: {
          host: origin.host,
          'user-agent': this.#context.config.name,
          accept: 'application/json',
        },
        signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
      });
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > STATUS_BYTES_MAX) {
          return { isGood: false, why: 'its status is too large', text: '' };
        }
        chunks.push(chunk);
      }
      const isGood = statusCode < 400;
      return {
        isGood,
        text: Buffer.concat(chunks).toString(),
        ...(isGood ? {} : { why: `HTTP ${statusCode}` }),
      };
    } catch (error) {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
      const name = error instanceof Error ? error.name : 'unknown';
      return { isGood: false, why: typeof code === 'string' ? code : name, text: '' };
    }
  }
}
