/** What one message of the sync queue runs with: this function's stores, gate and queue, and a connector of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Context } from 'aws-lambda';
import { ulid } from 'ulid';

import { LIMITS } from '../domain/limits.ts';
import { DualWriter } from '../dual-write/dual-writer.ts';
import type { Embedder } from '../embed/embedder.ts';
import { keepGateDocument, readGate } from '../gate/gate.ts';
import { runSyncCycle } from '../ingest/sync-cycle.ts';
import type { SyncDependencies } from '../ingest/sync-source.ts';
import { SqsSyncQueue } from '../stores/sqs-sync-queue.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { homeTarget, parseSources, parseStoresEnvironment, requireText } from './environment.ts';
import { openConnector } from './open-connector.ts';
import { openRegionPair } from './open-region.ts';
import { environment, gateOf, now } from './wire.ts';

/** Opened once per execution environment: clients keep their sockets between invocations. */
export const wireSync = (telemetry: Telemetry, embedder: Embedder): ((context: Context) => SyncDependencies) => {
  const regions = openRegionPair(parseStoresEnvironment(environment));
  const gate = gateOf(regions.home, telemetry);
  const writer = new DualWriter({ regions, telemetry, now });
  const queueUrl = requireText(environment, 'TWINMAP_SYNC_QUEUE_URL');
  const queue = new SqsSyncQueue(homeTarget(environment, 'SQS', LIMITS.homeCallTimeoutMs), queueUrl);
  const sources = parseSources(environment);
  return (context) => ({
    sources,
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
};
