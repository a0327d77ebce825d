/** The difference of two listings, in order of id, so that "everything up to this id" is one word in a cursor. Pure. */
import type { ListedFile } from './tree-listing.ts';

export type Change =
  | { readonly kind: 'present'; readonly id: string; readonly file: ListedFile }
  | { readonly kind: 'gone'; readonly id: string };

/** A rename is a deletion and a new file: the path is the id. */
export const changesBetween = (
  base: readonly ListedFile[],
  target: readonly ListedFile[],
  after: string | null,
): readonly Change[] => {
  const before = new Map(base.map((file) => [file.id, file.rev]));
  const changes: Change[] = [];
  for (const file of target) {
    if (before.get(file.id) !== file.rev) {
      changes.push({ kind: 'present', id: file.id, file });
    }
    before.delete(file.id);
  }
  for (const id of before.keys()) {
    changes.push({ kind: 'gone', id });
  }
  return changes
    .filter(({ id }) => after === null || id > after)
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
};
