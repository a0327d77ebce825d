/** Lambda entry: the schedule's tick. */
import type { Context, ScheduledEvent } from 'aws-lambda';

import { RegionUnavailableError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { readGate } from '../gate/gate.ts';
import { describeDispatch, dispatch, type DispatchOutcome } from '../ingest/dispatch.ts';
import { SqsSyncQueue } from '../stores/sqs-sync-queue.ts';
import { homeTarget, parseSources, parseStoresEnvironment, requireText } from './environment.ts';
import { openRegion } from './open-region.ts';
import { createTelemetry, environment, gateOf, now } from './wire.ts';

const telemetry = createTelemetry('dispatch');
const stores = parseStoresEnvironment(environment);
const home = openRegion(stores.home);
const gate = gateOf(home, telemetry);
const queue = new SqsSyncQueue(
  homeTarget(environment, 'SQS', LIMITS.homeCallTimeoutMs),
  requireText(environment, 'TWINMAP_SYNC_QUEUE_URL'),
);
const sources = parseSources(environment);
const sweeps = { records: home.tables.workspaces, now };

export const handler = async (event: Partial<ScheduledEvent>, context: Context): Promise<DispatchOutcome> => {
  const outcome = await dispatch(
    { sources, readGate: async () => readGate(gate), queue, telemetry, region: home.region, sweeps },
    event.id ?? context.awsRequestId,
  );
  telemetry.log('info', 'dispatch.finished', { region: home.region, ...describeDispatch(outcome) });
  telemetry.flush();
  if (outcome.kind === 'queue-failed') {
    // The schedule's own bounded retry is the way on; a source that was queued already is deduplicated.
    throw new RegionUnavailableError(`the sync queue did not take ${outcome.source} (${outcome.failure.code})`);
  }
  return outcome;
};
