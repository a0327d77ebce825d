/** Runs many seeds on several threads, in the order of their numbers as far as threads allow, until all are done or enough is found. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import type { MutantName } from '../../../functions/domain/mutants.ts';
import type { ProfileName } from '../adversary/plan.ts';
import { addTotals, emptyTotals, sumOf, type Totals, type WorkerSetting, type WorkerTask } from './totals.ts';

export interface SearchOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly profile?: ProfileName | undefined;
  readonly mutant?: MutantName | undefined;
  readonly threads?: number | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
  /** Ends the search early. */
  readonly isEnough?: ((totals: Totals) => boolean) | undefined;
}

const SEEDS_PER_TASK = 20;

class Search {
  readonly #options: SearchOptions;
  readonly #totals = emptyTotals();
  readonly #workers: Worker[] = [];
  readonly #ended = Promise.withResolvers<Totals>();
  #next = 0;
  #done = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  async run(): Promise<Totals> {
    const { mutant, profile, threads = availableParallelism(), seeds } = this.#options;
    const setting: WorkerSetting = { mutant, profile };
    const count = Math.max(1, Math.min(threads, Math.ceil(seeds / SEEDS_PER_TASK)));
    for (let at = 0; at < count; at += 1) {
      const worker = new Worker(new URL('seed-worker.ts', import.meta.url), { workerData: setting });
      this.#workers.push(worker);
      worker.on('message', (totals: Totals) => {
        this.#take(worker, totals);
      });
      worker.on('error', (error: Error) => {
        this.#ended.reject(error);
      });
      this.#give(worker);
    }
    try {
      return await this.#ended.promise;
    } finally {
      await Promise.all(this.#workers.map(async (worker) => worker.terminate()));
    }
  }

  #give(worker: Worker): void {
    const { seeds, firstSeed } = this.#options;
    const count = Math.min(SEEDS_PER_TASK, seeds - this.#next);
    if (count > 0) {
      const task: WorkerTask = { from: firstSeed + this.#next, count };
      this.#next += count;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(task);
    }
  }

  #take(worker: Worker, totals: Totals): void {
    addTotals(this.#totals, totals);
    this.#done += sumOf(totals, 'seeds');
    this.#options.onProgress?.(this.#done);
    if (this.#done >= this.#options.seeds || this.#options.isEnough?.(this.#totals) === true) {
      this.#totals.found.sort((left, right) => left.seed - right.seed);
      this.#ended.resolve(this.#totals);
    } else {
      this.#give(worker);
    }
  }
}

export const searchSeeds = async (options: SearchOptions): Promise<Totals> => new Search(options).run();
