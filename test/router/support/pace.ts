/** Requests at a fixed pace, whatever becomes of them: what users do while a Region breaks. */
export const pace = async <T>(count: number, everyMs: number, send: (at: number) => Promise<T>): Promise<T[]> => {
  const sent: Promise<T>[] = [];
  const startMs = performance.now();
  for (let at = 0; at < count; at += 1) {
    const waitMs = startMs + at * everyMs - performance.now();
    if (waitMs > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    }
    sent.push(send(at));
  }
  return Promise.all(sent);
};
