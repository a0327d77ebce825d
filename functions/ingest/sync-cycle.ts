/**
 * One sync of one source (DESIGN §4): claim, settle, compare or follow the cursor, write to every declared Region, commit peer
 * first. Acknowledged only when every declared Region committed; anything else is redone by the next run. In a declared outage
 * of the peer it writes and commits at home, everything marked as owed, and is reported as degraded.
 */
import type { Cursor } from '../connectors/connector.ts';
import type { DocumentPayload, HeldDeletions, SourceCounts, SourcePayload } from '../domain/corpus.ts';
import { beginCycle, type BegunCycle } from './begin-cycle.ts';
import { commitCycle } from './commit-cycle.ts';
import type { FullReason } from './cycle-mode.ts';
import { type Checkpoint, type CycleDependencies, type CycleOutcome, type CycleStop, stopAt } from './cycle-types.ts';
import { type DerivationPoint, deriveRecords } from './derive/derive-records.ts';
import { hasSeenChanges } from './derive/seen-changes.ts';
import { indexName } from './index-name.ts';
import { knownFromListing, knownOnDemand } from './known-documents.ts';
import { makingName } from './making-name.ts';
import { type Listing, type ListingOutcome, listSource } from './listing.ts';
import { addCounts, ChangePuller } from './pull-changes.ts';
import { reconcileListing } from './reconcile.ts';
import { sourceFailed } from './source-failed.ts';
import { NO_COUNTS, type RunningCycle, startRunning } from './running-cycle.ts';

/** Everything that a cycle changed is in; what is left is the source record. */
interface CycleDone {
  readonly kind: 'done';
  readonly cursor: Cursor;
  readonly full: FullReason | null;
  /** Deletions that wait for a person. */
  readonly held: HeldDeletions | undefined;
  /** Why a comparison was left out. */
  readonly uncompared?: string | undefined;
}

interface CyclePaused {
  readonly kind: 'paused';
  readonly cursor: Cursor | null;
  readonly full: FullReason | null;
  readonly derive?: DerivationPoint;
}

const payloadsOf = ({ documents }: Listing): ReadonlyMap<string, DocumentPayload> =>
  new Map([...documents].flatMap(([id, { payload }]) => (payload === undefined ? [] : [[id, payload] as const])));

const runFull = async (
  running: RunningCycle,
  full: FullReason,
  cursor: Cursor | null,
): Promise<CycleDone | CyclePaused | CycleStop> => {
  const { dependencies, begun, judge, write, tally, seen } = running;
  const listed: ListingOutcome =
    begun.listing === undefined
      ? await listSource(judge, dependencies.source.id)
      : { kind: 'listed', listing: begun.listing };
  if (listed.kind === 'failed') {
    return stopAt('list', listed.side, listed.failure);
  }
  seen.listed = payloadsOf(listed.listing);
  if (cursor === null) {
    tally.failures.startOver();
  }
  const known = knownFromListing(listed.listing, indexName(dependencies));
  const written = new Map<string, SourceCounts>();
  const puller = new ChangePuller({
    dependencies,
    known,
    write,
    tally,
    onWritten: (payload) => {
      written.set(payload.id, addCounts(NO_COUNTS, payload, 1));
    },
    seen,
    makesDeletes: false,
  });
  const pulled = await puller.pull(cursor);
  switch (pulled.kind) {
    case 'complete': {
      const reconciled = await reconcileListing(running, listed.listing, known, written, pulled.cursor);
      return reconciled.kind === 'reconciled'
        ? { kind: 'done', cursor: pulled.cursor, full, held: reconciled.held, uncompared: reconciled.uncompared }
        : reconciled;
    }
    case 'paused': {
      return { kind: 'paused', cursor: pulled.cursor, full };
    }
    case 'many-deletions':
    case 'cursor-lost': {
      const why = pulled.kind === 'cursor-lost' ? pulled.why : 'deletions were judged before the comparison';
      return cursor === null
        ? stopAt('list', 'home', { reason: 'unknown', code: 'CursorLost', message: why })
        : runFull(running, full, null);
    }
    case 'fenced':
    case 'not-acknowledged': {
      return pulled;
    }
  }
};

