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
  /** In a declared outage of the peer: home holds it and durably marked it for the peer. Never acknowledged. */
  | { readonly kind: 'owed' }
  | { readonly kind: 'homeOnly'; readonly peer: Failure }
  | { readonly kind: 'peerOnly'; readonly home: Failure }
  /** No declared Region took it. Without a peer's failure where there is no peer, or where it was not asked. */
  | { readonly kind: 'neither'; readonly home: Failure; readonly peer?: Failure };

export const HELD: SideOutcome = { kind: 'held' };

/** Joins the two sides. Without a peer, the home outcome is the whole truth. */
export const joinSides = (home: SideOutcome, peer: SideOutcome | undefined): WriteOutcome => {
  if (home.kind === 'held') {
    return peer === undefined || peer.kind === 'held' ? { kind: 'both' } : { kind: 'homeOnly', peer: peer.failure };
  }
  switch (peer?.kind) {
    case undefined: {
      return { kind: 'neither', home: home.failure };
    }
    case 'held': {
      return { kind: 'peerOnly', home: home.failure };
    }
    case 'failed': {
      return { kind: 'neither', home: home.failure, peer: peer.failure };
    }
  }
};

export interface SideFailure {
  readonly side: Side;
  readonly failure: Failure;
}

/** The side that a report names first: the peer where both failed, because it was tried first. */
export const failureOf = (outcome: WriteOutcome): SideFailure | undefined => {
  switch (outcome.kind) {
    case 'both':
    case 'owed': {
      return undefined;
    }
    case 'homeOnly': {
      return { side: 'peer', failure: outcome.peer };
    }
    case 'neither': {
      return outcome.peer === undefined
        ? { side: 'home', failure: outcome.home }
        : { side: 'peer', failure: outcome.peer };
    }
    case 'peerOnly': {
      return { side: 'home', failure: outcome.home };
    }
    default: {
      return unreachableCase(outcome);
    }
  }
};
