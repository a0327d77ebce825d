/** Lambda entry: one message of the sync queue, one source. */
import type { Context, SQSEvent } from 'aws-lambda';

import { syncSource } from '../ingest/sync-source.ts';
import { correlated } from '../telemetry/correlation.ts';
import { keepRecentMetrics } from './keep-recent-metrics.ts';
import { openEmbedder } from './open-embedder.ts';
import { wireSync } from './sync-wiring.ts';
import { createTelemetry, environment, now } from './wire.ts';

const telemetry = createTelemetry('sync');
const directory = import.meta.dirname;
const embedder = await openEmbedder({ environment, telemetry, use: 'ingest', now, directory });
const dependenciesFor = wireSync({ telemetry, embedder, directory });

export const handler = async (event: SQSEvent, context: Context): Promise<void> => {
  for (const { body, attributes } of event.Records) {
    const redelivered = Number(attributes.ApproximateReceiveCount) > 1;
    // Whatever is logged on the way names the run; a message that came twice is two of them.
    const run = { run: context.awsRequestId };
    await correlated(run, async () => syncSource(dependenciesFor(context), { body, redelivered }));
  }
  await keepRecentMetrics('sync');
};
