/**
 * A connector out of a feed: walks the list when there is no cursor, the changes when there is one, a page at a time, with a
 * checkpoint after each. A page may be walked twice and a change may be brought twice; nothing is left out.
 */
import { InvariantError, SourceError } from '../../domain/errors.ts';
import { LIMITS } from '../../domain/limits.ts';
import type {
  CheckFinding,
  Connector,
  Cursor,
  PullContext,
  PullEvent,
  SourceEntry,
  SourceStatus,
} from '../connector.ts';
import { SourceTrouble, troubleOf } from '../source-trouble.ts';
import { FailedItems, type FeedPosition, parseFeedCursor } from './feed-cursor.ts';
import type { Feed, FeedItem, FeedPage } from './feed.ts';
import { GroupReader } from './read-group.ts';

export interface FeedSetting {
  readonly now: () => number;
  readonly fetchDocumentsMax?: number;
}

/** Below this share of what the service itself counts, a listing is short. Indexes lag a little; they don't lag by a tenth. */
const COUNTED_SHARE_MIN = 0.9;

interface Walk {
  readonly step: 'list' | 'changes';
  readonly mark: string;
  high: string;
  page: string | null;
}

/** Of one pull. */
interface Ledger {
  readonly failed: FailedItems;
  /** Revisions that this pull brought: what it meets again is not asked for, since nobody has written the first one yet. */
  readonly brought: Map<string, string>;
}

const later = (left: string, right: string): string => (left > right ? left : right);

export class FeedConnector implements Connector {
  readonly kind: string;
  readonly deletions: 'events' | 'listing';
  readonly #feed: Feed;
  readonly #now: () => number;
  readonly #groupMax: number;
  readonly #reader: GroupReader;

  constructor(feed: Feed, setting: FeedSetting) {
    this.kind = feed.kind;
    this.deletions = feed.deletions;
    this.#feed = feed;
    this.#now = setting.now;
    this.#groupMax = setting.fetchDocumentsMax ?? LIMITS.fetchDocumentsMax;
    this.#reader = new GroupReader(feed, this.#groupMax);
  }

  /** Asks the source something, so that a dead one shows; but no service has a word for "nothing changed". */
  async status(signal: AbortSignal): Promise<SourceStatus> {
    await this.#feed.begin(signal);
    return { snapshot: null };
  }

  snapshotOf(cursor: Cursor): string {
    const position = parseFeedCursor(cursor, this.kind);
    if (position?.step !== 'at') {
      throw new InvariantError(`Only the cursor of a complete ${this.kind} pull stands for a snapshot.`);
    }
    return position.mark;
  }

  async *pull(context: PullContext, cursor: Cursor | null): AsyncGenerator<PullEvent, void, void> {
    const position = cursor === null ? null : parseFeedCursor(cursor, this.kind);
    if (position === undefined) {
      yield { op: 'cursor-lost', why: `The cursor was not made by the ${this.kind} connector.` };
      return;
    }
    const ledger: Ledger = { failed: new FailedItems(position?.failed ?? []), brought: new Map() };
    try {
      if (position !== null) {
        yield* this.#take(context, ledger.failed.due(this.#now()), ledger);
      }
      const walk = await this.#startWalk(position, context.signal);
      yield* this.#walk(context, walk, ledger);
    } catch (error) {
      if (position === null || troubleOf(error) !== 'expired') {
        throw error;
      }
      yield { op: 'cursor-lost', why: error instanceof Error ? error.message : 'The source forgot the cursor.' };
    }
  }

