/**
 * What a service has to tell for the feed connector to do the rest: pages of what there is, pages of what changed, and texts.
 * Everything that is hard to get right (cursors, selection, failures, total listings) is in the feed connector, once.
 */
import type { CheckFinding, SkipReason, SourceEntry } from '../connector.ts';

export type FeedContent =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'skip'; readonly reason: SkipReason };

export interface FeedItem extends SourceEntry {
  /** Where people find it; its ending says how it is split: `.md` for text with headings. */
  readonly path: string;
  readonly url?: string;
  /** By the service's clock, ISO 8601 in UTC; empty where the service does not say. */
  readonly changedAt: string;
  /** What `read` needs beyond the id. It is kept in cursors: a few short texts, no secrets. */
  readonly extra?: Readonly<Record<string, string>>;
  /** Where the page brings the content already, or tells that there is none. */
  readonly content?: FeedContent;
}

export type FeedEntry =
  { readonly kind: 'item'; readonly item: FeedItem } | { readonly kind: 'gone'; readonly id: string };

export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** How to ask for the page after this one; null at the end. */
  readonly next: string | null;
  /** On the last page: what later changes are asked for with, where the service hands that out (a delta link). */
  readonly mark?: string;
}

export interface Feed {
  readonly kind: string;
  /** For messages: the host and what is read there. */
  readonly display: string;
  readonly deletions: 'events' | 'listing';
  /** Items that one call of `read` takes at most. */
  readonly readItemsMax: number;
  /** Before a walk: where the changes after it begin, by the service's clock. */
  begin(signal: AbortSignal): Promise<string>;
  list(page: string | null, signal: AbortSignal): Promise<FeedPage>;
  /** Asks again from a little before the mark: what is brought twice is not selected twice. Absent: every pull walks the list. */
  changes?(mark: string, page: string | null, signal: AbortSignal): Promise<FeedPage>;
  /** Contents by id. An id without content is one that may not be read, or is gone. */
  read(items: readonly FeedItem[], signal: AbortSignal): Promise<ReadonlyMap<string, FeedContent>>;
  /** How many documents there are, where the service counts them: a listing far below is short. */
  count?(signal: AbortSignal): Promise<number>;
  /** What can be told about credentials, scopes and settings beyond "it answers". */
  check?(signal: AbortSignal): Promise<readonly CheckFinding[]>;
  close(): Promise<void>;
}

/** An ISO time in one form, so that times compare as text; empty for what is no time. */
export const isoTime = (text: string | null | undefined): string => {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? '' : new Date(time).toISOString();
};
