/** Splits work into batches that the vector service takes in one call. */

/** Consecutive slices of at most `itemsMax`; none for an empty list. */
export const batchesOf = <T>(items: readonly T[], itemsMax: number): readonly (readonly T[])[] => {
  const batches: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += itemsMax) {
    batches.push(items.slice(start, start + itemsMax));
  }
  return batches;
};
