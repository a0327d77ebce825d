/** Two Regions agree on what to prove without waiting for each other: from any view there is one next step, and it ends. */
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import {
  type ShownRoots,
  type SideView,
  slotOf,
  type SlotVerdict,
} from '../../../functions/repair/comparison-items.ts';
import { nextComparisonStep } from '../../../functions/repair/comparison-step.ts';

const NOW = 1_900_000_200_000;
const SLOT = slotOf(NOW);
const SLOTS_AN_HOUR = LIMITS.comparisonIntervalMs / LIMITS.proofSlotMs;
const SLOTS_A_DAY = LIMITS.deepComparisonIntervalMs / LIMITS.proofSlotMs;

const roots = (slot: number, root = 'same', deep = false): ShownRoots => {
  const store = { root, children: [] };
  return { slot, deep, at: NOW, root, stores: { workspaces: store, audit: store, graph: store, vectors: store } };
};

const verdict = (slot: number): SlotVerdict => ({
  slot,
  deep: false,
  verdict: 'identical',
  recheckedLeaves: 0,
  counts: { owed: 0, unacknowledged: 0, drift: 0 },
  roots: {},
  by: 'us-east-2',
  startedAt: NOW,
});

const side = (more: Partial<SideView> = {}): SideView => ({
  roots: undefined,
  isReady: false,
  verdict: undefined,
  ...more,
});

const step = (home: Partial<SideView>, peer: Partial<SideView>, isUrgent = false): unknown =>
  nextComparisonStep({ now: NOW, home: side(home), peer: side(peer), isUrgent });

describe('nextComparisonStep', () => {
  it.each([
    ['opens a deep proof where there never was one', {}, {}, { kind: 'open', slot: SLOT, deep: true }],
    [
      'joins the slot that the peer has opened, as deep as that',
      {},
      { roots: roots(SLOT, 'same', true) },
      { kind: 'join', slot: SLOT, deep: true },
    ],
    [
      'joins a slot that the peer has opened a little earlier',
      { verdict: verdict(SLOT - 5), roots: roots(SLOT - 5) },
      { roots: roots(SLOT - 1) },
      { kind: 'join', slot: SLOT - 1 },
    ],
    ['waits for the peer to join', { roots: roots(SLOT) }, {}, { kind: 'wait', reason: 'peer-proves' }],
    ['concludes on equal roots', { roots: roots(SLOT) }, { roots: roots(SLOT) }, { kind: 'conclude', slot: SLOT }],
    [
      'walks the nodes that the peer shows',
      { roots: roots(SLOT, 'other') },
      { roots: roots(SLOT), isReady: true },
      { kind: 'walk', slot: SLOT },
    ],
    [
      'waits for the peer to walk its own nodes',
      { roots: roots(SLOT, 'other'), isReady: true },
      { roots: roots(SLOT) },
      { kind: 'wait', reason: 'peer-compares' },
    ],
    [
      'shows its nodes where nobody does',
      { roots: roots(SLOT, 'other') },
      { roots: roots(SLOT) },
      { kind: 'show-nodes', slot: SLOT },
    ],
    [
      'takes over the verdict of the peer',
      { roots: roots(SLOT, 'other'), isReady: true },
      { roots: roots(SLOT), verdict: verdict(SLOT) },
      { kind: 'adopt', verdict: { slot: SLOT } },
    ],
    [
      'gives up a slot that nobody has answered',
      { roots: roots(SLOT - 10) },
      { roots: roots(SLOT - 20) },
      { kind: 'open', slot: SLOT },
    ],
    [
      'does not join a slot that is long over',
      { roots: roots(SLOT - 30), verdict: verdict(SLOT - 30) },
      { roots: roots(SLOT - 10) },
      { kind: 'open', slot: SLOT, reason: 'hourly' },
    ],
    [
      'rests where it has compared within the hour',
      { roots: roots(SLOT - 1), verdict: verdict(SLOT - 1) },
      { roots: roots(SLOT - 1) },
      { kind: 'none', reason: 'compared' },
    ],
    [
      'compares deeply once a day',
      { roots: roots(SLOT - SLOTS_A_DAY), verdict: verdict(SLOT - SLOTS_A_DAY) },
      { roots: roots(SLOT - SLOTS_A_DAY) },
      { kind: 'open', slot: SLOT, deep: true },
    ],
    [
      'compares once an hour otherwise',
      { roots: roots(SLOT - SLOTS_AN_HOUR), verdict: verdict(SLOT - SLOTS_AN_HOUR) },
      { roots: roots(SLOT - SLOTS_AN_HOUR) },
      { kind: 'open', slot: SLOT, deep: false, reason: 'hourly' },
    ],
  ])('%s', (_what, home, peer, expected) => {
    expect(step(home, peer)).toMatchObject(expected);
  });

  it('opens every slot while it is not in sync, but none twice', () => {
    const done = { roots: roots(SLOT - 1), verdict: verdict(SLOT - 1) };
    expect(step(done, { roots: roots(SLOT - 1) }, true)).toMatchObject({ kind: 'open', reason: 'not-in-sync' });
    const current = { roots: roots(SLOT), verdict: verdict(SLOT) };
    expect(step(current, { roots: roots(SLOT) }, true)).toEqual({ kind: 'none', reason: 'slot-done' });
  });
});
