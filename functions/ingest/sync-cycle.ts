/**
 * One sync of one source (DESIGN §4): claim, compare or follow the cursor, write to every declared Region, commit peer
 * first. Acknowledged only when every declared Region committed; anything else is redone by the next run.
 */
import type { Cursor } from '../connectors/connector.ts';
import { type SourceCounts, sourceKey, type SourcePayload } from '../domain/corpus.ts';
import { SourceError } from '../domain/errors.ts';
import { LIMITS } from '../domain/limits.ts';
import { failureOf } from '../dual-write/outcome.ts';
import { makeRecord } from '../stores/envelope.ts';
import { beginCycle, type BegunCycle } from './begin-cycle.ts';
import type { FullReason } from './cycle-mode.ts';
import {
  type Checkpoint,
  type CycleDependencies,
  type CycleOutcome,
  type CycleReport,
  type CycleStop,
  stopAt,
} from './cycle-types.ts';
import { reconcileListing } from './reconcile.ts';
import { indexName } from './index-name.ts';
import { knownFromListing, knownOnDemand } from './known-documents.ts';
import { Limiter } from './limiter.ts';
import { listSource } from './listing.ts';
import { addCounts, ChangePuller, type PullTally } from './pull-changes.ts';
import { runVersions, type WriteDependencies } from './write-documents.ts';

const NO_COUNTS: SourceCounts = { documents: 0, chunks: 0, skipped: 0 };

type Versions = ReturnType<typeof runVersions>;

interface RunningCycle {
  readonly dependencies: CycleDependencies;
  readonly begun: BegunCycle;
  readonly versions: Versions;
  readonly write: WriteDependencies;
  readonly tally: PullTally;
}

/** Everything that a cycle changed is in; what is left is the source record. */
interface CycleDone {
  readonly kind: 'done';
  readonly cursor: Cursor;
  readonly full: FullReason | null;
}

interface CyclePaused {
  readonly kind: 'paused';
  readonly cursor: Cursor | null;
  readonly full: FullReason | null;
}

const startRunning = (dependencies: CycleDependencies, begun: BegunCycle): RunningCycle => {
  const { source, writer, embedder, signal } = dependencies;
  const versions = runVersions(begun.fence, begun.op, begun.resumed?.seq ?? 0);
  const counts = begun.resumed?.counts ?? begun.committed?.counts ?? NO_COUNTS;
  return {
    dependencies,
    begun,
    versions,
    write: {
      sourceId: source.id,
      writer,
      embedder,
      versions,
      signal,
      limiter: new Limiter(LIMITS.recordWritesInFlightMax),
    },
    tally: { changed: begun.resumed?.changed ?? 0, deleted: begun.resumed?.deleted ?? 0, counts },
  };
};

