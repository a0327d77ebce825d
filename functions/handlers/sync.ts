/** Lambda entry: one message of the sync queue, one source. */
import type { Context, SQSEvent } from 'aws-lambda';

import { syncSource } from '../ingest/sync-source.ts';
import { wireSync } from './sync-wiring.ts';
import { createTelemetry, openEmbedder } from './wire.ts';

const dependenciesFor = wireSync(createTelemetry('sync'), await openEmbedder());

export const handler = async (event: SQSEvent, context: Context): Promise<void> => {
  for (const { body, attributes } of event.Records) {
    const redelivered = Number(attributes.ApproximateReceiveCount) > 1;
    await syncSource(dependenciesFor(context), { body, redelivered });
  }
};
