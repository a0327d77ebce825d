/** Does what `comparison-step.ts` decided: at most one reading of everything that this Region holds, and one walk. */
import { unreachableCase } from '../domain/errors.ts';
import { done, type Result } from '../domain/failure.ts';
import {
  differingStores,
  keepVerdict,
  readSide,
  rootsOf,
  showReady,
  type ShownRoots,
  showRoots,
  type SideView,
  type SlotVerdict,
  watermarkOf,
} from './comparison-items.ts';
import { nextComparisonStep } from './comparison-step.ts';
import { removeNodes, showNodes } from './digest-nodes.ts';
import type { JudgedDifference, Standing } from './judge.ts';
import { type ComparedRegions, type Comparison, compareWithPeer } from './peer-compare.ts';
import { PROVEN_STORES, proveRegion, type ProvenStore, type RegionProof } from './prove.ts';

export interface ComparisonRun {
  readonly regions: ComparedRegions;
  readonly now: () => number;
  /** The peer's view, read before: it was the sign of life. */
  readonly peer: SideView;
  readonly isUrgent: boolean;
}

export type ComparisonOutcome =
  | { readonly kind: 'idle'; readonly reason: string }
  /** The peer's turn. */
  | { readonly kind: 'waiting'; readonly reason: string }
  /** `comparison`, with every key, where this Region has walked the nodes; `isOwn` where it came to the verdict itself. */
  | {
      readonly kind: 'settled';
      readonly verdict: SlotVerdict;
      readonly isOwn: boolean;
      readonly comparison?: Comparison;
    };

const count = (differences: readonly JudgedDifference[], standing: Standing): number =>
  differences.filter((one) => one.standing === standing).length;

const settle = async (
  { regions }: ComparisonRun,
  home: SideView,
  found: Omit<SlotVerdict, 'startedAt'>,
): Promise<Result<SlotVerdict>> => {
  const startedAt = home.roots?.slot === found.slot ? home.roots.at : 0;
  const verdict: SlotVerdict = { ...found, startedAt };
  const kept = await keepVerdict(regions.home, verdict);
  if (kept.kind === 'failed') {
    return kept;
  }
  const removed = await removeNodes(regions.home, found.slot + 1);
  return removed.kind === 'failed' ? removed : done(verdict);
};

const equalVerdict = ({ home, peer }: ComparedRegions, shown: ShownRoots): Omit<SlotVerdict, 'startedAt'> => ({
  slot: shown.slot,
  deep: shown.deep,
  verdict: 'identical',
  recheckedLeaves: 0,
  counts: { owed: 0, unacknowledged: 0, drift: 0 },
  roots: { [home.region]: shown.root, [peer.region]: shown.root },
  by: home.region,
});

const prove = async ({ regions }: ComparisonRun, slot: number, deep: boolean): Promise<Result<RegionProof>> =>
  proveRegion(regions.home, { deep, at: watermarkOf(slot), watermarkMs: watermarkOf(slot) });

const settled = (verdict: Result<SlotVerdict>, comparison?: Comparison): Result<ComparisonOutcome> =>
  verdict.kind === 'failed'
    ? verdict
    : done({
        kind: 'settled',
        verdict: verdict.value,
        isOwn: true,
        ...(comparison === undefined ? {} : { comparison }),
      });

const showAll = async (
  { regions }: ComparisonRun,
  proof: RegionProof,
  slot: number,
  stores: readonly ProvenStore[],
): Promise<Result<ComparisonOutcome>> => {
  const shown = await showNodes(regions.home, proof, slot, stores);
  if (shown.kind === 'failed') {
    return shown;
  }
  const ready = shown.value === 'kept' ? shown : await showReady(regions.home, slot);
  return ready.kind === 'failed' ? ready : done({ kind: 'waiting', reason: 'peer-compares' });
};

const walk = async (
  run: ComparisonRun,
  home: SideView,
  proof: RegionProof,
  shown: ShownRoots,
): Promise<Result<ComparisonOutcome>> => {
  const compared = await compareWithPeer(run.regions, { proof, shown, now: run.now });
  if (compared.kind === 'failed') {
    return compared;
  }
  const { differences, roots, ...found } = compared.value;
  const verdict = await settle(run, home, {
    ...found,
    by: run.regions.home.region,
    counts: {
      owed: count(differences, 'owed'),
      unacknowledged: count(differences, 'unacknowledged'),
      drift: count(differences, 'drift'),
    },
    roots: { [run.regions.home.region]: roots.home, [run.regions.peer.region]: roots.peer },
  });
  return settled(verdict, compared.value);
};

/** Proves a slot and shows its roots; with the peer's at hand, it goes on as far as it can. */
const openOrJoin = async (run: ComparisonRun, slot: number, deep: boolean): Promise<Result<ComparisonOutcome>> => {
  const at = run.now();
  const proof = await prove(run, slot, deep);
  if (proof.kind === 'failed') {
    return proof;
  }
  const roots = rootsOf(proof.value, { slot, deep, at });
  const shown = await showRoots(run.regions.home, roots);
  if (shown.kind === 'failed') {
    return shown;
  }
  const peer = run.peer.roots;
  if (shown.value === 'kept' || peer?.slot !== slot) {
    return done({ kind: 'waiting', reason: shown.value === 'kept' ? 'proven-twice' : 'peer-proves' });
  }
  const home: SideView = { roots, isReady: false, verdict: undefined };
  if (peer.root === roots.root) {
    return settled(await settle(run, home, equalVerdict(run.regions, peer)));
  }
  if (run.peer.isReady) {
    return walk(run, home, proof.value, peer);
  }
  return showAll(run, proof.value, slot, differingStores(roots, peer));
};

const proveAgain = async (
  run: ComparisonRun,
  home: SideView,
  step: { readonly kind: 'walk' | 'show-nodes'; readonly slot: number; readonly deep: boolean },
): Promise<Result<ComparisonOutcome>> => {
  const proof = await prove(run, step.slot, step.deep);
  if (proof.kind === 'failed') {
    return proof;
  }
  const peer = run.peer.roots;
  return step.kind === 'walk' && peer !== undefined
    ? walk(run, home, proof.value, peer)
    : showAll(run, proof.value, step.slot, PROVEN_STORES);
};

/** One step of the comparison of two Regions; each Region calls it at every run of its repair. */
export const runComparison = async (run: ComparisonRun): Promise<Result<ComparisonOutcome>> => {
  const side = await readSide(run.regions.home);
  if (side.kind === 'failed') {
    return side;
  }
  const home = side.value;
  const step = nextComparisonStep({ now: run.now(), home, peer: run.peer, isUrgent: run.isUrgent });
  switch (step.kind) {
    case 'open':
    case 'join': {
      return openOrJoin(run, step.slot, step.deep);
    }
    case 'conclude': {
      const shown = run.peer.roots;
      return shown === undefined
        ? done({ kind: 'idle', reason: 'no-peer-roots' })
        : settled(await settle(run, home, equalVerdict(run.regions, shown)));
    }
    case 'walk':
    case 'show-nodes': {
      return proveAgain(run, home, step);
    }
    case 'adopt': {
      const verdict = await settle(run, home, step.verdict);
      return verdict.kind === 'failed' ? verdict : done({ kind: 'settled', verdict: verdict.value, isOwn: false });
    }
    case 'wait': {
      return done({ kind: 'waiting', reason: step.reason });
    }
    case 'none': {
      return done({ kind: 'idle', reason: step.reason });
    }
    default: {
      return unreachableCase(step);
    }
  }
};
