/**
 * The connector contract: what a sync reads from one source. `pull` is bounded by a deadline and resumable at every
 * checkpoint; `enumerate` is total or throws: a short listing must never look like deletions.
 * A source that can't be read as a whole throws `SourceError` (which kind of trouble: `source-trouble.ts`): the cycle stops and
 * what is indexed stays. Trouble with one document is an event.
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
  /** Opens it in a browser, where the source has such an address. */
  readonly url?: string;
}

/** Why a document could not be read, when the source as a whole can be. */
export type FailureReason = 'unavailable' | 'refused' | 'missing' | 'unexpected';

export interface DocumentFailure {
  /** A document's id, or with `scope` `part` the name of a part (a repository) that could not be read as a whole. */
  readonly id: string;
  readonly scope: 'document' | 'part';
  readonly reason: FailureReason;
  /** The connector tries again by itself, with growing distance; otherwise only a change or a full cycle does. */
  readonly retryable: boolean;
  /** For people: names no content and no credentials. */
  readonly message: string;
  /** When the connector tries again by itself, in ms since 1970; absent where the next pull does, or nothing does. */
  readonly nextTryAt?: number;
}

export type PullEvent =
  | { readonly op: 'upsert'; readonly document: SourceDocument }
  | { readonly op: 'skip'; readonly entry: SourceEntry; readonly path: string; readonly reason: SkipReason }
  | { readonly op: 'delete'; readonly id: string }
  /** One document or part could not be read: what is indexed of it stays, the rest goes on, and the cursor remembers it. */
  | { readonly op: 'failure'; readonly failure: DocumentFailure }
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
  /**
   * What the source is at now, without reading it: for git the commit. Equal text means that nothing changed;
   * null where the source has no such word, so that only a pull can tell.
   */
  readonly snapshot: string | null;
}

export interface CheckFinding {
  readonly level: 'ok' | 'warning' | 'error';
  readonly message: string;
}

/** One opened source; lives for one invocation. */
export interface Connector {
  readonly kind: string;
  /**
   * Whether a pull tells every deletion (`events`), or some show only where a whole listing is compared with what is held
   * (`listing`): a search for changes can't find what is gone. Absent: `events`.
   */
  readonly deletions?: 'events' | 'listing';
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
