/**
 * The start of a cycle: read the source in every declared Region, claim it under a new fence (peer first), and decide
 * whether to compare everything or to follow the cursor.
 */
import { parseSourcePayload, type SourcePayload, sourceKey } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import { encodeFence, fenceOfVersion, parseFence } from '../domain/version.ts';
import { failureOf } from '../dual-write/outcome.ts';
import type { SourceState } from '../stores/record-store.ts';
import { type CycleMode, decideMode } from './cycle-mode.ts';
import { type Checkpoint, type CycleDependencies, type CycleStop, stopAt } from './cycle-types.ts';
import { indexName } from './index-name.ts';

export interface BegunCycle {
  readonly kind: 'begun';
  readonly fence: string;
  readonly op: string;
  readonly committedVersion: string;
  readonly committed: SourcePayload | undefined;
  readonly mode: CycleMode;
  /** Set where this invocation goes on with what an earlier one handed over. */
  readonly resumed?: Checkpoint;
}

interface States {
  readonly kind: 'read';
  readonly home: SourceState;
  readonly peer?: SourceState;
}

const readStates = async (dependencies: CycleDependencies): Promise<States | CycleStop> => {
  const { home, peer } = dependencies.writer.regions;
  const key = sourceKey(dependencies.source.id);
  const [homeState, peerState] = await Promise.all([
    home.tables.graph.readSource(key),
    peer?.tables.graph.readSource(key),
  ]);
  // The peer first, as everywhere: a report names the Region that a person has to look at.
  if (peerState?.kind === 'failed') {
    return stopAt('read', 'peer', peerState.failure);
  }
  if (homeState.kind === 'failed') {
    return stopAt('read', 'home', homeState.failure);
  }
  return {
    kind: 'read',
    home: homeState.value,
    ...(peerState === undefined ? {} : { peer: peerState.value }),
  };
};

const runsSeen = (state: SourceState | undefined): readonly number[] =>
  [state?.f ?? '', fenceOfVersion(state?.record?.v ?? '') ?? ''].map((fence) => parseFence(fence)?.run ?? 0);

const committedOf = (state: SourceState): SourcePayload | undefined =>
  state.record === undefined ? undefined : parseSourcePayload(state.record.data);

const claimNew = async (dependencies: CycleDependencies, states: States): Promise<BegunCycle | CycleStop> => {
  const { writer, source, epoch, embedder } = dependencies;
  const { region } = writer.regions.home;
  const op = dependencies.newOp();
  const run = 1 + Math.max(...runsSeen(states.home), ...runsSeen(states.peer));
  const fence = encodeFence({ epoch, region, run, op });
  const refused = failureOf(await writer.claim(sourceKey(source.id), fence));
  if (refused !== undefined) {
    return stopAt('claim', refused.side, refused.failure);
  }
  const committed = committedOf(states.home);
  const mode = decideMode({
    home: states.home,
    ...(states.peer === undefined ? {} : { peer: states.peer }),
    committed,
    epoch,
    region,
    index: indexName(embedder),
    now: dependencies.now(),
    fullCycleIntervalMs: LIMITS.fullCycleIntervalMs,
  });
  return { kind: 'begun', fence, op, committedVersion: states.home.record?.v ?? '', committed, mode };
};

const checkpointHolds = (checkpoint: Checkpoint, states: States, epoch: number): boolean =>
  [states.home, ...(states.peer === undefined ? [] : [states.peer])].every(
    (state) => state.f === checkpoint.fence && (state.record?.v ?? '') === checkpoint.committedVersion,
  ) && parseFence(checkpoint.fence)?.epoch === epoch;

const resume = (checkpoint: Checkpoint, committed: SourcePayload | undefined): BegunCycle | undefined => {
  const op = parseFence(checkpoint.fence)?.op;
  if (op === undefined || (checkpoint.full === null && committed === undefined)) {
    return undefined;
  }
  return {
    kind: 'begun',
    fence: checkpoint.fence,
    op,
    committedVersion: checkpoint.committedVersion,
    committed,
    mode:
      checkpoint.full === null && committed !== undefined
        ? { kind: 'incremental', committed }
        : { kind: 'full', reason: checkpoint.full ?? 'never-committed' },
    resumed: checkpoint,
  };
};

/** Goes on under the checkpoint's fence where that still holds the source everywhere, else claims it anew. */
export const beginCycle = async (
  dependencies: CycleDependencies,
  checkpoint: Checkpoint | undefined,
): Promise<BegunCycle | CycleStop> => {
  const states = await readStates(dependencies);
  if (states.kind !== 'read') {
    return states;
  }
  if (checkpoint !== undefined && checkpointHolds(checkpoint, states, dependencies.epoch)) {
    const resumed = resume(checkpoint, committedOf(states.home));
    if (resumed !== undefined) {
      return resumed;
    }
  }
  return claimNew(dependencies, states);
};
