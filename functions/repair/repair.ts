/**
 * What each Region does every few minutes, whatever the gate says, so that the two stay equal: it looks at its peer, drains,
 * compares, repairs, collects old tombstones, and decides whether the peer is in sync. Everything may run twice, or at once.
 */
import { AuditWriter } from '../audit/audit-writer.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import { failed, type Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RegionPair } from '../dual-write/regions.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { catchUpStep, type CatchUpStep } from './catch-up.ts';
import { type CollectReport, collectTombstones } from './collect-tombstones.ts';
import type { PaceTime } from './paced-vectors.ts';
import type { ComparedRegions } from './peer-compare.ts';
import { firstPeerState, nextPeerState, type PeerState } from './peer-state.ts';
import { keepPeerState, readPeerState } from './repair-items.ts';
import { reportCollection, type Reporting, reportState } from './repair-report.ts';

export interface RepairDependencies extends PaceTime {
  readonly regions: RegionPair;
  readonly telemetry: Telemetry;
  readonly audit: AuditLog;
  /** No batch begins after this. */
  readonly deadlineMs: number;
}

export type RepairOutcome =
  | { readonly kind: 'ran'; readonly state: PeerState; readonly step: CatchUpStep; readonly collection?: CollectReport }
  /** A single-Region install: there is nothing to be equal to. */
  | { readonly kind: 'alone'; readonly collection?: CollectReport }
  /** The home Region's own store does not answer. */
  | { readonly kind: 'failed'; readonly failure: Failure };

const collect = async ({
  regions,
  now,
  deadlineMs,
  telemetry,
}: RepairDependencies): Promise<CollectReport | undefined> => {
  const collected = await collectTombstones({ regions, now, deadlineMs });
  if (collected.kind === 'failed') {
    telemetry.log('warn', 'tombstones.not-collected', { reason: collected.failure.reason });
    return undefined;
  }
  reportCollection(telemetry, regions.home.region, collected.value);
  return collected.value;
};

const runWithPeer = async (dependencies: RepairDependencies, regions: ComparedRegions): Promise<RepairOutcome> => {
  const { now, sleep, telemetry, audit, deadlineMs } = dependencies;
  const { home, peer } = regions;
  const writer = new AuditWriter({ log: audit, telemetry, now, region: home.region, actor: 'function:repair' });
  const reporting: Reporting = { telemetry, audit: writer, home: home.region, peer: peer.region };
  const kept = await readPeerState(home, peer.region);
  if (kept.kind === 'failed') {
    return kept;
  }
  const before = kept.value?.value ?? firstPeerState(now());
  const step = await catchUpStep({ regions, reporting, now, sleep, deadlineMs, state: before });
  const state = nextPeerState(before, {
    now: now(),
    reachable: step.reachable,
    owed: step.owed,
    comparison: step.verdict,
  });
  if (kept.value === undefined || state !== before) {
    const written = await keepPeerState(home, peer.region, state, kept.value);
    if (written.kind === 'failed') {
      return failed(written.failure);
    }
    if (written.value === 'kept') {
      // Another run was faster; the next one decides from what that has kept.
      return { kind: 'ran', state: before, step };
    }
  }
  await reportState(reporting, before, state);
  const collection = step.reachable ? await collect(dependencies) : undefined;
  return { kind: 'ran', state, step, ...(collection === undefined ? {} : { collection }) };
};

/** One run. */
export const runRepair = async (dependencies: RepairDependencies): Promise<RepairOutcome> => {
  const { home, peer } = dependencies.regions;
  if (peer !== undefined) {
    return runWithPeer(dependencies, { home, peer });
  }
  const collection = await collect(dependencies);
  return { kind: 'alone', ...(collection === undefined ? {} : { collection }) };
};

/** When a run that may take so long has to begin its last batch. */
export const repairDeadline = (nowMs: number, remainingMs: number): number =>
  nowMs + Math.max(0, remainingMs - LIMITS.repairMarginMs);
