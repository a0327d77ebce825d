/** What a tick of the repair runs with: both Regions' stores, with the patience of a cycle, and the audit log. */
import { setTimeout as sleep } from 'node:timers/promises';

import { ulid } from 'ulid';

import { createAuditLog } from '../audit/audit-log.ts';
import { seenEpochOrZero } from '../audit/seen-epoch.ts';
import { InteractiveWriter } from '../dual-write/interactive-writer.ts';
import { reportPulse } from '../repair/report-pulse.ts';
import { repairDeadline, type RepairOutcome, runRepair } from '../repair/repair.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { parseStoresEnvironment } from './environment.ts';
import { openRegionPair } from './open-region.ts';
import { environment, now } from './wire.ts';

/** Opened once per execution environment: clients keep their sockets between invocations. */
export const wireRepair = (telemetry: Telemetry): ((remainingMs: number) => Promise<RepairOutcome>) => {
  const regions = openRegionPair(parseStoresEnvironment(environment));
  const { home } = regions;
  const writes = new InteractiveWriter({ regions, telemetry, now, newOp: ulid });
  const epoch = async (): Promise<number> => seenEpochOrZero(home.tables.workspaces);
  const audit = createAuditLog({ writes, region: home.region, epoch, newOp: ulid });
  return async (remainingMs) => {
    const deadlineMs = repairDeadline(now(), remainingMs);
    // First: a repair that takes long, or fails, must not make the Region look silent.
    await reportPulse({ regions, telemetry, now });
    return runRepair({ regions, telemetry, audit, now, sleep, deadlineMs });
  };
};
