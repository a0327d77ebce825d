/** Runs reads side by side, at most so many at once, and keeps their order. */

export const mapLimited = async <T, R>(
  items: readonly T[],
  inFlightMax: number,
  run: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  const results = new Map<number, R>();
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of queue) {
      results.set(at, await run(item));
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlightMax, items.length) }, worker));
  return [...results].toSorted(([left], [right]) => left - right).map(([, result]) => result);
};
