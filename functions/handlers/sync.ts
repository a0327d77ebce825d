/** Lambda entry: one message of the sync queue, one source. */
import type { Context, SQSEvent } from 'aws-lambda';

import { syncSource } from '../ingest/sync-source.ts';
import { openEmbedder } from './open-embedder.ts';
import { wireSync } from './sync-wiring.ts';
import { createTelemetry, environment, now } from './wire.ts';

const telemetry = createTelemetry('sync');
const directory = import.meta.dirname;
const dependenciesFor = wireSync(
  telemetry,
  await openEmbedder({ environment, telemetry, use: 'ingest', now, directory }),
);

export const handler = async (event: SQSEvent, context: Context): Promise<void> => {
  for (const { body, attributes } of event.Records) {
    const redelivered = Number(attributes.ApproximateReceiveCount) > 1;
    await syncSource(dependenciesFor(context), { body, redelivered });
  }
};
