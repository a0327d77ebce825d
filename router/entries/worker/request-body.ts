/** The body of a request at a worker: none, small enough to be kept and sent again, or streamed once under a bound. */
import type { RouterConfig } from '../../config/schema.ts';

/** `over` ends with why the body can't go on: then its attempt has to be aborted. */
export type WorkerBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'kept'; readonly bytes: ArrayBuffer }
  | {
      readonly kind: 'stream';
      readonly chunks: ReadableStream<Uint8Array>;
      readonly over: Promise<'too-large' | 'broken'>;
    };

export const NO_BODY: WorkerBody = { kind: 'none' };

const NEVER = Promise.withResolvers<'broken'>().promise;

const forever = async (): Promise<void> => {
  await Promise.withResolvers<undefined>().promise;
};

/**
 * The runtime ends a body at its content-length; one without a length is counted. A stream that errors is ended *cleanly* by
 * workerd, and the Region would take half a body for a whole one: so it stalls instead, until its attempt is aborted.
 */
const counted = (body: ReadableStream<Uint8Array>, bytesMax: number): WorkerBody => {
  const over = Promise.withResolvers<'too-large' | 'broken'>();
  const reader = body.getReader();
  let bytes = 0;
  const chunks = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        bytes += value?.byteLength ?? 0;
        if (done) {
          controller.close();
          return;
        }
        if (bytes <= bytesMax) {
          controller.enqueue(value);
          return;
        }
        over.resolve('too-large');
      } catch {
        over.resolve('broken'); // The client broke off.
      }
      await forever();
    },
  });
  return { kind: 'stream', chunks, over: over.promise };
};

export const readWorkerBody = async (request: Request, limits: RouterConfig['limits']): Promise<WorkerBody> => {
  const { body } = request;
  if (body === null) {
    return NO_BODY;
  }
  const length = request.headers.get('content-length');
  if (length === null) {
    return counted(body, limits.bodyBytesMax);
  }
  return Number(length) <= limits.replayBytesMax
    ? { kind: 'kept', bytes: await request.arrayBuffer() }
    : { kind: 'stream', chunks: body, over: NEVER };
};