const runFull = async (
  running: RunningCycle,
  full: FullReason,
  cursor: Cursor | null,
): Promise<CycleDone | CyclePaused | CycleStop> => {
  const { dependencies, write, tally } = running;
  const listed = await listSource(dependencies.writer.regions, dependencies.source.id);
  if (listed.kind === 'failed') {
    return stopAt('list', listed.side, listed.failure);
  }
  const known = knownFromListing(listed.listing, indexName(dependencies.embedder));
  const written = new Map<string, SourceCounts>();
  const puller = new ChangePuller({
    dependencies,
    known,
    write,
    tally,
    onWritten: (payload) => {
      written.set(payload.id, addCounts(NO_COUNTS, payload, 1));
    },
  });
  const pulled = await puller.pull(cursor);
  switch (pulled.kind) {
    case 'complete': {
      const reconciled = await reconcileListing(running, listed.listing, known, written, pulled.cursor);
      return reconciled.kind === 'reconciled' ? { kind: 'done', cursor: pulled.cursor, full } : reconciled;
    }
    case 'paused': {
      return { kind: 'paused', cursor: pulled.cursor, full };
    }
    case 'cursor-lost': {
      return cursor === null
        ? stopAt('list', 'home', { reason: 'unknown', code: 'CursorLost', message: pulled.why })
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
  const { dependencies, begun, write, tally } = running;
  const known = knownOnDemand(dependencies.writer.regions, dependencies.source.id, indexName(dependencies.embedder));
  const puller = new ChangePuller({ dependencies, known, write, tally, onWritten: () => undefined });
  const pulled = await puller.pull(begun.resumed?.cursor ?? committed.cursor);
  switch (pulled.kind) {
    case 'complete': {
      return { kind: 'done', cursor: pulled.cursor, full: null };
    }
    case 'paused': {
      return { kind: 'paused', cursor: pulled.cursor, full: null };
    }
    case 'cursor-lost': {
      dependencies.telemetry.log('warn', 'cycle.cursor-lost', { source: dependencies.source.id, why: pulled.why });
      return runFull(running, 'cursor-lost', null);
    }
    case 'fenced':
    case 'not-acknowledged': {
      return pulled;
    }
  }
};

/** Modes in which an invocation of an earlier run may still be writing under its lower fence. */
const OVERLAPPED: ReadonlySet<FullReason> = new Set(['new-epoch-or-region', 'unfinished-run', 'commits-differ']);

/**
 * When this comparison counts from. Record puts are not fenced, so a run that was fenced may still put what this one has
 * judged; no invocation outlives its time-out, so another full cycle is due as soon as that has passed.
 */
const fullAt = (mode: FullReason, nowMs: number): number =>
  OVERLAPPED.has(mode) ? nowMs - LIMITS.fullCycleIntervalMs + LIMITS.overlapMs : nowMs;

const commitCycle = async (
  running: RunningCycle,
  mode: 'unchanged' | 'incremental' | FullReason,
  snapshot: string,
  cursor: Cursor | null,
): Promise<CycleOutcome> => {
  const { dependencies, begun, versions, tally } = running;
  const { source, writer, epoch, now } = dependencies;
  const full = mode !== 'unchanged' && mode !== 'incremental';
  const report: CycleReport = { snapshot, changed: tally.changed, deleted: tally.deleted, counts: tally.counts };
  const payload: SourcePayload = {
    id: source.id,
    kind: source.kind,
    name: source.name,
    url: source.url,
    snapshot,
    cursor,
    counts: tally.counts,
    lastFullAt: full ? fullAt(mode, now()) : (begun.committed?.lastFullAt ?? 0),
    index: indexName(dependencies.embedder),
    cycle: {
      op: begun.op,
      epoch,
      region: writer.regions.home.region,
      finishedAt: now(),
      changed: tally.changed,
      deleted: tally.deleted,
    },
  };
  const record = makeRecord(sourceKey(source.id), { v: versions.next(), op: begun.op }, payload);
  const refused = failureOf(await writer.commit(record, begun.fence));
  return refused === undefined
    ? { kind: 'acknowledged', mode, report }
    : stopAt('commit', refused.side, refused.failure);
};

const handOver = async (running: RunningCycle, paused: CyclePaused): Promise<CycleOutcome> => {
  const { dependencies, begun, versions, tally } = running;
  const checkpoint: Checkpoint = {
    fence: begun.fence,
    committedVersion: begun.committedVersion,
    cursor: paused.cursor,
    full: paused.full,
    seq: versions.seq(),
    changed: tally.changed,
    deleted: tally.deleted,
    counts: tally.counts,
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

const runBegun = async (dependencies: CycleDependencies, begun: BegunCycle): Promise<CycleOutcome> => {
  const running = startRunning(dependencies, begun);
  const { mode, resumed } = begun;
  if (mode.kind === 'incremental' && resumed === undefined) {
    const { snapshot } = await dependencies.connector.status(dependencies.signal);
    if (snapshot === mode.committed.snapshot) {
      return commitCycle(running, 'unchanged', snapshot, mode.committed.cursor);
    }
  }
  const ended =
    mode.kind === 'full'
      ? await runFull(running, mode.reason, resumed?.cursor ?? null)
      : await runIncremental(running, mode.committed);
  switch (ended.kind) {
    case 'done': {
      const snapshot = dependencies.connector.snapshotOf(ended.cursor);
      return commitCycle(running, ended.full ?? 'incremental', snapshot, ended.cursor);
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
export const runSyncCycle = async (dependencies: CycleDependencies, checkpoint?: Checkpoint): Promise<CycleOutcome> => {
  try {
    const begun = await beginCycle(dependencies, checkpoint);
    return begun.kind === 'begun' ? await runBegun(dependencies, begun) : begun;
  } catch (error) {
    if (error instanceof SourceError) {
      return { kind: 'source-failed', message: error.message };
    }
    throw error;
  }
};
