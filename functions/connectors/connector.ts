/**
 * The connector contract: what a sync reads from one source. `pull` is bounded by a deadline and resumable at every
 * checkpoint; `enumerate` is total or throws: a short listing must never look like deletions.
 * A source that can't be read as a whole throws `SourceError`; trouble with one document is an event.
 */

/** JSON that the connector wrote and alone understands. It moves only with an acknowledged cycle. */
export type Cursor = Readonly<Record<string, unknown>>;

/** Why a file is in the listing but has no text. Reported, counted, never silent. */
export type SkipReason =
  'binary' | 'too-large' | 'undecodable' | 'generated' | 'link' | 'submodule' | 'unreadable' | 'path';

export interface SourceEntry {
  /** The source's own id of the document, stable across edits: for git the path. */
  readonly id: string;
  /** Changes whenever the content does: for git the blob id. */
  readonly rev: string;
}

export interface SourceDocument extends SourceEntry {
  /** Where people find it: for git the path. */
  readonly path: string;
  readonly text: string;
}

export type PullEvent =
  | { readonly op: 'upsert'; readonly document: SourceDocument }
  | { readonly op: 'skip'; readonly entry: SourceEntry; readonly path: string; readonly reason: SkipReason }
  | { readonly op: 'delete'; readonly id: string }
  /** Everything before this event is covered by `cursor`; `complete` on the last one of a pull. */
  | { readonly op: 'checkpoint'; readonly cursor: Cursor; readonly complete: boolean }
  /** The cursor means nothing to the source any more: the caller pulls again from null and compares the whole listing. */
  | { readonly op: 'cursor-lost'; readonly why: string };

export interface PullContext {
  /** Asks which of these entries are needed; the others are not downloaded. At most `LIMITS.fetchDocumentsMax` at once. */
  select(entries: readonly SourceEntry[]): Promise<ReadonlySet<string>>;
  /** Ends every request in flight. */
  readonly signal: AbortSignal;
}

export interface SourceStatus {
  /** What the source is at now, without reading it: for git the commit. Equal text means that nothing changed. */
  readonly snapshot: string;
}

export interface CheckFinding {
  readonly level: 'ok' | 'warning' | 'error';
  readonly message: string;
}

/** One opened source; lives for one invocation. */
export interface Connector {
  readonly kind: string;
  status(signal: AbortSignal): Promise<SourceStatus>;
  /** The snapshot that a complete cursor stands for, in the words of `status`. */
  snapshotOf(cursor: Cursor): string;
  /** From null: everything. The snapshot that the cursor names stays pinned until the pull is complete. */
  pull(context: PullContext, cursor: Cursor | null): AsyncIterable<PullEvent>;
  /** The whole listing of the snapshot that `cursor` pins (null: of now); skipped files included. */
  enumerate(signal: AbortSignal, cursor: Cursor | null): AsyncIterable<SourceEntry>;
  check(signal: AbortSignal): Promise<readonly CheckFinding[]>;
  close(): Promise<void>;
}
