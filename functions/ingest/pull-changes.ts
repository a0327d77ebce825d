/**
 * The middle of a cycle: pulls changes in bounded batches, plans them and keeps a few batches in flight, so that reading,
 * embedding and both Regions' writes overlap. The checkpoint that is handed on never runs ahead of what is written.
 */
import type { Cursor, PullEvent, SourceEntry } from '../connectors/connector.ts';
import type { DocumentPayload, SourceCounts } from '../domain/corpus.ts';
import { LIMITS } from '../domain/limits.ts';
import { type CycleDependencies, type CycleStop, stopAt } from './cycle-types.ts';
import { noteDeleted, noteWritten, type SeenChanges } from './derive/seen-changes.ts';
import { indexName, undetectedIndexName } from './index-name.ts';
import type { FailureList } from './failure-list.ts';
import type { KnownDocuments } from './known-documents.ts';
import { documentIdOf, planDocument, type PlannedDocument, planSkipped } from './plan-document.ts';
import { isTooMany } from './prune-guard.ts';
import { SourceRedactor } from './redact/source-redactor.ts';
import { splitDocument } from './split/split-document.ts';
import { type BatchOutcome, writeDocuments, type WriteDependencies, writeTombstones } from './write-documents.ts';

export type PullOutcome =
  | { readonly kind: 'complete'; readonly cursor: Cursor }
  /** Time is nearly up: everything up to the cursor is written, but for deletions, which a comparison has to make. */
  | { readonly kind: 'paused'; readonly cursor: Cursor | null; readonly deletesLeft: boolean }
  | { readonly kind: 'cursor-lost'; readonly why: string }
  /** More deletions than go without a person's word; none of them was made. */
  | { readonly kind: 'many-deletions' }
  | CycleStop;

/** What the pull changed, kept for the counts of the source record. */
export interface PullTally {
  changed: number;
  deleted: number;
  counts: SourceCounts;
  readonly failures: FailureList;
}

interface Batch {
  readonly documents: PlannedDocument[];
  readonly deletes: string[];
  chars: number;
}

/** Files that nobody expects to have text; the others are told one by one. */
const EXPECTED_SKIPS: ReadonlySet<string> = new Set(['binary', 'generated', 'link', 'submodule']);

export const addCounts = (counts: SourceCounts, payload: DocumentPayload | undefined, sign: 1 | -1): SourceCounts => {
  if (payload === undefined) {
    return counts;
  }
  const skipped = payload.skipped === undefined ? 0 : 1;
  // A document that another run wrote beside this one was never counted. Below zero the source record could not be read at
  // all; too low, it is counted anew by the next comparison.
  const add = (count: number, by: number): number => Math.max(0, count + sign * by);
  return {
    documents: add(counts.documents, 1 - skipped),
    chunks: add(counts.chunks, payload.chunks.length),
    skipped: add(counts.skipped, skipped),
  };
};

export class ChangePuller {
  readonly #dependencies: CycleDependencies;
  readonly #known: KnownDocuments;
  readonly #write: WriteDependencies;
  readonly #tally: PullTally;
  readonly #onWritten: (payload: DocumentPayload) => void;
  readonly #seen: SeenChanges;
  readonly #inFlight: Promise<void>[] = [];
  /** By the source's own ids: made at the end of a pull, when it is known how many they are. */
  readonly #deletes = new Set<string>();
  readonly #makesDeletes: boolean;
  #batch: Batch = { documents: [], deletes: [], chars: 0 };
  /** Turns of `#covered`: a batch counts only when all before it are written. */
  #covered: Cursor | null;
  #stop: CycleStop | undefined;
  /** A defect in a batch that ran in the background: kept and thrown by `pull`, never an unhandled rejection. */
  #thrown: Error | undefined;

