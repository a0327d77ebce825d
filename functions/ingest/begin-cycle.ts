/**
 * The start of a cycle: read the source in every declared Region, claim it under a new fence (peer first), settle what the
 * source owes, and decide whether to compare everything or to follow the cursor. In a declared outage of the peer home alone
 * is read and settles nothing, but the peer is still asked: whoever is refused there stops.
 */
import { parseSourcePayload, type SourcePayload, sourceKey } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import { encodeFence, fenceOfVersion, parseFence } from '../domain/version.ts';
import { failureOf } from '../dual-write/outcome.ts';
import type { DebtScope } from '../repair/source-debts.ts';
import type { SourceState } from '../stores/record-store.ts';
import { type CycleMode, decideMode, isSettled } from './cycle-mode.ts';
import { type Checkpoint, type CycleDependencies, type CycleStop, stopAt } from './cycle-types.ts';
import { derivedName } from './derive/derivation.ts';
import { definitionName } from './definition-name.ts';
import { judgeByAll } from './held.ts';
import { indexName } from './index-name.ts';
import { type Listing, listSource } from './listing.ts';
import { makingName } from './making-name.ts';
import { debtScope, settleDebts } from './settle.ts';

export interface BegunCycle {
  readonly kind: 'begun';
  readonly fence: string;
  readonly op: string;
  /** When the run claimed the source, in ms since 1970: its vectors carry its id, so it must not go on for ever. */
  readonly startedAt: number;
  readonly committedVersion: string;
  readonly committed: SourcePayload | undefined;
  readonly mode: CycleMode;
  /** What the Regions hold, where everything will be compared and nothing was owed: read beside the debts. */
  readonly listing?: Listing;
  /** Set where this invocation goes on with what an earlier one handed over. */
  readonly resumed?: Checkpoint;
}

interface States {
  readonly kind: 'read';
  readonly home: SourceState;
  /** Absent in a single-Region install, and in a declared outage where the peer does not answer. */
  readonly peer?: SourceState;
}

const isDeferred = ({ writer }: CycleDependencies): boolean => writer.owed !== undefined;

const readStates = async (dependencies: CycleDependencies): Promise<States | CycleStop> => {
  const { home, peer } = dependencies.writer.regions;
  const key = sourceKey(dependencies.source.id);
  const [homeState, peerState] = await Promise.all([
    home.tables.graph.readSource(key),
    peer?.tables.graph.readSource(key),
  ]);
  // The peer first, as everywhere: a report names the Region that a person has to look at.
  if (peerState?.kind === 'failed' && !isDeferred(dependencies)) {
    return stopAt('read', 'peer', peerState.failure);
  }
  if (homeState.kind === 'failed') {
    return stopAt('read', 'home', homeState.failure);
  }
  return {
    kind: 'read',
    home: homeState.value,
    ...(peerState?.kind === 'done' ? { peer: peerState.value } : {}),
  };
};

const runsSeen = (state: SourceState | undefined): readonly number[] =>
  [state?.f ?? '', fenceOfVersion(state?.record?.v ?? '') ?? ''].map((fence) => parseFence(fence)?.run ?? 0);

const committedOf = (state: SourceState): SourcePayload | undefined =>
  state.record === undefined ? undefined : parseSourcePayload(state.record.data);

const versionOf = (state: SourceState | undefined): string => state?.record?.v ?? '';

interface Claim {
  readonly kind: 'claimed';
  readonly fence: string;
  readonly op: string;
}

const claimSource = async (dependencies: CycleDependencies, states: States): Promise<Claim | CycleStop> => {
  const { writer, source, epoch } = dependencies;
  const op = dependencies.newOp();
  const run = 1 + Math.max(...runsSeen(states.home), ...runsSeen(states.peer));
  const fence = encodeFence({
    epoch,
    region: writer.regions.home.region,
    run,
    op: isMutant('claim-with-equal') ? 'SAME'.padEnd(op.length, '0') : op,
  });
  const refused = failureOf(await writer.claim(sourceKey(source.id), fence));
  return refused === undefined ? { kind: 'claimed', fence, op } : stopAt('claim', refused.side, refused.failure, fence);
};

const modeOf = (
  dependencies: CycleDependencies,
  states: States,
  owedFound: boolean,
  approvedPlan: string | undefined,
): CycleMode => {
  const { writer, epoch, source } = dependencies;
  const derived = derivedName(dependencies.derivations);
  return decideMode({
    home: states.home,
    // In a declared outage the peer stays behind: that is no reason to compare everything each time.
    ...(states.peer === undefined || isDeferred(dependencies) ? {} : { peer: states.peer }),
    committed: committedOf(states.home),
    owedFound,
    ...(approvedPlan === undefined ? {} : { approvedPlan }),
    epoch,
    region: writer.regions.home.region,
    index: indexName(dependencies),
    definition: definitionName(source),
    ...(derived === undefined ? {} : { derived }),
    now: dependencies.now(),
    fullCycleIntervalMs: LIMITS.fullCycleIntervalMs,
  });
};

