/** Lambda entry: a tick of the repair schedule, in every Region, whatever the gate says. */
import type { Context } from 'aws-lambda';

import { RegionUnavailableError } from '../domain/errors.ts';
import { keepRecentMetrics } from './keep-recent-metrics.ts';
import { wireRepair } from './repair-wiring.ts';
import { createTelemetry } from './wire.ts';

const telemetry = createTelemetry('repair');
const run = wireRepair(telemetry);

export const handler = async (
  _event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<unknown> => {
  const outcome = await run(context.getRemainingTimeInMillis());
  telemetry.flush();
  await keepRecentMetrics('repair');
  if (outcome.kind === 'failed') {
    throw new RegionUnavailableError(`the home Region's tables can't be read (${outcome.failure.code})`);
  }
  return outcome.kind === 'ran'
    ? { kind: outcome.kind, state: outcome.state, comparison: outcome.step.comparison }
    : outcome;
};
