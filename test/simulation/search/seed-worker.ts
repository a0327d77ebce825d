/** Runs ranges of seeds in a thread of its own, and tells what came of them. */
import { parentPort, workerData } from 'node:worker_threads';

import { plantMutant } from '../../../functions/domain/mutants.ts';
import { runSeed } from '../run-seed.ts';
import { addResult, emptyTotals, type WorkerTask, type WorkerSetting } from './totals.ts';

const { mutant, profile } = workerData as WorkerSetting;

plantMutant(mutant);

parentPort?.on('message', (task: WorkerTask) => {
  const run = async (): Promise<void> => {
    const totals = emptyTotals();
    for (let seed = task.from; seed < task.from + task.count; seed += 1) {
      addResult(totals, await runSeed({ seed, profile }));
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage(totals);
  };
  run().catch((error: unknown) => {
    // An error event of the worker: the search ends with it.
    queueMicrotask(() => {
      throw error;
    });
  });
});
