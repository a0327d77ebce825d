/** The audit log as the functions of a simulated process write it: append-only interactive records, in both Regions. */
import { createAuditLog } from '../../../functions/audit/audit-log.ts';
import { AuditWriter } from '../../../functions/audit/audit-writer.ts';
import { seenEpochOrZero } from '../../../functions/audit/seen-epoch.ts';
import type { AuditLog } from '../../../functions/domain/audit-event.ts';
import { InteractiveWriter } from '../../../functions/dual-write/interactive-writer.ts';
import type { RegionPair } from '../../../functions/dual-write/regions.ts';
import type { SimProcess } from '../world/process.ts';
import { silent, type World } from '../world/world.ts';

export const auditLogFor = (world: World, process: SimProcess, regions: RegionPair): AuditLog => {
  const { region, tables } = regions.home;
  const now = (): number => process.now();
  const newOp = (): string => process.newOp();
  const inner = new InteractiveWriter({ regions, telemetry: silent, now, newOp });
  return createAuditLog({
    writes: {
      write: async (request) => {
        world.tell((watcher) => watcher.onWriteStart?.(request, process));
        const outcome = await inner.write(request);
        if (outcome.kind !== 'op-reused' && outcome.kind !== 'overtaken') {
          world.tell((watcher) => watcher.onWrite?.(request, outcome, process));
        }
        return outcome;
      },
    },
    region,
    epoch: async () => seenEpochOrZero(tables.workspaces),
    newOp,
  });
};

export const auditFor = (world: World, process: SimProcess, regions: RegionPair): AuditWriter =>
  new AuditWriter({
    log: auditLogFor(world, process, regions),
    telemetry: silent,
    now: () => process.now(),
    region: regions.home.region,
    actor: 'function:sync',
  });