/** Only under the claim, and only where everything will be compared; a failure is met again, and told, by the comparison. */
const listEarly = async (
  dependencies: CycleDependencies,
  states: States,
  approvedPlan: string | undefined,
): Promise<Listing | undefined> => {
  if (isDeferred(dependencies) || modeOf(dependencies, states, false, approvedPlan).kind !== 'full') {
    return undefined;
  }
  const listed = await listSource(judgeByAll(dependencies.writer.regions), dependencies.source.id);
  return listed.kind === 'listed' ? listed.listing : undefined;
};

/** A source that the Regions show apart is looked through whole. */
const scopeOf = ({ writer, epoch, now }: CycleDependencies, { home, peer }: States): DebtScope => {
  const isCommitted = isSettled(home) && peer !== undefined && isSettled(peer) && versionOf(home) === versionOf(peer);
  return isCommitted ? debtScope(committedOf(home), { epoch, region: writer.regions.home.region, now: now() }) : 'all';
};

const claimNew = async (dependencies: CycleDependencies, states: States): Promise<BegunCycle | CycleStop> => {
  const startedAt = dependencies.now();
  const claim = await claimSource(dependencies, states);
  if (claim.kind !== 'claimed') {
    return claim;
  }
  const approved = committedOf(states.home)?.held === undefined ? undefined : await dependencies.readApprovedPlan?.();
  // A round trip to the peer saved: where nothing turns out to be owed, the listing was read late enough.
  const [settled, listing] = await Promise.all([
    settleDebts(dependencies, scopeOf(dependencies, states)),
    listEarly(dependencies, states, approved),
  ]);
  if (settled.kind !== 'settled') {
    return settled;
  }
  // Settling may have brought home a commit that the peer had and owed: a checkpoint has to name that one.
  const isBehind =
    !isDeferred(dependencies) && states.peer !== undefined && versionOf(states.peer) !== versionOf(states.home);
  const after = isBehind ? await readStates(dependencies) : states;
  if (after.kind !== 'read') {
    return after;
  }
  return {
    kind: 'begun',
    fence: claim.fence,
    op: claim.op,
    startedAt,
    committedVersion: versionOf(after.home),
    committed: committedOf(after.home),
    mode: modeOf(dependencies, states, settled.found, approved),
    ...(listing === undefined || settled.found ? {} : { listing }),
  };
};

const fenceHolds = (state: SourceState, { fence, committedVersion }: Checkpoint): boolean =>
  state.f === fence && versionOf(state) === committedVersion;

/** Whether nobody came in between, it is still the same work, and the run is not so old that what it named may have been swept. */
const checkpointHolds = (dependencies: CycleDependencies, checkpoint: Checkpoint, { home, peer }: States): boolean => {
  const { fence, startedAt } = checkpoint;
  const peerHolds = isDeferred(dependencies)
    ? (peer?.f ?? '') <= fence
    : peer === undefined || fenceHolds(peer, checkpoint);
  return (
    peerHolds &&
    fenceHolds(home, checkpoint) &&
    checkpoint.making === makingName(dependencies) &&
    parseFence(fence)?.epoch === dependencies.epoch &&
    dependencies.now() - startedAt <= LIMITS.runAgeMaxMs
  );
};

const resume = (checkpoint: Checkpoint, committed: SourcePayload | undefined): BegunCycle | undefined => {
  const { fence, startedAt, committedVersion, full } = checkpoint;
  const op = parseFence(fence)?.op;
  if (op === undefined || (full === null && committed === undefined)) {
    return undefined;
  }
  return {
    kind: 'begun',
    fence,
    op,
    startedAt,
    committedVersion,
    committed,
    mode:
      full === null && committed !== undefined
        ? { kind: 'incremental', committed }
        : { kind: 'full', reason: full ?? 'never-committed' },
    resumed: checkpoint,
  };
};

/**
 * Goes on under the checkpoint's fence where that still holds the source everywhere, else claims it anew. A fence stops
 * commits, not puts: a run of an earlier outage may have put something since, owed, into what this one had compared. So it
 * settles again, and where that finds something the comparison begins anew.
 */
export const beginCycle = async (
  dependencies: CycleDependencies,
  checkpoint: Checkpoint | undefined,
): Promise<BegunCycle | CycleStop> => {
  const states = await readStates(dependencies);
  if (states.kind !== 'read') {
    return states;
  }
  const resumed =
    checkpoint !== undefined && checkpointHolds(dependencies, checkpoint, states)
      ? resume(checkpoint, committedOf(states.home))
      : undefined;
  if (resumed === undefined) {
    return claimNew(dependencies, states);
  }
  const settled = await settleDebts(dependencies);
  if (settled.kind !== 'settled') {
    return settled;
  }
  return settled.found ? claimNew(dependencies, states) : resumed;
};
