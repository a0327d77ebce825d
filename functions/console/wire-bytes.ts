/** What an answer weighs on its way through the load balancer, which takes no more than so much from a function. */
import { LIMITS } from '../domain/limits.ts';

/** Headers, the rest of the function's own JSON, and the two readings of "1 MB". */
const MARGIN_BYTES = 128 * 1024;

export const PAGE_BYTES_MAX = LIMITS.albBodyBytesMax - MARGIN_BYTES;

/** A function hands its answer over as a JSON string, or as Base64 where it takes it for binary. */
export const wireBytes = (text: string): number =>
  Math.max(Buffer.byteLength(JSON.stringify(text)), Math.ceil((Buffer.byteLength(text) * 4) / 3));
