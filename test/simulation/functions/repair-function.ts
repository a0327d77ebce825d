/** The repair of one Region: drain, comparison, repair in both directions, and the collection of tombstones. */
import { repairDeadline, runRepair } from '../../../functions/repair/repair.ts';
import { type RunOptions, silent, type World } from '../world/world.ts';
import { auditLogFor } from './audit-writes.ts';

export const startRepair = (world: World, options: RunOptions & { readonly name: string }): void => {
  world.start(options.name, options, async (process) => {
    const regions = world.pair(process);
    const outcome = await runRepair({
      regions,
      telemetry: silent,
      audit: auditLogFor(world, process, regions),
      now: () => process.now(),
      sleep: async (ms) => world.kernel.sleep(ms),
      deadlineMs: repairDeadline(process.now(), process.remainingMs()),
    });
    world.note(() => `${process.name} ended: ${JSON.stringify(outcome)}`);
  });
};
