/**
 * Keeps what an execution environment has measured, at the end of a run and at most once a minute. With a client of its own, whose
 * patience is short: no run waits for it longer than a moment, and none fails by it.
 */
import type { CallBounds } from '../aws/client-options.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { keepMetrics, type MeasuringFunction } from '../telemetry/kept-metrics.ts';
import { MINUTE_MS } from '../telemetry/recent-metrics.ts';
import { parseStoresEnvironment } from './environment.ts';
import { openRegion } from './open-region.ts';
import { environment, now, recentMetrics } from './wire.ts';

/** The last call begins within the first half of the time, and has the other half. */
const HALF_MS = LIMITS.metricsKeepMs / 2;

const BOUNDS: CallBounds = {
  connectTimeoutMs: HALF_MS,
  callTimeoutMs: HALF_MS,
  attemptsMax: 1,
};

let records: RecordStore | undefined;
let keptAt = 0;

export const keepRecentMetrics = async (name: MeasuringFunction): Promise<void> => {
  if (now() - keptAt < MINUTE_MS) {
    return;
  }
  const taken = recentMetrics.takeAll();
  if (taken.length > 0) {
    keptAt = now();
    records ??= openRegion(parseStoresEnvironment(environment).home, BOUNDS).tables.workspaces;
    recentMetrics.give(await keepMetrics(records, name, taken, { now, beginMs: HALF_MS }));
  }
};
