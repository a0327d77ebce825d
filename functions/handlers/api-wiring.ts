/** What the API runs with: the home Region's stores to read, both Regions to write, keys, the audit log, the gate. */
import { randomBytes } from 'node:crypto';

import { ulid } from 'ulid';

import { KeyAuthenticator } from '../access/key-authenticator.ts';
import { createAuditLog } from '../audit/audit-log.ts';
import { readNewestEvents } from '../audit/read-events.ts';
import { seenEpochOrZero } from '../audit/seen-epoch.ts';
import type { TableName } from '../domain/record.ts';
import type { Embedder } from '../embed/embedder.ts';
import { isUnknown } from '../gate/decide.ts';
import type { ShownGate } from '../gate/shown-gate.ts';
import type { GateReading } from '../query/home-view.ts';
import type { ApiDependencies } from '../query/route.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { wireInteractive } from './interactive-wiring.ts';
import { readReplicationOf } from './replication-reading.ts';
import { now, shownGateOf } from './wire.ts';

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

/** People's own writes, at once: everything else has its minute. */
const INTERACTIVE_TABLES: readonly TableName[] = ['workspaces', 'audit'];

/** Opened once per execution environment: clients keep their sockets between requests. */
export const wireApi = (telemetry: Telemetry, embedder: Embedder): WiredApi => {
  const { stores, regions, writes, afterwards } = wireInteractive(telemetry, INTERACTIVE_TABLES);
  const { home, peer } = regions;
  const { workspaces, audit, graph } = home.tables;
  const gate = shownGateOf(home, telemetry);
  const dependencies: ApiDependencies = {
    region: home.region,
    role: stores.role,
    ...(peer === undefined ? {} : { peerRegion: peer.region }),
    records: graph,
    workspaces,
    vectors: home.vectors,
    embedder,
    authenticator: new KeyAuthenticator({ records: workspaces, now }),
    writes,
    audit: createAuditLog({
      writes,
      region: home.region,
      epoch: async () => seenEpochOrZero(workspaces),
      newOp: ulid,
    }),
    readAudit: async (eventsMax) => readNewestEvents(audit, now(), eventsMax),
    readGate: async () => readGateOf(gate),
    readReplication: async () => readReplicationOf(regions, now()),
    telemetry,
    now,
    requestId: () => ulid(),
    randomBytes: (count) => randomBytes(count),
  };
  return { dependencies, afterwards };
};
