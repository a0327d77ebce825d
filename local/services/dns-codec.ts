/**
 * As much of DNS on the wire (RFC 1035) as one question of a resolver needs: its name and type, and an answer with
 * addresses or without.
 */

export type RecordType = 'A' | 'AAAA' | 'other';

export interface Question {
  readonly id: number;
  /** In lower case, without the last dot. */
  readonly name: string;
  readonly type: RecordType;
  /** The question as it came, to be sent back. */
  readonly bytes: Buffer;
}

export type ResponseCode = 'ok' | 'servfail' | 'nxdomain' | 'refused';

const HEADER_BYTES = 12;
const LABEL_BYTES_MAX = 63;
const TYPES: Readonly<Record<number, RecordType>> = { 1: 'A', 28: 'AAAA' };
const CODES: Readonly<Record<ResponseCode, number>> = { ok: 0, servfail: 2, nxdomain: 3, refused: 5 };
/** A response, with recursion asked for and given. */
const RESPONSE_FLAGS = 0x81_80;
const QUERY_MASK = 0xf8_00;
/** Points to the name of the question, right behind the header. */
const NAME_POINTER = 0xc0_00 + HEADER_BYTES;
const ANSWER_BYTES = 16;
/** Short, so that a test need not wait for an answer to grow old. */
const TTL_SECONDS = 1;

/** Undefined for what is no plain query with one question. */
export const parseQuestion = (packet: Buffer): Question | undefined => {
  if (packet.length < HEADER_BYTES || (packet.readUInt16BE(2) & QUERY_MASK) !== 0 || packet.readUInt16BE(4) !== 1) {
    return undefined;
  }
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    if (length > LABEL_BYTES_MAX || at + length + 1 >= packet.length) {
      return undefined;
    }
    labels.push(packet.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  const end = at + 5;
  return packet.length < end
    ? undefined
    : {
        id: packet.readUInt16BE(0),
        name: labels.join('.'),
        type: TYPES[packet.readUInt16BE(at + 1)] ?? 'other',
        bytes: packet.subarray(HEADER_BYTES, end),
      };
};

const addressRecord = (address: string): Buffer => {
  const record = Buffer.alloc(ANSWER_BYTES);
  record.writeUInt16BE(NAME_POINTER, 0);
  record.writeUInt16BE(1, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(TTL_SECONDS, 6);
  record.writeUInt16BE(4, 10);
  for (const [at, part] of address.split('.').entries()) {
    record[12 + at] = Number(part);
  }
  return record;
};

/** An answer with IPv4 addresses; `ok` without any is what DNS calls no data. */
export const encodeAnswer = (question: Question, code: ResponseCode, addresses: readonly string[] = []): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(RESPONSE_FLAGS | CODES[code], 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([header, question.bytes, ...addresses.map((address) => addressRecord(address))]);
};
