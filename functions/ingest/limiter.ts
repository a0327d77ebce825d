/** Runs at most so many tasks at once and ends early: after the first failure nothing new starts. */
import type { SideFailure } from '../dual-write/outcome.ts';

export type Task = () => Promise<SideFailure | undefined>;

/** Runs the tasks, at most `inFlightMax` at once; answers with the first failure, after everything in flight has settled. */
export const runLimited = async (tasks: readonly Task[], inFlightMax: number): Promise<SideFailure | undefined> => {
  let next = 0;
  let failure: SideFailure | undefined;
  const worker = async (): Promise<void> => {
    while (failure === undefined) {
      const task = tasks[next];
      next += 1;
      if (task === undefined) {
        return;
      }
      failure = (await task()) ?? failure;
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlightMax, tasks.length) }, worker));
  return failure;
};
