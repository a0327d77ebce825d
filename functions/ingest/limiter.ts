/**
 * Bounds how many record writes of one cycle are under way, over all of its batches: more would only wait for a socket, and
 * make every other write wait with them. After the first failure of a batch, nothing further of it is started.
 */
import type { SideFailure } from '../dual-write/outcome.ts';

export type Task = () => Promise<SideFailure | undefined>;

export class Limiter {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(inFlightMax: number) {
    this.#free = inFlightMax;
  }

  /** Runs the tasks, sharing the bound with everybody else; answers with the first failure, once all have settled. */
  async run(tasks: readonly Task[]): Promise<SideFailure | undefined> {
    let failure: SideFailure | undefined;
    const runOne = async (task: Task): Promise<void> => {
      await this.#take();
      try {
        if (failure === undefined) {
          // Read again after the wait: a success that ends later must not cover up a failure.
          const result = await task();
          failure ??= result;
        }
      } finally {
        this.#give();
      }
    };
    await Promise.all(tasks.map(async (task) => runOne(task)));
    return failure;
  }

  async #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn.resolve);
    await turn.promise;
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free += 1;
    } else {
      next();
    }
  }
}
