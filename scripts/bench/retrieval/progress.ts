/** Says how far a long run is, every few seconds. */

const EVERY_MS = 5000;

export const progress = (
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): ((what: string) => void) => {
  const startedAt = now();
  let saidAt = startedAt;
  return (what) => {
    if (now() - saidAt >= EVERY_MS) {
      saidAt = now();
      const heapMib = Math.round(process.memoryUsage.rss() / 2 ** 20);
      write(`  ${Math.round((saidAt - startedAt) / 1000)} s: ${what} (${heapMib} MiB)\n`);
    }
  };
};
