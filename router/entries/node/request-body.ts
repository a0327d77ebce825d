/**
 * The body of a request: none, small enough to be kept and sent again, or streamed once. It is never copied without a bound,
 * and one that breaks off or grows over the limit ends its attempt.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

import type { RouterConfig } from '../../config/schema.ts';

export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'kept'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly chunks: Readable; readonly length: string | undefined }
  /** The client went away while it was sending. */
  | { readonly kind: 'broken' };

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

export const BODY_TOO_LARGE = 'BODY_TOO_LARGE';
export const BODY_BROKEN = 'BODY_BROKEN';

/** The client's fault, never the Region's. */
class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly code: typeof BODY_TOO_LARGE | typeof BODY_BROKEN;

  constructor(code: BodyError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const limited = async function* chunksOf(req: IncomingMessage, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        break;
      }
      yield chunk;
    }
  } catch (error) {
    throw new BodyError(BODY_BROKEN, 'The client broke off while it was sending.', {
      cause: error,
    });
  }
  if (bytes > bytesMax) {
    throw new BodyError(BODY_TOO_LARGE, `The body has more than ${bytesMax} bytes.`);
  }
};

export const readBody = async (req: IncomingMessage, limits: RouterConfig['limits']): Promise<RequestBody> => {
  const length = req.headers['content-length'];
  if (length === undefined || Number(length) > limits.replayBytesMax) {
    return { kind: 'stream', chunks: Readable.from(limited(req, limits.bodyBytesMax)), length };
  }
  const read = Promise.withResolvers<RequestBody>();
  const chunks: Buffer[] = [];
  req
    .on('data', (chunk: Buffer) => {
      chunks.push(chunk);
    })
    .once('end', () => {
      read.resolve({ kind: 'kept', bytes: Buffer.concat(chunks) });
    })
    .once('error', () => {
      read.resolve({ kind: 'broken' });
    })
    .once('close', () => {
      read.resolve({ kind: 'broken' });
    });
  return read.promise;
};
