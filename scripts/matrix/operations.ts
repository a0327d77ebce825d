/**
 * The three operations of the matrix: production code with the real SDK clients, opened anew for each cell, so that none
 * holds a connection or an address from before its fault.
 */
import { ulid } from 'ulid';

import type { Connector, PullEvent } from '../../functions/connectors/connector.ts';
import { unreachableCase } from '../../functions/domain/errors.ts';
import { done } from '../../functions/domain/failure.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import { gitDefinition } from '../../functions/domain/source-definition.ts';
import { DualWriter } from '../../functions/dual-write/dual-writer.ts';
import { InteractiveWriter } from '../../functions/dual-write/interactive-writer.ts';
import type { Embedder } from '../../functions/embed/embedder.ts';
import { AppConfigGateSource } from '../../functions/gate/appconfig-source.ts';
import { readGate } from '../../functions/gate/gate.ts';
import { openInteractivePair, openRegion, openRegionPair } from '../../functions/handlers/open-region.ts';
import type { CycleOutcome } from '../../functions/ingest/cycle-types.ts';
import { runSyncCycle } from '../../functions/ingest/sync-cycle.ts';
import { search } from '../../functions/query/search.ts';
import type { Telemetry } from '../../functions/telemetry/telemetry.ts';
import { MATRIX_DIMENSIONS } from './region-server.ts';
import type { MatrixStage } from './stage.ts';

const SOURCE = gitDefinition({ id: 'matrix', name: 'matrix', url: 'https://git.example/matrix' });
const SYNC_TIMEOUT_MS = 120_000;
const WORDS = 'how the matrix fails over';

const now = (): number => Date.now();

const SILENT: Telemetry = {
  log: () => undefined,
  write: () => undefined,
  count: () => undefined,
  flush: () => undefined,
};

const EMBEDDER: Embedder = {
  model: 'matrix',
  dimensions: MATRIX_DIMENSIONS,
  embed: async (texts) => done(texts.map((text) => Float32Array.of(1, text.length % 7, 1, 1))),
};

/** An origin with one document that is new in every run, so that every run writes records and vectors. */
const freshOrigin = (): Connector => {
  const snapshot = ulid();
  const entry = { id: 'guide.md', rev: snapshot };
  return {
    kind: 'git',
    status: async () => ({ snapshot }),
    snapshotOf: (cursor) => String(cursor['snapshot']),
    async *pull(context): AsyncIterable<PullEvent> {
      const needed = await context.select([entry]);
      if (needed.has(entry.id)) {
        yield { op: 'upsert', document: { ...entry, path: entry.id, text: `# ${WORDS}\n\nrun ${snapshot}\n` } };
      }
      yield { op: 'checkpoint', cursor: { snapshot }, complete: true };
    },
    async *enumerate() {
      yield entry;
    },
    check: async () => [],
    close: async () => undefined,
  };
};

const describeCycle = (outcome: CycleOutcome): string => {
  switch (outcome.kind) {
    case 'acknowledged':
    case 'deferred':
    case 'handed-over': {
      return outcome.kind;
    }
    case 'fenced':
    case 'not-acknowledged': {
      return `not acknowledged: ${outcome.side} ${outcome.failure.reason}`;
    }
    case 'source-failed': {
      return `source failed: ${outcome.message}`;
    }
    default: {
      return unreachableCase(outcome);
    }
  }
};

export const runSync = async ({ environment, regions }: MatrixStage): Promise<string> => {
  const pair = openRegionPair(environment);
  const { region, dnsServers } = environment.home;
  const bounds = {
    connectTimeoutMs: LIMITS.homeConnectTimeoutMs,
    callTimeoutMs: LIMITS.gateCallTimeoutMs,
    attemptsMax: LIMITS.readAttemptsMax,
  };
  const target = { region, endpoint: regions.home.endpoints.appconfig, dnsServers, bounds };
  const source = new AppConfigGateSource(target, regions.home.gate);
  const decision = await readGate({ source, records: pair.home.tables.workspaces, telemetry: SILENT, region });
  if (decision.state !== 'active' || decision.inForce === undefined) {
    return 'passive';
  }
  const outcome = await runSyncCycle({
    source: SOURCE,
    connector: freshOrigin(),
    writer: new DualWriter({ regions: pair, telemetry: SILENT, now }),
    embedder: EMBEDDER,
    queue: { send: async () => done(undefined) },
    telemetry: SILENT,
    epoch: decision.inForce.epoch,
    peerWrites: decision.inForce.peer_writes,
    now,
    remainingMs: () => SYNC_TIMEOUT_MS,
    newOp: ulid,
    signal: AbortSignal.timeout(SYNC_TIMEOUT_MS),
  });
  return describeCycle(outcome);
};

export interface OpenWriter {
  readonly write: () => Promise<string>;
  /** Connects to home alone: what is measured then is not its handshake. */
  readonly warmHome: () => Promise<void>;
}

export const openWriter = (environment: MatrixStage['environment']): OpenWriter => {
  const pair = openInteractivePair(environment, { now, onBreakerClosed: () => undefined });
  const writer = new InteractiveWriter({ regions: pair, telemetry: SILENT, now, newOp: ulid });
  return {
    warmHome: async () => {
      await pair.home.tables.workspaces.get({ pk: 'matrix', sk: 'warm' });
    },
    write: async () => {
      const key = { pk: 'matrix', sk: ulid() };
      const outcome = await writer.write({ table: 'workspaces', key, content: { kind: 'payload', payload: { x: 1 } } });
      return outcome.kind === 'held' ? outcome.replication : outcome.kind;
    },
  };
};

export const runSearch = async ({ environment }: MatrixStage): Promise<string> => {
  const home = openRegion(environment.home);
  const outcome = await search({
    home: { region: home.region, records: home.tables.graph, vectors: home.vectors },
    embedder: EMBEDDER,
    telemetry: SILENT,
    query: WORDS,
    limit: LIMITS.searchResultsDefault,
    isAllowed: () => true,
    signal: AbortSignal.timeout(SYNC_TIMEOUT_MS),
  });
  if (outcome.kind === 'failed') {
    return `failed: ${outcome.failure.reason}`;
  }
  return outcome.degraded.length === 0 ? 'found' : `found without ${outcome.degraded.join(', ')}`;
};
