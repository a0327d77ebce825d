/** Reads a request body up to a bound. What is over it is drained and dropped, so that the client can read the refusal. */
import type { IncomingMessage } from 'node:http';

import { WireError } from './service.ts';

export type BodyRead = { readonly kind: 'whole'; readonly bytes: Buffer } | { readonly kind: 'too-large' };

export const readBody = async (request: IncomingMessage, bytesMax: number): Promise<BodyRead> => {
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bytesMax) {
        chunks.push(chunk);
      } else if (size > 4 * bytesMax) {
        // Nobody reads an answer while sending without end.
        request.destroy();
      }
    });
    request.once('end', () => {
      resolve(size > bytesMax ? { kind: 'too-large' } : { kind: 'whole', bytes: Buffer.concat(chunks, size) });
    });
    request.once('error', reject);
    request.once('close', () => {
      if (!request.complete) {
        reject(new WireError(400, 'RequestAborted', 'The client hung up before its request was complete.'));
      }
    });
  });
};
