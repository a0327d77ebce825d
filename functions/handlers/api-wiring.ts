/** What the API runs with: the home Region's stores to read, both Regions to write, keys, the audit log, the gate. */
import { randomBytes } from 'node:crypto';

import { ulid } from 'ulid';

import { createAuditLog } from '../audit/audit-log.ts';
import { readNewestEvents } from '../audit/read-events.ts';
import { verifyOwnAudit } from '../audit/verify-own.ts';
import { seenEpochOrZero } from '../audit/seen-epoch.ts';
import { LIMITS } from '../domain/limits.ts';
import type { TableName } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';
import type { RegionPair } from '../dual-write/regions.ts';
import type { Embedder } from '../embed/embedder.ts';
import { isUnknown } from '../gate/decide.ts';
import type { ShownGate } from '../gate/shown-gate.ts';
import type { GateReading } from '../query/home-view.ts';
import type { ApiDependencies } from '../query/route.ts';
import { readMetrics } from '../telemetry/kept-metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { SqsSyncQueue } from '../stores/sqs-sync-queue.ts';
import { homeTarget, parseSources, requireText } from './environment.ts';
import { wireInteractive } from './interactive-wiring.ts';
import { openAccess } from './open-access.ts';
import { readPairOf } from './pair-reading.ts';
import { isLocalRun } from './local-run.ts';
import { readReplicationOf } from './replication-reading.ts';
import { parseScheduleMs } from './schedule-interval.ts';
import { sourceKinds } from './source-kinds.ts';
import { environment, now, shownGateOf } from './wire.ts';

const readGateOf = async (gate: ShownGate): Promise<GateReading> => {
  const decision = await gate.read();
  const { reason, inForce } = decision;
  return {
    // A run takes what it can't read for passive; a person has to see that it is not known.
    state: isUnknown(decision) ? 'unknown' : decision.state,
    reason,
    ...(inForce === undefined ? {} : { epoch: inForce.epoch, peerWrites: inForce.peer_writes }),
  };
};

export interface WiredApi {
  readonly dependencies: ApiDependencies;
  /** What a request has set going beside its answer; a function is frozen as soon as it has answered. */
  readonly afterwards: () => Promise<void>;
}

const declaredOf = ({ home, peer }: RegionPair): readonly RegionName[] => [
  home.region,
  ...(peer === undefined ? [] : [peer.region]),
];

const namesIn = (text = ''): readonly string[] => text.split(',').filter((name) => name !== '');

const openQueue = (): SqsSyncQueue =>
  new SqsSyncQueue(
    homeTarget(environment, 'SQS', LIMITS.homeCallTimeoutMs),
    requireText(environment, 'TWINMAP_SYNC_QUEUE_URL'),
  );

/** People's own writes, at once: everything else has its minute. */
const INTERACTIVE_TABLES: readonly TableName[] = ['workspaces', 'audit'];

/** Opened once per execution environment: clients keep their sockets between requests. */
export const wireApi = (telemetry: Telemetry, embedder: Embedder): WiredApi => {
  const { stores, regions, writes, afterwards } = wireInteractive(telemetry, INTERACTIVE_TABLES);
  const { home, peer } = regions;
  const { workspaces, audit, graph } = home.tables;
  const gate = shownGateOf(home, telemetry);
  const ownSources = parseSources(environment);
  const scheduleMs = parseScheduleMs(environment['TWINMAP_SCHEDULE']);
  const epoch = async (): Promise<number> => seenEpochOrZero(workspaces);
  const log = createAuditLog({ writes, region: home.region, epoch, newOp: ulid });
  const access = openAccess({ environment, telemetry, workspaces, ownSources, audit: log, now });
  const dependencies: ApiDependencies = {
    region: home.region,
    role: stores.role,
    ...(peer === undefined ? {} : { peerRegion: peer.region }),
    records: graph,
    workspaces,
    vectors: home.vectors,
    embedder,
    authenticator: access.authenticator,
    ownSources,
    sourceKinds: sourceKinds(isLocalRun(environment)),
    syncQueue: openQueue(),
    ...(scheduleMs === undefined ? {} : { scheduleMs }),
    endpointNames: namesIn(environment['TWINMAP_ENDPOINT_NAMES']),
    writes,
    audit: log,
    readAudit: async (eventsMax, from) => readNewestEvents(audit, now(), eventsMax, from),
    verifyAudit: async () => verifyOwnAudit({ region: home.region, records: audit }, declaredOf(regions), now),
    readGate: async () => readGateOf(gate),
    readReplication: async () => readReplicationOf(regions, now()),
    readPair: async () => readPairOf(regions),
    readMetrics: async (fromMs, toMs) => readMetrics(workspaces, fromMs, toMs),
    telemetry,
    now,
    requestId: () => ulid(),
    randomBytes: (count) => randomBytes(count),
  };
  return {
    dependencies,
    afterwards: async () => {
      await Promise.all([afterwards(), access.settled()]);
    },
  };
};
