/**
 * Git's framing: every packet starts with its length as four hex digits; three lengths are marks without a payload.
 * Reading is incremental: at most one packet (64 KiB) and one chunk of the network are in memory.
 */
import { GitTrouble } from './git-trouble.ts';

export type Packet =
  | { readonly kind: 'data'; readonly payload: Buffer }
  | { readonly kind: 'flush' }
  | { readonly kind: 'delimiter' }
  | { readonly kind: 'response-end' };

const LENGTH_BYTES = 4;
const PACKET_BYTES_MAX = 65_520;
const MARKS: ReadonlyMap<number, Packet> = new Map([
  [0, { kind: 'flush' }],
  [1, { kind: 'delimiter' }],
  [2, { kind: 'response-end' }],
]);

export const FLUSH = '0000';
export const DELIMITER = '0001';

export const encodePacket = (text: string): string => {
  const line = `${text}\n`;
  return `${(Buffer.byteLength(line) + LENGTH_BYTES).toString(16).padStart(LENGTH_BYTES, '0')}${line}`;
};

const readLength = (head: Buffer): number => {
  const digits = head.toString('latin1');
  const length = /^[0-9a-fA-F]{4}$/u.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
  if (Number.isNaN(length) || length === 3 || length > PACKET_BYTES_MAX) {
    throw new GitTrouble('remote', "The server's answer is not the git protocol.");
  }
  return length;
};

/** The packets of one answer. Bytes that end inside a packet are trouble, never a short answer. */
export async function* readPackets(chunks: AsyncIterable<Buffer>): AsyncGenerator<Packet, void, void> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= LENGTH_BYTES) {
      const length = readLength(pending.subarray(0, LENGTH_BYTES));
      const mark = MARKS.get(length);
      if (mark === undefined && pending.length < length) {
        break;
      }
      const end = mark === undefined ? length : LENGTH_BYTES;
      const payload = pending.subarray(LENGTH_BYTES, end);
      pending = pending.subarray(end);
      yield mark ?? { kind: 'data', payload };
    }
  }
  if (pending.length > 0) {
    throw new GitTrouble('remote', "The server's answer ends in the middle of a packet.");
  }
}

/** A packet's text without the line feed that ends it. */
export const textOf = (payload: Buffer): string => payload.toString('utf8').replace(/\n$/u, '');
