/**
 * How two Regions come to compare without waiting for each other and without a leader. A proof is named by a slot of time. One
 * Region opens a slot and shows its roots; the other one sees that at its next run, proves the same slot and shows its own.
 * Equal roots end it there, at the cost of one item each. Otherwise the second shows its nodes, and the first walks them at
 * its next run. Either takes over the verdict of the other. This file decides what to do; `run-comparison.ts` does it.
 */
import { LIMITS } from '../domain/limits.ts';
import { type ShownRoots, type SideView, slotOf, type SlotVerdict } from './comparison-items.ts';

export type ComparisonStep =
  /** Prove this slot and show the roots: the peer joins at its next run. */
  | { readonly kind: 'open'; readonly slot: number; readonly deep: boolean; readonly reason: string }
  /** Prove the slot that the peer has opened. */
  | { readonly kind: 'join'; readonly slot: number; readonly deep: boolean }
  /** Both roots are shown and equal. */
  | { readonly kind: 'conclude'; readonly slot: number }
  /** They differ, and the peer shows its nodes: prove again, walk them and name the keys. */
  | { readonly kind: 'walk'; readonly slot: number; readonly deep: boolean }
  /** They differ, and nobody shows nodes, for instance after a crash. */
  | { readonly kind: 'show-nodes'; readonly slot: number; readonly deep: boolean }
  /** The peer has compared. */
  | { readonly kind: 'adopt'; readonly verdict: SlotVerdict }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string };

export interface ComparisonView {
  readonly now: number;
  readonly home: SideView;
  readonly peer: SideView;
  /** A person, or a state that is not `in-sync`, wants one in every slot. */
  readonly isUrgent: boolean;
}

const isFresh = (slot: number, now: number): boolean =>
  (slotOf(now) - slot) * LIMITS.proofSlotMs <= LIMITS.proofAnswerMs;

const intervalOf = (slot: number, intervalMs: number): number => Math.floor((slot * LIMITS.proofSlotMs) / intervalMs);

const openStep = (view: ComparisonView): ComparisonStep => {
  const slot = slotOf(view.now);
  const last = view.home.verdict?.slot;
  const open = (reason: string): ComparisonStep => {
    const deepEvery = LIMITS.deepComparisonIntervalMs;
    return {
      kind: 'open',
      slot,
      deep: last === undefined || intervalOf(last, deepEvery) < intervalOf(slot, deepEvery),
      reason,
    };
  };
  if (view.home.roots !== undefined && view.home.roots.slot >= slot) {
    return { kind: 'none', reason: 'slot-done' };
  }
  if (last === undefined) {
    return open('never-compared');
  }
  if (view.isUrgent) {
    return open('not-in-sync');
  }
  return intervalOf(last, LIMITS.comparisonIntervalMs) < intervalOf(slot, LIMITS.comparisonIntervalMs)
    ? open('hourly')
    : { kind: 'none', reason: 'compared' };
};

/** Both Regions have proven the same slot, and this one has no verdict of it yet. */
const settleStep = (home: SideView, peer: SideView, shown: ShownRoots): ComparisonStep => {
  const { slot, deep } = shown;
  if (peer.verdict?.slot === slot) {
    return { kind: 'adopt', verdict: peer.verdict };
  }
  if (home.roots?.root === shown.root) {
    return { kind: 'conclude', slot };
  }
  if (peer.isReady) {
    return { kind: 'walk', slot, deep };
  }
  return home.isReady ? { kind: 'wait', reason: 'peer-compares' } : { kind: 'show-nodes', slot, deep };
};

/** What this run does for the comparison: at most one reading of everything that the Region holds. */
export const nextComparisonStep = (view: ComparisonView): ComparisonStep => {
  const { home, peer, now } = view;
  const mine = home.roots?.slot ?? -1;
  const theirs = peer.roots?.slot ?? -1;
  const isOpen = mine > (home.verdict?.slot ?? -1) && isFresh(mine, now);
  if (peer.roots !== undefined && theirs > mine && isFresh(theirs, now)) {
    return { kind: 'join', slot: theirs, deep: peer.roots.deep };
  }
  if (isOpen && peer.roots !== undefined && theirs === mine) {
    return settleStep(home, peer, peer.roots);
  }
  return isOpen ? { kind: 'wait', reason: 'peer-proves' } : openStep(view);
};
