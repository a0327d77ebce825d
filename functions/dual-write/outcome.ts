/**
 * What became of one write in the Regions that the stack declares (DESIGN §4). `both` means every declared Region holds it;
 * it is the only case that may be called acknowledged. A Region's failure is a value with its reason.
 */
import { unreachableCase } from '../domain/errors.ts';
import type { Failure } from '../domain/failure.ts';
import type { Side } from '../domain/region.ts';

export type SideOutcome = { readonly kind: 'held' } | { readonly kind: 'failed'; readonly failure: Failure };

export type WriteOutcome =
  | { readonly kind: 'both' }
  | { readonly kind: 'homeOnly'; readonly peer: Failure }
  | { readonly kind: 'peerOnly'; readonly home: Failure }
  | { readonly kind: 'neither'; readonly home: Failure; readonly peer: Failure };

export const HELD: SideOutcome = { kind: 'held' };

/** Joins the two sides. Without a peer, the home outcome is the whole truth. */
export const joinSides = (home: SideOutcome, peer: SideOutcome | undefined): WriteOutcome => {
  if (home.kind === 'held') {
    return peer === undefined || peer.kind === 'held' ? { kind: 'both' } : { kind: 'homeOnly', peer: peer.failure };
  }
  return peer?.kind === 'failed'
    ? { kind: 'neither', home: home.failure, peer: peer.failure }
    : { kind: 'peerOnly', home: home.failure };
};

export interface SideFailure {
  readonly side: Side;
  readonly failure: Failure;
}

/** The side that a report names first: the peer where both failed, because it was tried first. */
export const failureOf = (outcome: WriteOutcome): SideFailure | undefined => {
  switch (outcome.kind) {
    case 'both': {
      return undefined;
    }
    case 'homeOnly':
    case 'neither': {
      return { side: 'peer', failure: outcome.peer };
    }
    case 'peerOnly': {
      return { side: 'home', failure: outcome.home };
    }
    default: {
      return unreachableCase(outcome);
    }
  }
};
