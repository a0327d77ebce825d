/** Counts the calls that a Region's services answered: what a bench and a test of "nothing was written" look at. */

export interface CallStatistics {
  /** By service and operation, for instance `dynamodb.PutItem`. */
  readonly calls: Readonly<Record<string, number>>;
  /** CPU time of the Region's process so far, in ms. */
  readonly cpuMs: number;
}

export class CallCounter {
  readonly #calls = new Map<string, number>();

  take(call: { readonly service: string; readonly operation: string }): void {
    const name = `${call.service}.${call.operation}`;
    this.#calls.set(name, (this.#calls.get(name) ?? 0) + 1);
  }

  read(): CallStatistics {
    const { user, system } = process.cpuUsage();
    return { calls: Object.fromEntries(this.#calls), cpuMs: (user + system) / 1000 };
  }
}
