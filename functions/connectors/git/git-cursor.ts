/**
 * The git connector's cursor: the commit that was read, or the commit that is being read, what it is compared with, and how
 * far. It comes back from a store, so it is parsed like any other input.
 */
import { z } from 'zod';
import type { Cursor } from '../connector.ts';

const oid = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/u);
const cursorSchema = z.union([
  z.strictObject({ commit: oid }),
  /** `base` null: everything in the commit is new. `after`: the last id that is covered. */
  z.strictObject({ commit: oid, base: oid.nullable(), after: z.string() }),
]);

export type Position =
  | { readonly kind: 'start' }
  /** All of this commit was read. */
  | { readonly kind: 'at'; readonly commit: string }
  /** This commit is being read; it stays pinned however often the branch moves meanwhile. */
  | { readonly kind: 'within'; readonly commit: string; readonly base: string | null; readonly after: string }
  | { readonly kind: 'foreign' };

export const parseCursor = (cursor: Cursor | null): Position => {
  if (cursor === null) {
    return { kind: 'start' };
  }
  const parsed = cursorSchema.safeParse(cursor);
  if (!parsed.success) {
    return { kind: 'foreign' };
  }
  return 'after' in parsed.data ? { kind: 'within', ...parsed.data } : { kind: 'at', ...parsed.data };
};