  async *enumerate(signal: AbortSignal, _cursor: Cursor | null): AsyncGenerator<SourceEntry, void, void> {
    const listed = new Map<string, string>();
    let page: string | null = null;
    let pages = 0;
    do {
      const answer: FeedPage = await this.#feed.list(page, signal);
      for (const entry of answer.entries) {
        if (entry.kind === 'item') {
          listed.set(entry.item.id, entry.item.rev);
        } else {
          listed.delete(entry.id);
        }
      }
      pages += 1;
      page = this.#nextPage(page, answer.next, pages);
    } while (page !== null);
    const counted = (await this.#feed.count?.(signal)) ?? 0;
    if (listed.size < counted * COUNTED_SHARE_MIN) {
      throw new SourceTrouble(
        'incomplete',
        `${this.#feed.display} lists ${String(listed.size)} documents and counts ${String(counted)}: the listing is short. ` +
          'Nothing is taken for deleted.',
      );
    }
    for (const [id, rev] of listed) {
      yield { id, rev };
    }
  }

  async check(signal: AbortSignal): Promise<readonly CheckFinding[]> {
    try {
      const mark = await this.#feed.begin(signal);
      const more = (await this.#feed.check?.(signal)) ?? [];
      const skewMs = Math.abs(Date.parse(mark) - this.#now());
      const skewed: readonly CheckFinding[] =
        skewMs > LIMITS.sourceSkewMs
          ? [
              {
                level: 'warning',
                message: `${this.#feed.display} and this machine differ by ${String(Math.round(skewMs / 1000))} s.`,
              },
            ]
          : [];
      return [{ level: 'ok', message: `${this.#feed.display} answers.` }, ...skewed, ...more];
    } catch (error) {
      if (error instanceof SourceError) {
        return [{ level: 'error', message: error.message }];
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#feed.close();
  }

  async #startWalk(position: FeedPosition | null, signal: AbortSignal): Promise<Walk> {
    if (position?.step === 'list') {
      return { step: 'list', mark: position.mark, high: '', page: position.page };
    }
    if (position?.step === 'changes') {
      return { step: 'changes', mark: position.mark, high: position.high, page: position.page };
    }
    return position === null || this.#feed.changes === undefined
      ? { step: 'list', mark: await this.#feed.begin(signal), high: '', page: null }
      : { step: 'changes', mark: position.mark, high: '', page: null };
  }

  async *#walk(context: PullContext, walk: Walk, ledger: Ledger): AsyncGenerator<PullEvent, void, void> {
    for (let pages = 1; ; pages += 1) {
      context.signal.throwIfAborted();
      const answer = await this.#pageOf(walk, context.signal);
      yield* this.#takePage(context, answer, walk, ledger);
      const next = this.#nextPage(walk.page, answer.next, pages);
      if (next === null) {
        const mark = answer.mark ?? (walk.step === 'changes' ? later(walk.mark, walk.high) : walk.mark);
        yield { op: 'checkpoint', cursor: this.#cursor({ step: 'at', mark }, ledger.failed), complete: true };
        return;
      }
      walk.page = next;
      const { step, mark, high } = walk;
      const place = step === 'list' ? { step, mark, page: next } : { step, mark, high, page: next };
      yield { op: 'checkpoint', cursor: this.#cursor(place, ledger.failed), complete: false };
    }
  }

  async #pageOf(walk: Walk, signal: AbortSignal): Promise<FeedPage> {
    return walk.step === 'changes' && this.#feed.changes !== undefined
      ? this.#feed.changes(walk.mark, walk.page, signal)
      : this.#feed.list(walk.page, signal);
  }

  #cursor(place: Readonly<Record<string, string>>, failed: FailedItems): Cursor {
    if (failed.overflows) {
      throw new SourceTrouble(
        'unavailable',
        `More than ${String(LIMITS.failuresKeptMax)} documents of ${this.#feed.display} can't be read: the source is in trouble.`,
      );
    }
    return { ...place, kind: this.kind, failed: failed.list() };
  }

  /** A service that names the same page again, or never comes to an end, is not followed for ever. */
  #nextPage(current: string | null, next: string | null, walked: number): string | null {
    if (next !== null && (next === current || walked > LIMITS.sourcePagesMax)) {
      throw new SourceTrouble('unexpected', `The listing of ${this.#feed.display} does not come to an end.`);
    }
    return next;
  }

  async *#takePage(
    context: PullContext,
    { entries }: FeedPage,
    walk: Walk,
    ledger: Ledger,
  ): AsyncGenerator<PullEvent, void, void> {
    // Within a page the last word about a document counts.
    const items = new Map<string, FeedItem>();
    const gone = new Set<string>();
    for (const entry of entries) {
      if (entry.kind === 'item') {
        items.set(entry.item.id, entry.item);
        gone.delete(entry.item.id);
        walk.high = later(walk.high, entry.item.changedAt);
      } else {
        items.delete(entry.id);
        gone.add(entry.id);
      }
    }
    for (const id of gone) {
      ledger.failed.forget(id);
      ledger.brought.delete(id);
      yield { op: 'delete', id };
    }
    yield* this.#take(context, [...items.values()], ledger);
  }

  async *#take(
    context: PullContext,
    listed: readonly FeedItem[],
    { failed, brought }: Ledger,
  ): AsyncGenerator<PullEvent, void, void> {
    const items = listed.filter(({ id, rev }) => brought.get(id) !== rev);
    for (let from = 0; from < items.length; from += this.#groupMax) {
      context.signal.throwIfAborted();
      const group = items.slice(from, from + this.#groupMax);
      const selected = await context.select(group.map(({ id, rev }) => ({ id, rev })));
      const wanted = group.filter(({ id }) => selected.has(id));
      for (const [item, event] of await this.#reader.events(wanted, context.signal)) {
        brought.set(item.id, item.rev);
        if (event.op === 'failure' && event.failure.retryable) {
          const nextTryAt = failed.add(item, this.#now());
          yield { op: 'failure', failure: { ...event.failure, nextTryAt } };
        } else {
          failed.forget(item.id);
          yield event;
        }
      }
      for (const { id } of group.filter((item) => !selected.has(item.id))) {
        failed.forget(id);
      }
    }
  }
}
