/** Counts the calls that a Region's services answered: what a bench and a test of "nothing was written" look at. */

import { ADMINISTRATOR_KEYS } from '../iam/principal.ts';

interface CountedCall {
  readonly service: string;
  readonly operation: string;
  readonly accessKeyId: string;
  readonly durationMs: number;
}

export interface CallStatistics {
  /** By service and operation, for instance `dynamodb.PutItem`. */
  readonly calls: Readonly<Record<string, number>>;
  /** CPU time of the Region's process so far, in ms. */
  readonly cpuMs: number;
  /** Calls of people and their tools, and how long those took together: what a command has cost this Region. */
  readonly operator: { readonly calls: number; readonly waitedMs: number };
}

export class CallCounter {
  readonly #calls = new Map<string, number>();
  #operatorCalls = 0;
  #operatorMs = 0;

  take(call: CountedCall): void {
    const name = `${call.service}.${call.operation}`;
    this.#calls.set(name, (this.#calls.get(name) ?? 0) + 1);
    if (ADMINISTRATOR_KEYS.has(call.accessKeyId)) {
      this.#operatorCalls += 1;
      this.#operatorMs += call.durationMs;
    }
  }

  read(): CallStatistics {
    const { user, system } = process.cpuUsage();
    return {
      calls: Object.fromEntries(this.#calls),
      cpuMs: (user + system) / 1000,
      operator: { calls: this.#operatorCalls, waitedMs: Math.round(this.#operatorMs) },
    };
  }
}
