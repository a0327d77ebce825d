/**
 * Walks what is sorted by its last change, without page numbers where they can be avoided: every page begins at the last change of
 * the one before. A page number alone would skip a document whenever one before it is edited or deleted meanwhile.
 */
import { earlier } from '../http/source-time.ts';
import type { FeedItem, FeedPage } from './feed.ts';

export interface UpdatedPage {
  readonly items: readonly FeedItem[];
  /** When the last one of the page changed, whether it is wanted or not; null for an empty page. */
  readonly last: string | null;
  /** The service says that there is more after this page. */
  readonly more: boolean;
}

/** Before anything that a service holds. */
export const EPOCH = '1970-01-01T00:00:00.000Z';

/** The grain of the coarsest clock. */
const EDGE_MS = 1000;

export const walkByUpdate = async (
  start: string,
  page: string | null,
  ask: (since: string, pageNumber: number) => Promise<UpdatedPage>,
): Promise<FeedPage> => {
  const [since = start, text = '1'] = page === null ? [] : page.split(' ', 2);
  // "Since" means "at or after" to some services and "after" to others.
  const from = since > EPOCH ? earlier(since, EDGE_MS) : EPOCH;
  const { items, last, more } = await ask(from, Number(text));
  // A whole page of one instant can only be left by its number.
  const next = last !== null && last > since ? `${last} 1` : `${since} ${String(Number(text) + 1)}`;
  return { entries: items.map((item) => ({ kind: 'item', item })), next: more ? next : null };
};
