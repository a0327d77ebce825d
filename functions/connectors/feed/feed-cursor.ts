/**
 * A feed's cursor: walking the list, walking changes, or through; and the documents that could not be read, each with its next
 * try. It comes back from a store, so it is parsed like any other input.
 */
import { z } from 'zod';

import { LIMITS } from '../../domain/limits.ts';
import type { Cursor } from '../connector.ts';
import type { FeedItem } from './feed.ts';

const itemSchema = z.strictObject({
  id: z.string(),
  rev: z.string(),
  path: z.string(),
  url: z.string().exactOptional(),
  changedAt: z.string(),
  extra: z.record(z.string(), z.string()).exactOptional(),
});

const failedSchema = z.strictObject({ item: itemSchema, attempts: z.int().min(1), dueAt: z.number() });

export interface FailedItem {
  readonly item: FeedItem;
  readonly attempts: number;
  /** In ms since 1970, by our clock. */
  readonly dueAt: number;
}

const common = { kind: z.string(), mark: z.string(), failed: z.array(failedSchema).max(LIMITS.failuresKeptMax) };

const cursorSchema = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('list'), page: z.string(), ...common }),
  /** `high`: the latest change that was seen on the way. */
  z.strictObject({ step: z.literal('changes'), page: z.string(), high: z.string(), ...common }),
  z.strictObject({ step: z.literal('at'), ...common }),
]);

export type FeedPosition = z.infer<typeof cursorSchema>;

/** Undefined for a cursor that this kind of feed did not write. */
export const parseFeedCursor = (cursor: Cursor, kind: string): FeedPosition | undefined => {
  const parsed = cursorSchema.safeParse(cursor);
  return parsed.success && parsed.data.kind === kind ? parsed.data : undefined;
};

/** What a cursor keeps of an item: never its content. */
const withoutContent = ({ content: _content, ...item }: FeedItem): FeedItem => item;

const delayOf = (attempts: number): number =>
  Math.min(LIMITS.failureRetryMaxMs, LIMITS.failureRetryMinMs * 2 ** (attempts - 1));

/** The documents that a pull could not read; a change or a success takes one off. */
export class FailedItems {
  readonly #items: Map<string, FailedItem>;

  constructor(items: readonly FailedItem[]) {
    this.#items = new Map(items.map((failed) => [failed.item.id, failed]));
  }

  due(now: number): readonly FeedItem[] {
    return [...this.#items.values()].filter(({ dueAt }) => dueAt <= now).map(({ item }) => item);
  }

  /** Answers with when it is tried again. */
  add(item: FeedItem, now: number): number {
    const attempts = (this.#items.get(item.id)?.attempts ?? 0) + 1;
    const dueAt = now + delayOf(attempts);
    this.#items.set(item.id, { item: withoutContent(item), attempts, dueAt });
    return dueAt;
  }

  forget(id: string): void {
    this.#items.delete(id);
  }

  get overflows(): boolean {
    return this.#items.size > LIMITS.failuresKeptMax;
  }

  list(): FailedItem[] {
    return [...this.#items.values()];
  }
}
