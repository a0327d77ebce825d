/**
 * Full or incremental? A full cycle lists the origin and compares it with the records of both Regions; it is what makes any
 * leftover of a run that died harmless. Pure: states in, decision with its reason out.
 */
import type { SourcePayload } from '../domain/corpus.ts';
import { isMutant } from '../domain/mutants.ts';
import { fenceOfVersion, parseFence } from '../domain/version.ts';
import type { SourceState } from '../stores/record-store.ts';

export type CycleMode =
  | { readonly kind: 'incremental'; readonly committed: SourcePayload }
  | { readonly kind: 'full'; readonly reason: FullReason };

/** How a cycle that committed went about it. */
export type ModeName = 'unchanged' | 'incremental' | FullReason;

export type FullReason =
  | 'never-committed'
  /** The Regions show different commits: one of them missed the last one. */
  | 'commits-differ'
  /** A run claimed the source after the last commit and did not finish: what it wrote is unknown. */
  | 'unfinished-run'
  /** Settling found something: a run wrote what no acknowledged cycle has judged. */
  | 'owed-records'
  | 'new-epoch-or-region'
  | 'index-changed'
  /** Another derivation, or another version of one: what it made is made anew, and documents stay as they are. */
  | 'derivation-changed'
  /** It was told to read something else: its cursor says nothing of that. */
  | 'definition-changed'
  | 'daily'
  | 'cursor-lost'
  /** A pull told of more deletions than go without a person's word, or could not end: the whole listing decides. */
  | 'many-deletions'
  /** A person has approved the deletions that were held. */
  | 'prune-approved';

export interface ModeInput {
  /** As read before this run's own claim. */
  readonly home: SourceState;
  /** Absent where home alone is judged. */
  readonly peer?: SourceState;
  /** The home record's payload, where there is one that can be read. */
  readonly committed: SourcePayload | undefined;
  /** Something of the source was owed when this run settled it. */
  readonly owedFound: boolean;
  /** The plan that a person has approved last; absent where nothing is held. */
  readonly approvedPlan?: string;
  readonly epoch: number;
  readonly region: string;
  /** Names embedder and splitter: another one makes other vectors. */
  readonly index: string;
  /** Names the derivations; absent where there are none. */
  readonly derived?: string;
  /** Names what it is told to read. */
  readonly definition?: string;
  readonly now: number;
  readonly fullCycleIntervalMs: number;
}

/** No run has claimed it since it was committed. */
export const isSettled = (state: SourceState): boolean =>
  state.record !== undefined && state.f === fenceOfVersion(state.record.v);

/** What the Regions hold can't be trusted as it is. */
const distrust = ({ home, peer, owedFound, epoch, region }: ModeInput): FullReason | undefined => {
  if (peer !== undefined && (peer.record?.v !== home.record?.v || peer.record?.h !== home.record?.h)) {
    return 'commits-differ';
  }
  if (!isSettled(home) || (peer !== undefined && !isSettled(peer))) {
    return 'unfinished-run';
  }
  if (owedFound) {
    return 'owed-records';
  }
  const fence = parseFence(home.f ?? '');
  return (fence?.epoch !== epoch || fence.region !== region) && !isMutant('no-full-cycle')
    ? 'new-epoch-or-region'
    : undefined;
};

/** The last commit was made of something else. */
const change = (input: ModeInput, committed: SourcePayload): FullReason | undefined => {
  if (committed.index !== input.index) {
    return 'index-changed';
  }
  if (committed.derived !== input.derived) {
    return 'derivation-changed';
  }
  return committed.definition !== undefined && committed.definition !== input.definition
    ? 'definition-changed'
    : undefined;
};

const fullReason = (input: ModeInput): FullReason | undefined => {
  const { home, committed } = input;
  if (home.record === undefined || committed === undefined) {
    return 'never-committed';
  }
  const reason = distrust(input) ?? change(input, committed);
  if (reason !== undefined) {
    return reason;
  }
  if (committed.held !== undefined && committed.held.plan === input.approvedPlan) {
    return 'prune-approved';
  }
  return input.now - committed.lastFullAt >= input.fullCycleIntervalMs ? 'daily' : undefined;
};

export const decideMode = (input: ModeInput): CycleMode => {
  const reason = fullReason(input);
  return reason === undefined && input.committed !== undefined
    ? { kind: 'incremental', committed: input.committed }
    : { kind: 'full', reason: reason ?? 'never-committed' };
};
