/**
 * The git connector: reads the tree of one commit over HTTP, never a work tree, and runs nothing that the repository
 * brings along. A pull stays on the commit that it began with; the next one brings what changed since.
 */
import { InvariantError, SourceError } from '../../domain/errors.ts';
import type {
  CheckFinding,
  Connector,
  Cursor,
  PullContext,
  PullEvent,
  SkipReason,
  SourceEntry,
  SourceStatus,
} from '../connector.ts';
import { BlobDownload, type BlobOutcome } from './blob-download.ts';
import { type Change, changesBetween } from './changes.ts';
import { decodeText } from './decode-text.ts';
import { GIT_BOUNDS, type GitBounds } from './git-bounds.ts';
import { parseCursor, type Position } from './git-cursor.ts';
import { GitServerSession } from './git-server-session.ts';
import { type GitSourceConfig, parseGitSource, refOf } from './git-source.ts';
import { resolveBySystem, type ResolveAddresses } from './host-guard.ts';
import { createGitTransport, type TransportOptions } from './http-transport.ts';
import type { PackFile } from './pack-file.ts';
import { openSnapshot, resolveCommit, type Snapshot, type SnapshotOutcome } from './snapshot.ts';
import type { ListedFile } from './tree-listing.ts';

export interface GitProgress {
  readonly phase: 'listing' | 'documents';
  readonly done: number;
  readonly total: number;
}

export interface GitDependencies {
  /** Scratch space; nothing is left there. */
  readonly directory: string;
  readonly bounds?: Partial<GitBounds>;
  readonly resolve?: ResolveAddresses;
  readonly authorize?: TransportOptions['authorize'];
  readonly proxyUrl?: string;
  readonly onProgress?: (progress: GitProgress) => void;
}

type PullPlan =
  | { readonly kind: 'lost'; readonly why: string }
  | {
      readonly kind: 'changes';
      readonly target: Snapshot;
      readonly base: string | null;
      readonly changes: readonly Change[];
    }
  | { readonly kind: 'unchanged'; readonly commit: string };

const ignoreProgress = (): void => undefined;

const entryOf = ({ id, rev }: ListedFile): SourceEntry => ({ id, rev });

const skipEvent = (file: ListedFile, reason: SkipReason): PullEvent => ({
  op: 'skip',
  entry: entryOf(file),
  path: file.id,
  reason,
});

const contentEvent = (file: ListedFile, result: BlobOutcome['result']): PullEvent => {
  if (result.kind === 'skip') {
    return skipEvent(file, result.reason);
  }
  const decoded = decodeText(result.content);
  return decoded.kind === 'skip'
    ? skipEvent(file, decoded.reason)
    : { op: 'upsert', document: { ...entryOf(file), path: file.id, text: decoded.text } };
};

class GitConnector implements Connector {
  readonly kind = 'git';
  readonly deletions = 'events';
  readonly #session: GitServerSession;
  readonly #ref: string;
  readonly #onProgress: (progress: GitProgress) => void;
  readonly #packs: PackFile[] = [];
  /** The last one, since a full cycle pulls and then enumerates the same commit. */
  #latest: Snapshot | null = null;

  constructor(session: GitServerSession, ref: string, onProgress: (progress: GitProgress) => void) {
    this.#session = session;
    this.#ref = ref;
    this.#onProgress = onProgress;
  }

