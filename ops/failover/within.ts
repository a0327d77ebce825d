/** A bound on one wait. What is waited for goes on by itself; whoever waits has an answer in time. */

export const within = async <T, Late>(work: Promise<T>, limitMs: number, onLate: () => Late): Promise<T | Late> => {
  const late = Promise.withResolvers<Late>();
  const timer = setTimeout(() => {
    late.resolve(onLate());
  }, limitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
