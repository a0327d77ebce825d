/** Lambda entry: the schedule's tick. */
import type { Context, ScheduledEvent } from 'aws-lambda';

import { RegionUnavailableError } from '../domain/errors.ts';
import { describeDispatch, dispatch, type DispatchOutcome } from '../ingest/dispatch.ts';
import { wireDispatch } from './dispatch-wiring.ts';
import { keepRecentMetrics } from './keep-recent-metrics.ts';
import { createTelemetry } from './wire.ts';

const telemetry = createTelemetry('dispatch');
const dependencies = wireDispatch(telemetry);

export const handler = async (event: Partial<ScheduledEvent>, context: Context): Promise<DispatchOutcome> => {
  const outcome = await dispatch(dependencies, event.id ?? context.awsRequestId);
  telemetry.log('info', 'dispatch.finished', { region: dependencies.region, ...describeDispatch(outcome) });
  telemetry.flush();
  await keepRecentMetrics('dispatch');
  if (outcome.kind === 'sources-unread') {
    throw new RegionUnavailableError(`what is configured can't be read (${outcome.failure.code})`);
  }
  if (outcome.kind === 'queue-failed') {
    // The schedule's own bounded retry is the way on; a source that was queued already is deduplicated.
    throw new RegionUnavailableError(`the sync queue did not take ${outcome.source} (${outcome.failure.code})`);
  }
  return outcome;
};
