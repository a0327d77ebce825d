/** What one message of the sync queue runs with: this function's stores, gate, queue and audit log, and a connector of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Context } from 'aws-lambda';
import { ulid } from 'ulid';

import { createAuditLog } from '../audit/audit-log.ts';
import { AuditWriter } from '../audit/audit-writer.ts';
import { seenEpochOrZero } from '../audit/seen-epoch.ts';
import { openSecretSource } from '../aws/secret-source.ts';
import type { Connector } from '../connectors/connector.ts';
import type { SecretSource } from '../connectors/secrets.ts';
import { createWorkerExtractor } from '../connectors/text/worker-extractor.ts';
import { LIMITS } from '../domain/limits.ts';
import { parsePruneApproval, pruneApprovalKey } from '../domain/prune-approval.ts';
import type { SourceDefinition } from '../domain/source-definition.ts';
import { DualWriter } from '../dual-write/dual-writer.ts';
import { InteractiveWriter } from '../dual-write/interactive-writer.ts';
import type { RegionPair } from '../dual-write/regions.ts';
import type { Embedder } from '../embed/embedder.ts';
import { raiseGate, readGate } from '../gate/gate.ts';
import { GraphDerivation } from '../ingest/derive/graph/graph-derivation.ts';
import { lexicalDerivation } from '../ingest/derive/lexical/lexical-derivation.ts';
import { checkSource } from '../ingest/check-source.ts';
import type { CycleOutcome } from '../ingest/cycle-types.ts';
import { purgeSource } from '../ingest/purge-source.ts';
import { sourceFailed } from '../ingest/source-failed.ts';
import { keepStatus } from '../ingest/source-status.ts';
import { runSyncCycle } from '../ingest/sync-cycle.ts';
import type { SyncDependencies } from '../ingest/sync-source.ts';
import { sweepVectors } from '../ingest/sweep-vectors.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { readSourceDefinition } from '../stores/source-definitions.ts';
import { SqsSyncQueue } from '../stores/sqs-sync-queue.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { homeTarget, parseSources, parseStoresEnvironment, requireText } from './environment.ts';
import { isLocalRun } from './local-run.ts';
import { withLocalSecrets } from './local-secrets.ts';
import { openConnector, type OpenSetting } from './open-connector.ts';
import { openParsers } from './open-parsers.ts';
import { openDetector } from './open-detector.ts';
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

const secretsOf = (): SecretSource => {
  const secrets = openSecretSource({
    target: homeTarget(environment, 'SECRETSMANAGER', LIMITS.homeCallTimeoutMs),
    now,
  });
  return isLocalRun(environment) ? withLocalSecrets(secrets) : secrets;
};

const readPlanIn = async (records: RecordStore, source: string): Promise<string | undefined> => {
  const read = await records.get(pruneApprovalKey(source));
  return read.kind === 'done' && read.value !== undefined && read.value.del !== true
    ? parsePruneApproval(read.value.data)?.plan
    : undefined;
};

/** With scratch space of its own, which goes with it; what can't be opened is trouble of the source. */
const withConnector = async (
  source: SourceDefinition,
  setting: Omit<OpenSetting, 'directory'>,
  run: (connector: Connector) => Promise<CycleOutcome>,
): Promise<CycleOutcome> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'source-'));
  try {
    const connector = openConnector(source, { ...setting, directory });
    try {
      return await run(connector);
    } finally {
      await connector.close();
    }
  } catch (error) {
    return sourceFailed(error);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

export interface SyncParts {
  readonly telemetry: Telemetry;
  readonly embedder: Embedder;
  /** Where the built function is: the worker that reads office files lies beside it. */
  readonly directory: string;
}

/** Opened once per execution environment: clients keep their sockets between invocations. */
export const wireSync = ({ telemetry, embedder, directory }: SyncParts): ((context: Context) => SyncDependencies) => {
  const regions = openRegionPair(parseStoresEnvironment(environment));
  const { workspaces } = regions.home.tables;
  const gate = gateOf(regions.home, telemetry);
  const writer = new DualWriter({ regions, telemetry, now });
  const queueUrl = requireText(environment, 'TWINMAP_SYNC_QUEUE_URL');
  const queue = new SqsSyncQueue(homeTarget(environment, 'SQS', LIMITS.homeCallTimeoutMs), queueUrl);
  const own = parseSources(environment);
  const audit = auditOf(regions, telemetry);
  const secrets = secretsOf();
  const detectorOf = openDetector(environment);
  const derivations = [new GraphDerivation(openParsers(directory)), lexicalDerivation];
  const extractor = createWorkerExtractor({ workerUrl: pathToFileURL(path.join(directory, 'extract-worker.mjs')) });
  return (context) => {
    const remainingMs = (): number => context.getRemainingTimeInMillis();
    const setting = { environment, telemetry, secrets, extractor, now, random: Math.random, remainingMs };
    const detector = detectorOf();
    const detecting = detector === undefined ? {} : { detector };
    const common = { writer, embedder, ...detecting, queue, telemetry, now, newOp: ulid, remainingMs };
    return {
      readSource: async (id) => readSourceDefinition(workspaces, own, id),
      readGate: async () => readGate(gate),
      raiseGate: async (obeyed, winner) => raiseGate(workspaces, obeyed, winner, new Date(now()).toISOString()),
      audit,
      telemetry,
      region: regions.home.region,
      ...(regions.peer === undefined ? {} : { peerRegion: regions.peer.region }),
      now,
      keepStatus: async (source, outcome) => keepStatus(workspaces, source, outcome, now()),
      runSweep: async (source, segment, { epoch }) =>
        sweepVectors({ sourceId: source.id, regions, epoch, queue, newOp: ulid, now, remainingMs }, segment),
      runPurge: async (source, { epoch, peer_writes: peerWrites }) =>
        purgeSource({ ...common, source, epoch, peerWrites, signal: AbortSignal.timeout(remainingMs()) }),
      runCheck: async (source, id) =>
        checkSource(
          {
            sourceId: source.id,
            open: () => openConnector(source, { ...setting, directory: tmpdir() }),
            records: workspaces,
            now,
          },
          id,
        ),
      runCycle: async (source, message, { epoch, peer_writes: peerWrites }) =>
        withConnector(source, setting, async (connector) =>
          runSyncCycle(
            {
              ...common,
              source,
              derivations,
              connector,
              epoch,
              peerWrites,
              readApprovedPlan: async () => readPlanIn(workspaces, source.id),
              signal: AbortSignal.timeout(remainingMs()),
            },
            message.checkpoint,
          ),
        ),
    };
  };
};
