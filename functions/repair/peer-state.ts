/**
 * What a Region knows of its peer, as a pure state machine: `in-sync → down → catching-up → in-sync`. It is `in-sync` again
 * only when nothing is owed and a comparison that began after the trouble has found both Regions equal; unknown is never
 * `in-sync`. Every decision carries its reason.
 */
import { LIMITS } from '../domain/limits.ts';
import { unreachableCase } from '../domain/errors.ts';

export type PeerStateName = 'in-sync' | 'down' | 'catching-up';

export interface PeerState {
  readonly name: PeerStateName;
  /** When it was entered, in ms since 1970 by this Region's clock. */
  readonly since: number;
  readonly reason: string;
}

/** The newest comparison that both Regions' roots went into. */
export interface SeenComparison {
  readonly slot: number;
  /** When the older of its two proofs began, in ms since 1970. */
  readonly startedAt: number;
  readonly verdict: 'identical' | 'owed-only' | 'drift';
}

export interface PeerObservation {
  readonly now: number;
  readonly reachable: boolean;
  /** What this Region owes to the peer; undefined where that can't be read. */
  readonly owed: { readonly count: number; readonly oldestAgeMs?: number } | undefined;
  readonly comparison: SeenComparison | undefined;
}

/** Before anything is known: nobody has proven anything yet. */
export const firstPeerState = (now: number): PeerState => ({ name: 'catching-up', since: now, reason: 'not-proven' });

const enter = (name: PeerStateName, now: number, reason: string): PeerState => ({ name, since: now, reason });

const fromInSync = (state: PeerState, seen: PeerObservation): PeerState => {
  if (!seen.reachable) {
    return enter('down', seen.now, 'peer-unreachable');
  }
  if ((seen.owed?.oldestAgeMs ?? 0) > LIMITS.owedLagMs) {
    return enter('catching-up', seen.now, 'owed-for-long');
  }
  const { comparison } = seen;
  return comparison?.verdict === 'drift' && comparison.startedAt > state.since
    ? enter('catching-up', seen.now, 'drift-found')
    : state;
};

const fromCatchingUp = (state: PeerState, seen: PeerObservation): PeerState => {
  if (!seen.reachable) {
    return enter('down', seen.now, 'peer-unreachable');
  }
  const { comparison, owed } = seen;
  if (owed?.count !== 0 || comparison === undefined) {
    return state;
  }
  // An older comparison says nothing of what happened since.
  return comparison.verdict === 'identical' && comparison.startedAt > state.since
    ? enter('in-sync', seen.now, 'equal-roots')
    : state;
};

/** The state after one observation; the very same object where nothing changes. */
export const nextPeerState = (state: PeerState, seen: PeerObservation): PeerState => {
  switch (state.name) {
    case 'in-sync': {
      return fromInSync(state, seen);
    }
    case 'down': {
      return seen.reachable ? enter('catching-up', seen.now, 'peer-answers') : state;
    }
    case 'catching-up': {
      return fromCatchingUp(state, seen);
    }
    default: {
      return unreachableCase(state.name);
    }
  }
};
