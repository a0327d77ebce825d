/** What an answer weighs on its way through the load balancer, which takes no more than so much from a function. */
import { ANSWER_BYTES_MAX } from '../query/answer.ts';

export const PAGE_BYTES_MAX = ANSWER_BYTES_MAX;

/** A function hands its answer over as a JSON string, or as Base64 where it takes it for binary. */
export const wireBytes = (text: string): number =>
  Math.max(Buffer.byteLength(JSON.stringify(text)), Math.ceil((Buffer.byteLength(text) * 4) / 3));