const runIncremental = async (
  running: RunningCycle,
  committed: SourcePayload,
): Promise<CycleDone | CyclePaused | CycleStop> => {
  const { dependencies, begun, judge, write, tally, seen } = running;
  const known = knownOnDemand(judge, dependencies.source.id, indexName(dependencies));
  const puller = new ChangePuller({
    dependencies,
    known,
    write,
    tally,
    onWritten: () => undefined,
    seen,
    makesDeletes: true,
  });
  const pulled = await puller.pull(begun.resumed?.cursor ?? committed.cursor);
  switch (pulled.kind) {
    case 'complete': {
      const { held, uncompared } = committed;
      return { kind: 'done', cursor: pulled.cursor, full: null, held, uncompared };
    }
    case 'paused': {
      return { kind: 'paused', cursor: pulled.cursor, full: pulled.deletesLeft ? 'many-deletions' : null };
    }
    case 'cursor-lost': {
      dependencies.telemetry.log('warn', 'cycle.cursor-lost', { source: dependencies.source.id, why: pulled.why });
      return runFull(running, 'cursor-lost', null);
    }
    case 'many-deletions': {
      return runFull(running, 'many-deletions', null);
    }
    case 'fenced':
    case 'not-acknowledged': {
      return pulled;
    }
  }
};

const handOver = async (running: RunningCycle, paused: CyclePaused): Promise<CycleOutcome> => {
  const { dependencies, begun, versions, tally } = running;
  const failures = tally.failures.payload();
  const checkpoint: Checkpoint = {
    fence: begun.fence,
    making: makingName(dependencies),
    startedAt: begun.startedAt,
    committedVersion: begun.committedVersion,
    cursor: paused.cursor,
    full: paused.full,
    seq: versions.seq(),
    changed: tally.changed,
    deleted: tally.deleted,
    counts: tally.counts,
    ...(failures === undefined ? {} : { failures }),
    ...(paused.derive === undefined ? {} : { derive: paused.derive }),
  };
  const sent = await dependencies.queue.send({
    group: dependencies.source.id,
    dedupe: `${begun.fence}/${versions.seq()}/${dependencies.newOp()}`,
    body: JSON.stringify({ source: dependencies.source.id, checkpoint }),
  });
  return sent.kind === 'failed'
    ? stopAt('handover', 'home', sent.failure)
    : { kind: 'handed-over', changed: tally.changed };
};

/**
 * What is made of the documents, once they are all in. An invocation that took over does not know what the ones before changed; and
 * where it changed something itself, what those had derived is of what was there before.
 */
const runDerivations = async (running: RunningCycle, done: CycleDone): Promise<CycleDone | CyclePaused | CycleStop> => {
  const { dependencies, begun, seen } = running;
  const derived = await deriveRecords(running, {
    snapshot: dependencies.connector.snapshotOf(done.cursor),
    cursor: done.cursor,
    full: done.full !== null || begun.resumed !== undefined,
    from: hasSeenChanges(seen) ? undefined : begun.resumed?.derive,
  });
  switch (derived.kind) {
    case 'derived': {
      return done;
    }
    case 'paused': {
      return { kind: 'paused', cursor: done.cursor, full: done.full, derive: derived.point };
    }
    case 'fenced':
    case 'not-acknowledged': {
      return derived;
    }
  }
};

const runBegun = async (dependencies: CycleDependencies, begun: BegunCycle): Promise<CycleOutcome> => {
  const running = startRunning(dependencies, begun);
  const { mode, resumed } = begun;
  if (mode.kind === 'incremental' && resumed === undefined) {
    const { snapshot } = await dependencies.connector.status(dependencies.signal);
    if (snapshot === mode.committed.snapshot) {
      const { cursor, held, uncompared } = mode.committed;
      return commitCycle(running, 'unchanged', { snapshot, cursor, held, uncompared });
    }
  }
  const read =
    mode.kind === 'full'
      ? await runFull(running, mode.reason, resumed?.cursor ?? null)
      : await runIncremental(running, mode.committed);
  const ended = read.kind === 'done' ? await runDerivations(running, read) : read;
  switch (ended.kind) {
    case 'done': {
      const snapshot = dependencies.connector.snapshotOf(ended.cursor);
      const { cursor, held, uncompared } = ended;
      return commitCycle(running, ended.full ?? 'incremental', { snapshot, cursor, held, uncompared });
    }
    case 'paused': {
      return handOver(running, ended);
    }
    case 'fenced':
    case 'not-acknowledged': {
      return ended;
    }
  }
};

/** Runs one invocation of a cycle. A source that can't be read is an outcome too: nothing was committed. */
export const runSyncCycle = async (given: CycleDependencies, checkpoint?: Checkpoint): Promise<CycleOutcome> => {
  const dependencies = { ...given, writer: given.writer.under(given.peerWrites) };
  try {
    const begun = await beginCycle(dependencies, checkpoint);
    if (begun.kind !== 'begun') {
      return begun;
    }
    const outcome = await runBegun(dependencies, begun);
    return outcome.kind === 'fenced' ? { ...outcome, fence: begun.fence } : outcome;
  } catch (error) {
    return sourceFailed(error);
  }
};
