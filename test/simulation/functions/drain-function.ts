/** The drain of one Region: every minute in production, whenever the adversary says here. */
import { LIMITS } from '../../../functions/domain/limits.ts';
import { drainOwed } from '../../../functions/repair/drain.ts';
import { type RunOptions, silent, type World } from '../world/world.ts';

export const startDrain = (world: World, options: RunOptions & { readonly name: string }): void => {
  world.start(options.name, options, async (process) => {
    const { home, peer } = world.pair(process);
    if (peer === undefined) {
      return;
    }
    const report = await drainOwed({
      direction: { from: home, to: peer },
      telemetry: silent,
      now: () => process.now(),
      sleep: async (ms) => world.kernel.sleep(ms),
      deadlineMs: process.now() + process.remainingMs() - LIMITS.handoverMarginMs,
    });
    world.note(() => `${process.name} ended: ${JSON.stringify(report)}`);
  });
};
