/** How a run of the repair tells what it did: one log line for each decision, metrics, and audit events in both Regions. */
import type { AuditWriter } from '../audit/audit-writer.ts';
import type { RegionName } from '../domain/region.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { CollectReport } from './collect-tombstones.ts';
import type { SlotVerdict } from './comparison-items.ts';
import type { JudgedDifference } from './judge.ts';
import type { OwedDebt } from './owed-debt.ts';
import type { PeerState } from './peer-state.ts';
import type { RepairReport } from './repair-differences.ts';

export interface Reporting {
  readonly telemetry: Telemetry;
  readonly audit: AuditWriter;
  readonly home: RegionName;
  readonly peer: RegionName;
}

/** Keys in the log of one comparison; the counts tell the rest. */
const KEYS_LOGGED_MAX = 100;

/** The RPO of this moment: what this Region owes, and since when. */
export const reportDebt = ({ telemetry, home, peer }: Reporting, debt: OwedDebt): void => {
  telemetry.count('OwedRecords', { Region: home, Peer: peer }, debt.count);
  telemetry.count('OwedOldestAgeSeconds', { Region: home, Peer: peer }, Math.round((debt.oldestAgeMs ?? 0) / 1000));
};

export const reportState = async (to: Reporting, before: PeerState, after: PeerState): Promise<void> => {
  to.telemetry.count('PeerInSync', { Region: to.home, Peer: to.peer }, after.name === 'in-sync' ? 1 : 0);
  if (before.name === after.name) {
    return;
  }
  to.telemetry.log(after.name === 'in-sync' ? 'info' : 'warn', 'peer.state-changed', {
    peer: to.peer,
    before: before.name,
    state: after.name,
    reason: after.reason,
  });
  await to.audit.peerStateChanged({ peer: to.peer, from: before.name, to: after.name, why: after.reason });
};

/** One event for one comparison, by the Region that came to the verdict; it goes to both audit logs. */
export const reportVerdict = async (
  to: Reporting,
  verdict: SlotVerdict,
  differences: readonly JudgedDifference[],
): Promise<void> => {
  const { counts, roots, deep, recheckedLeaves, slot } = verdict;
  const level = verdict.verdict === 'drift' ? 'error' : 'info';
  const fields = { verdict: verdict.verdict, slot, deep, recheckedLeaves, ...counts };
  to.telemetry.log(level, 'proof.compared', { peer: to.peer, ...fields });
  to.telemetry.count('Drift', { Region: to.home, Peer: to.peer }, counts.drift);
  for (const { store, key, kind, standing } of differences.slice(0, KEYS_LOGGED_MAX)) {
    to.telemetry.log(standing === 'drift' ? 'error' : 'info', 'proof.difference', {
      store,
      key: key.join(' / '),
      kind,
      standing,
    });
  }
  await to.audit.proofCompared({
    verdict: verdict.verdict === 'identical' ? 'equal' : 'different',
    roots,
    owed: counts.owed,
    drift: counts.drift,
  });
};

export const reportRepair = async (to: Reporting, report: RepairReport): Promise<void> => {
  const { kind, sent, mended, waiting, unmendable, failure } = report;
  const fields = { outcome: kind, sent, mended, waiting, unmendable: unmendable.length };
  to.telemetry.log(failure === undefined && unmendable.length === 0 ? 'info' : 'error', 'repair.finished', {
    peer: to.peer,
    ...fields,
    ...(failure === undefined ? {} : { failed: failure.region, reason: failure.failure.reason }),
  });
  for (const key of unmendable.slice(0, KEYS_LOGGED_MAX)) {
    to.telemetry.log('error', 'repair.unmendable', { key });
  }
  await to.audit.repairFinished({
    peer: to.peer,
    outcome: kind === 'repaired' && unmendable.length === 0 ? 'done' : 'failed',
    repaired: sent + mended,
    left: waiting + unmendable.length,
  });
};

export const reportCollection = (telemetry: Telemetry, home: string, report: CollectReport): void => {
  if (report.kind === 'not-due') {
    return;
  }
  const { kind, collected, kept, failure } = report;
  telemetry.log(failure === undefined ? 'info' : 'warn', 'tombstones.collected', {
    outcome: kind,
    collected,
    ...Object.fromEntries(Object.entries(kept).map(([reason, count]) => [`kept:${reason}`, count])),
    ...(failure === undefined ? {} : { failed: failure.region, reason: failure.failure.reason }),
  });
  telemetry.count('TombstonesCollected', { Region: home }, collected);
};
