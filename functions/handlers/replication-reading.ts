/** How this Region's copy stands towards its peer, from what its repair keeps and what it owes: read, never asserted. */
import type { RegionPair } from '../dual-write/regions.ts';
import { type ReplicationReading, unknownReplication } from '../query/replication.ts';
import { readOwedDebt } from '../repair/owed-debt.ts';
import { readPeerState } from '../repair/repair-items.ts';

export const readReplicationOf = async ({ home, peer }: RegionPair, nowMs: number): Promise<ReplicationReading> => {
  if (peer === undefined) {
    return { state: 'in-sync', owed: { count: 0, oldestAgeMs: null }, reason: 'one Region is all there is' };
  }
  const [state, debt] = await Promise.all([readPeerState(home, peer.region), readOwedDebt(home, peer.region, nowMs)]);
  if (state.kind === 'failed') {
    return unknownReplication(`the state of ${peer.region} can't be read (${state.failure.code})`);
  }
  const owed = debt.kind === 'failed' ? null : { count: debt.value.count, oldestAgeMs: debt.value.oldestAgeMs ?? null };
  // Nobody has compared the two since the install: that is no catching up, and no sign of trouble.
  if (state.value === undefined || state.value.value.reason === 'not-proven') {
    return { ...unknownReplication('the two Regions have not been compared yet'), owed };
  }
  const { name, reason, since } = state.value.value;
  return { state: name, owed, reason, since };
};
