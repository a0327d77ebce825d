/**
 * The body of an answer whose end nobody knows, with a bound on how long its next part may take: a Region that dies within a
 * stream would keep its client waiting for ever. It ends with an error, so that half an answer looks like half an answer.
 */

class IdleAnswerError extends Error {
  override readonly name = 'IdleAnswerError';
}

/** Read only as fast as the client reads: while nobody asks for more, no clock runs. */
export const watchedBody = (body: ReadableStream<Uint8Array>, idleTimeoutMs: number): ReadableStream<Uint8Array> => {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const late = Promise.withResolvers<'late'>();
      const timer = setTimeout(() => {
        late.resolve('late');
      }, idleTimeoutMs);
      try {
        const next = await Promise.race([reader.read(), late.promise]);
        if (next === 'late') {
          throw new IdleAnswerError(`No part of the answer came within ${idleTimeoutMs} ms.`);
        }
        if (next.done) {
          controller.close();
        } else {
          controller.enqueue(next.value);
        }
      } finally {
        clearTimeout(timer);
      }
    },
    async cancel(reason) {
      await reader.cancel(reason);
    },
  });
};
