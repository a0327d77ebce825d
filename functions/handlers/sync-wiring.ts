/** What one message of the sync queue runs with: this function's stores, gate, queue and audit log, and a connector of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Context } from 'aws-lambda';
import { ulid } from 'ulid';

import { createAuditLog } from '../audit/audit-log.ts';
import { AuditWriter } from '../audit/audit-writer.ts';
import { seenEpochOrZero } from '../audit/seen-epoch.ts';
import { LIMITS } from '../domain/limits.ts';
import { parsePruneApproval, pruneApprovalKey } from '../domain/prune-approval.ts';
import { DualWriter } from '../dual-write/dual-writer.ts';
import { InteractiveWriter } from '../dual-write/interactive-writer.ts';
import type { RegionPair } from '../dual-write/regions.ts';
import type { Embedder } from '../embed/embedder.ts';
import { raiseGate, readGate } from '../gate/gate.ts';
import { runSyncCycle } from '../ingest/sync-cycle.ts';
import type { SyncDependencies } from '../ingest/sync-source.ts';
import { sweepVectors } from '../ingest/sweep-vectors.ts';
import { SqsSyncQueue } from '../stores/sqs-sync-queue.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { homeTarget, parseSources, parseStoresEnvironment, requireText } from './environment.ts';
import { openConnector } from './open-connector.ts';
import { openRegionPair } from './open-region.ts';
import { environment, gateOf, now } from './wire.ts';

const auditOf = (regions: RegionPair, telemetry: Telemetry): AuditWriter => {
  const { region, tables } = regions.home;
  const log = createAuditLog({
    writes: new InteractiveWriter({ regions, telemetry, now, newOp: ulid }),
    region,
    epoch: async () => seenEpochOrZero(tables.workspaces),
    newOp: ulid,
  });
  return new AuditWriter({ log, telemetry, now, region, actor: 'function:sync' });
};

/** Opened once per execution environment: clients keep their sockets between invocations. */
export const wireSync = (telemetry: Telemetry, embedder: Embedder): ((context: Context) => SyncDependencies) => {
  const regions = openRegionPair(parseStoresEnvironment(environment));
  const gate = gateOf(regions.home, telemetry);
  const writer = new DualWriter({ regions, telemetry, now });
  const queueUrl = requireText(environment, 'TWINMAP_SYNC_QUEUE_URL');
  const queue = new SqsSyncQueue(homeTarget(environment, 'SQS', LIMITS.homeCallTimeoutMs), queueUrl);
  const sources = parseSources(environment);
  const audit = auditOf(regions, telemetry);
  return (context) => ({
    sources,
    readGate: async () => readGate(gate),
    raiseGate: async (obeyed, winner) =>
      raiseGate(regions.home.tables.workspaces, obeyed, winner, new Date(now()).toISOString()),
    audit,
    telemetry,
    region: regions.home.region,
    ...(regions.peer === undefined ? {} : { peerRegion: regions.peer.region }),
    now,
    runSweep: async (source, segment, { epoch }) =>
      sweepVectors(
        {
          sourceId: source.id,
          regions,
          epoch,
          queue,
          newOp: ulid,
          now,
          remainingMs: () => context.getRemainingTimeInMillis(),
        },
        segment,
      ),
    runCycle: async (source, message, inForce) => {
      const directory = await mkdtemp(path.join(tmpdir(), 'source-'));
      const signal = AbortSignal.timeout(context.getRemainingTimeInMillis());
      const connector = openConnector(source, { directory, environment, telemetry });
      const readApprovedPlan = async (): Promise<string | undefined> => {
        const read = await regions.home.tables.workspaces.get(pruneApprovalKey(source.id));
        return read.kind === 'done' && read.value !== undefined && read.value.del !== true
          ? parsePruneApproval(read.value.data)?.plan
          : undefined;
      };
      const common = { source, connector, writer, embedder, queue, telemetry, now, signal, newOp: ulid };
      const remainingMs = (): number => context.getRemainingTimeInMillis();
      try {
        const { epoch, peer_writes: peerWrites } = inForce;
        return await runSyncCycle({ ...common, readApprovedPlan, epoch, peerWrites, remainingMs }, message.checkpoint);
      } finally {
        await connector.close();
        await rm(directory, { recursive: true, force: true });
      }
    },
  });
};