  async status(signal: AbortSignal): Promise<SourceStatus> {
    return { snapshot: await resolveCommit(this.#session, this.#ref, signal) };
  }

  snapshotOf(cursor: Cursor): string {
    const position = parseCursor(cursor);
    if (position.kind !== 'at') {
      throw new InvariantError('Only the cursor of a complete git pull stands for a snapshot.');
    }
    return position.commit;
  }

  async *pull(context: PullContext, cursor: Cursor | null): AsyncGenerator<PullEvent, void, void> {
    const plan = await this.#plan(parseCursor(cursor), context.signal);
    if (plan.kind === 'lost') {
      yield { op: 'cursor-lost', why: plan.why };
      return;
    }
    if (plan.kind === 'unchanged') {
      yield { op: 'checkpoint', cursor: { commit: plan.commit }, complete: true };
      return;
    }
    const { target, base, changes } = plan;
    const { commit } = target;
    const blobs = new BlobDownload(this.#session, commit, target.contents);
    const { fetchDocumentsMax } = this.#session.bounds;
    for (let from = 0; from < changes.length; from += fetchDocumentsMax) {
      context.signal.throwIfAborted();
      const batch = changes.slice(from, from + fetchDocumentsMax);
      yield* this.#pullBatch(context, batch, blobs);
      const done = from + batch.length;
      this.#onProgress({ phase: 'documents', done, total: changes.length });
      if (done < changes.length) {
        yield { op: 'checkpoint', cursor: { commit, base, after: batch.at(-1)?.id ?? '' }, complete: false };
      }
    }
    yield { op: 'checkpoint', cursor: { commit }, complete: true };
  }

  async *enumerate(signal: AbortSignal, cursor: Cursor | null): AsyncGenerator<SourceEntry, void, void> {
    const position = parseCursor(cursor);
    if (position.kind === 'foreign') {
      throw new SourceError('The cursor was not made by the git connector. Sync the source again from the start.');
    }
    const commit = position.kind === 'start' ? await resolveCommit(this.#session, this.#ref, signal) : position.commit;
    const outcome = await this.#open(commit, signal);
    if (outcome.kind === 'gone') {
      throw new SourceError(`${this.#session.source.display} can't be listed at ${commit}: ${outcome.why}`);
    }
    yield* outcome.snapshot.files.map(entryOf);
  }

  async check(signal: AbortSignal): Promise<readonly CheckFinding[]> {
    try {
      const { filters } = await this.#session.abilities(signal);
      const { snapshot } = await this.status(signal);
      const { display } = this.#session.source;
      const reached: CheckFinding = { level: 'ok', message: `${display} answers; ${this.#ref} is at ${snapshot}.` };
      const message = `The server of ${display} can't leave contents out of a download: every sync reads all of it.`;
      return filters ? [reached] : [reached, { level: 'warning', message }];
    } catch (error) {
      if (error instanceof SourceError) {
        return [{ level: 'error', message: error.message }];
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#packs.map(async (pack) => pack.close()));
    await this.#session.close();
  }

  async #plan(position: Position, signal: AbortSignal): Promise<PullPlan> {
    if (position.kind === 'foreign') {
      return { kind: 'lost', why: 'The cursor was not made by the git connector.' };
    }
    const pinned = position.kind === 'within';
    const commit = pinned ? position.commit : await resolveCommit(this.#session, this.#ref, signal);
    if (position.kind === 'at' && position.commit === commit) {
      return { kind: 'unchanged', commit };
    }
    const target = await this.#open(commit, signal);
    if (target.kind === 'gone') {
      if (pinned) {
        return { kind: 'lost', why: `Commit ${commit} is gone: ${target.why}` };
      }
      throw new SourceError(`${this.#session.source.display} can't be read at ${commit}: ${target.why}`);
    }
    const base = position.kind === 'start' ? null : position.kind === 'at' ? position.commit : position.base;
    const before = base === null ? null : await this.#open(base, signal);
    if (before?.kind === 'gone') {
      return { kind: 'lost', why: `Commit ${base ?? ''}, which was read last, is gone: ${before.why}` };
    }
    this.#latest = target.snapshot;
    const after = position.kind === 'within' ? position.after : null;
    const changes = changesBetween(before?.snapshot.files ?? [], target.snapshot.files, after);
    return { kind: 'changes', target: target.snapshot, base, changes };
  }

  async *#pullBatch(
    context: PullContext,
    batch: readonly Change[],
    blobs: BlobDownload,
  ): AsyncGenerator<PullEvent, void, void> {
    const files = batch.flatMap((change) => (change.kind === 'present' ? [change.file] : []));
    const selected = files.length === 0 ? new Set() : await context.select(files.map(entryOf));
    const wanted = Map.groupBy(
      files.filter(({ id, skip }) => skip === null && selected.has(id)),
      ({ oid }) => oid,
    );
    for (const change of batch) {
      if (change.kind === 'gone') {
        yield { op: 'delete', id: change.id };
      } else if (change.file.skip !== null && selected.has(change.id)) {
        yield skipEvent(change.file, change.file.skip);
      }
    }
    for await (const { oid, result } of blobs.read([...wanted.keys()], context.signal)) {
      for (const file of wanted.get(oid) ?? []) {
        yield contentEvent(file, result);
      }
    }
  }

  async #open(commit: string, signal: AbortSignal): Promise<SnapshotOutcome> {
    if (this.#latest?.commit === commit) {
      return { kind: 'opened', snapshot: this.#latest };
    }
    this.#onProgress({ phase: 'listing', done: 0, total: 0 });
    const outcome = await openSnapshot(this.#session, commit, signal);
    if (outcome.kind === 'opened') {
      const { files, contents } = outcome.snapshot;
      this.#onProgress({ phase: 'listing', done: files.length, total: files.length });
      this.#packs.push(...(contents === null ? [] : [contents]));
      this.#latest = outcome.snapshot;
    }
    return outcome;
  }
}

export const createGitConnector = (config: GitSourceConfig, dependencies: GitDependencies): Connector => {
  const { directory, bounds: narrowed, resolve = resolveBySystem, authorize, proxyUrl, onProgress } = dependencies;
  const bounds = { ...GIT_BOUNDS, ...narrowed };
  const source = parseGitSource(config.url, config);
  const transport = createGitTransport({
    source,
    rules: config,
    bounds,
    resolve,
    ...(authorize === undefined ? {} : { authorize }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  });
  const session = new GitServerSession(source, bounds, transport, directory);
  return new GitConnector(session, refOf(config.branch), onProgress ?? ignoreProgress);
};
