/** Lambda entry: one message of the sync queue, one source. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Context, SQSEvent } from 'aws-lambda';
import { ulid } from 'ulid';

import { LIMITS } from '../domain/limits.ts';
import { DualWriter } from '../dual-write/dual-writer.ts';
import { keepGateDocument, readGate } from '../gate/gate.ts';
import { runSyncCycle } from '../ingest/sync-cycle.ts';
import { syncSource, type SyncDependencies } from '../ingest/sync-source.ts';
import { SqsSyncQueue } from '../stores/sqs-sync-queue.ts';
import { homeTarget, parseSources, parseStoresEnvironment, requireText } from './environment.ts';
import { openConnector } from './open-connector.ts';
import { openRegionPair } from './open-region.ts';
import { createTelemetry, environment, gateOf, now, openEmbedder } from './wire.ts';

const telemetry = createTelemetry('sync');
const regions = openRegionPair(parseStoresEnvironment(environment));
const gate = gateOf(regions.home, telemetry);
const writer = new DualWriter({ regions, telemetry, now });
const queueUrl = requireText(environment, 'TWINMAP_SYNC_QUEUE_URL');
const queue = new SqsSyncQueue(homeTarget(environment, 'SQS', LIMITS.homeCallTimeoutMs), queueUrl);
const embedder = await openEmbedder();

const dependenciesFor = (context: Context): SyncDependencies => ({
  sources: parseSources(environment),
  readGate: async () => readGate(gate),
  keepGate: async (document) => void (await keepGateDocument(regions.home.tables.workspaces, document)),
  telemetry,
  region: regions.home.region,
  now,
  runCycle: async (source, message, inForce) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'source-'));
    const signal = AbortSignal.timeout(context.getRemainingTimeInMillis());
    const connector = openConnector(source, { directory, environment, telemetry });
    const common = { source, connector, writer, embedder, queue, telemetry, now, signal, newOp: ulid };
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    try {
      return await runSyncCycle({ ...common, epoch: inForce.epoch, remainingMs }, message.checkpoint);
    } finally {
      await connector.close();
      await rm(directory, { recursive: true, force: true });
    }
  },
});

export const handler = async (event: SQSEvent, context: Context): Promise<void> => {
  for (const record of event.Records) {
    await syncSource(dependenciesFor(context), record.body);
  }
};
