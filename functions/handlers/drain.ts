/** Lambda entry: pays what this Region owes to its peer. Every minute, whatever the gate says. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Context } from 'aws-lambda';

import { LIMITS } from '../domain/limits.ts';
import type { DrainReport } from '../repair/drain.ts';
import { readOwedDebt } from '../repair/owed-debt.ts';
import { drainPatiently } from '../repair/patient-drain.ts';
import { parseStoresEnvironment } from './environment.ts';
import { openRegionPair } from './open-region.ts';
import { createTelemetry, environment, now } from './wire.ts';

const telemetry = createTelemetry('drain');
const { home, peer } = openRegionPair(parseStoresEnvironment(environment));

export const handler = async (
  _event: unknown,
  context: Context,
): Promise<DrainReport | { readonly kind: 'single' }> => {
  if (peer === undefined) {
    return { kind: 'single' };
  }
  const report = await drainPatiently({
    direction: { from: home, to: peer },
    telemetry,
    now,
    sleep,
    deadlineMs: now() + context.getRemainingTimeInMillis() - LIMITS.drainMarginMs,
  });
  const debt = await readOwedDebt(home, peer.region, now());
  if (debt.kind === 'done') {
    const where = { Region: home.region, Peer: peer.region };
    telemetry.count('OwedRecords', where, debt.value.count);
    telemetry.count('OwedOldestAgeSeconds', where, Math.round((debt.value.oldestAgeMs ?? 0) / 1000));
  }
  telemetry.flush();
  return report;
};