  constructor(options: {
    readonly dependencies: CycleDependencies;
    readonly known: KnownDocuments;
    readonly write: WriteDependencies;
    readonly tally: PullTally;
    readonly onWritten: (payload: DocumentPayload) => void;
    readonly seen: SeenChanges;
    /** Where everything is compared at the end, that makes the deletions, all of them at once. */
    readonly makesDeletes: boolean;
  }) {
    this.#dependencies = options.dependencies;
    this.#known = options.known;
    this.#write = options.write;
    this.#tally = options.tally;
    this.#onWritten = options.onWritten;
    this.#seen = options.seen;
    this.#makesDeletes = options.makesDeletes;
    this.#covered = null;
  }

  /** Pulls from the cursor until the origin is through, time is up, or a Region fails. */
  async pull(cursor: Cursor | null): Promise<PullOutcome> {
    this.#covered = cursor;
    const { connector, signal } = this.#dependencies;
    const redactor = new SourceRedactor(this.#dependencies);
    const context = {
      signal,
      select: async (entries: readonly SourceEntry[]) => this.#select(entries),
    };
    let last: PullOutcome | undefined;
    try {
      for await (const { event, undetected } of redactor.events(connector.pull(context, cursor))) {
        last = await this.#take(event, undetected === undefined);
        if (last !== undefined || this.#stop !== undefined || this.#thrown !== undefined) {
          break;
        }
      }
    } finally {
      await Promise.all(this.#inFlight);
    }
    if (this.#thrown !== undefined) {
      throw this.#thrown;
    }
    if (this.#stop !== undefined) {
      return this.#stop;
    }
    return last ?? { kind: 'paused', cursor: this.#covered, deletesLeft: this.#deletes.size > 0 };
  }

  async #take(event: PullEvent, isDetected: boolean): Promise<PullOutcome | undefined> {
    const { source } = this.#dependencies;
    const index = isDetected ? indexName(this.#dependencies) : undetectedIndexName(this.#dependencies);
    switch (event.op) {
      case 'upsert': {
        const { document } = event;
        this.#deletes.delete(document.id);
        this.#tally.failures.solve(document.id);
        const { text } = document;
        const split = splitDocument({ path: document.path, text, sourceName: source.name });
        const input = { sourceId: source.id, nativeId: document.id, path: document.path, rev: document.rev, index };
        const planned = planDocument(input, text, split, this.#known);
        if (this.#dependencies.derivations !== undefined) {
          this.#seen.texts.keep(planned.id, planned.texts);
        }
        this.#batch.documents.push(planned);
        this.#batch.chars += text.length;
        return this.#flushIfFull();
      }
      case 'skip': {
        const { entry, path, reason } = event;
        this.#tally.failures.solve(entry.id);
        if (!EXPECTED_SKIPS.has(reason)) {
          this.#dependencies.telemetry.log('warn', 'document.skipped', { source: source.id, path, reason });
        }
        const input = { sourceId: source.id, nativeId: entry.id, path, rev: entry.rev, index };
        this.#batch.documents.push(planSkipped(input, reason, this.#known));
        return this.#flushIfFull();
      }
      case 'delete': {
        this.#deletes.add(event.id);
        this.#tally.failures.solve(event.id);
        return undefined;
      }
      case 'failure': {
        // What is indexed of it stays; the connector's cursor remembers what to try again.
        this.#dependencies.telemetry.log('warn', 'document.failed', { source: source.id, ...event.failure });
        this.#tally.failures.add(event.failure, this.#dependencies.now());
        return undefined;
      }
      case 'checkpoint': {
        return this.#checkpoint(event.cursor, event.complete);
      }
      case 'cursor-lost': {
        return { kind: 'cursor-lost', why: event.why };
      }
    }
  }

  async #flushIfFull(): Promise<undefined> {
    const { documents, deletes, chars } = this.#batch;
    if (documents.length + deletes.length >= LIMITS.batchDocumentsMax || chars > LIMITS.batchCharsMax) {
      await this.#flush();
    }
    return undefined;
  }

  async #checkpoint(cursor: Cursor, complete: boolean): Promise<PullOutcome | undefined> {
    if (complete && this.#makesDeletes) {
      if (isTooMany(this.#deletes.size, this.#tally.counts.documents)) {
        return { kind: 'many-deletions' };
      }
      await this.#takeDeletes();
    }
    await this.#flush(cursor);
    if (complete) {
      return { kind: 'complete', cursor };
    }
    if (this.#dependencies.remainingMs() < LIMITS.handoverMarginMs) {
      await Promise.all(this.#inFlight);
      return { kind: 'paused', cursor: this.#covered, deletesLeft: this.#deletes.size > 0 };
    }
    return undefined;
  }

  async #takeDeletes(): Promise<void> {
    for (const id of this.#deletes) {
      this.#batch.deletes.push(documentIdOf(this.#dependencies.source.id, id));
      await this.#flushIfFull();
    }
    this.#deletes.clear();
  }

  /** Starts writing the batch; waits only while too many are in flight. */
  async #flush(covers?: Cursor): Promise<void> {
    const batch = this.#batch;
    this.#batch = { documents: [], deletes: [], chars: 0 };
    const before = this.#inFlight.at(-1);
    this.#inFlight.push(this.#writeBatch(batch, before, covers));
    const oldest = this.#inFlight.at(-LIMITS.batchesInFlightMax);
    await oldest;
    if (this.#inFlight.length > LIMITS.batchesInFlightMax) {
      // Each batch waits for the one before it, so dropping the oldest loses nothing.
      void this.#inFlight.shift();
    }
  }

  async #writeBatch(batch: Batch, before: Promise<void> | undefined, covers: Cursor | undefined): Promise<void> {
    try {
      const outcome = await this.#writeParts(batch);
      await before;
      if (outcome.kind !== 'written') {
        this.#stop ??= outcome;
      } else if (this.#stop === undefined && this.#thrown === undefined) {
        this.#count(batch, outcome.documents);
        this.#covered = covers ?? this.#covered;
      }
    } catch (error) {
      this.#thrown ??= error instanceof Error ? error : new Error('a batch failed', { cause: error });
    }
  }

  async #writeParts(batch: Batch): Promise<BatchOutcome> {
    if (this.#stop !== undefined) {
      return this.#stop;
    }
    const unread = await this.#known.load(batch.deletes);
    if (unread !== undefined) {
      return stopAt('list', unread.side, unread.failure);
    }
    const refused = await writeTombstones(
      this.#write,
      batch.deletes.map((id) => ({ id, chunkIds: this.#known.staleChunks(id, new Set()), document: true })),
    );
    if (refused !== undefined) {
      return refused;
    }
    return batch.documents.length === 0
      ? { kind: 'written', documents: [] }
      : writeDocuments(this.#write, batch.documents);
  }

  #count(batch: Batch, written: readonly DocumentPayload[]): void {
    const tally = this.#tally;
    for (const id of batch.deletes) {
      tally.counts = addCounts(tally.counts, this.#known.get(id)?.payload, -1);
      tally.deleted += 1;
      noteDeleted(this.#seen, id, this.#known.get(id));
      this.#known.forget(id);
    }
    for (const payload of written) {
      tally.counts = addCounts(tally.counts, this.#known.get(payload.id)?.payload, -1);
      tally.counts = addCounts(tally.counts, payload, 1);
      tally.changed += 1;
      noteWritten(this.#seen, payload, this.#known.get(payload.id));
      this.#onWritten(payload);
      this.#known.forget(payload.id);
    }
    if (written.length + batch.deletes.length > 0) {
      this.#dependencies.telemetry.log('info', 'cycle.progress', {
        source: this.#dependencies.source.id,
        changed: tally.changed,
        deleted: tally.deleted,
        chunks: tally.counts.chunks,
      });
    }
  }

  async #select(entries: readonly SourceEntry[]): Promise<ReadonlySet<string>> {
    const { source } = this.#dependencies;
    const ids = entries.map(({ id }) => documentIdOf(source.id, id));
    const unread = await this.#known.load(ids);
    if (unread !== undefined) {
      this.#stop ??= stopAt('list', unread.side, unread.failure);
      return new Set();
    }
    return new Set(entries.filter(({ rev }, at) => !this.#known.isCurrent(ids[at] ?? '', rev)).map(({ id }) => id));
  }
}
