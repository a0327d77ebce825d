/**
 * What a unit consists of: its documents and the slots of their chunks. A posting names a chunk by its handle and its length; the
 * directory says whose it is, and the document's own record then decides whether it is still there. A slot that no
 * directory lists is of a chunk that is gone.
 */
import { parseJsonFields } from './json-payload.ts';
import { handleOfSlot } from './postings.ts';

export interface DirectoryDocument {
  /** The last twenty hexadecimal digits of its id. */
  readonly hash: string;
  /** Of its chunks: handle and class of length as one number. */
  readonly slots: readonly number[];
}

export interface Directory {
  /** How many units the source is split into. */
  readonly parts: number;
  /** Buckets that have a record, as 32 hexadecimal digits of a bit map. */
  readonly buckets: ReadonlySet<number>;
  readonly chunks: number;
  readonly documents: readonly DirectoryDocument[];
}

const HASH_BYTES = 10;
const HEAD_BYTES = HASH_BYTES + 2;
const SLOT_BYTES = 3;
/** Of the format before, which listed handles alone, under another name. */
const HANDLE_BYTES = 2;
const NIBBLE_BITS = 4;
const HEX = 16;

const packDocuments = (documents: readonly DirectoryDocument[]): string => {
  const sorted = documents.toSorted((left, right) => (left.hash < right.hash ? -1 : Number(left.hash > right.hash)));
  return Buffer.concat(
    sorted.map(({ hash, slots }) => {
      const bytes = Buffer.alloc(HEAD_BYTES + SLOT_BYTES * slots.length);
      bytes.write(hash, 0, HASH_BYTES, 'hex');
      bytes.writeUInt16BE(slots.length, HASH_BYTES);
      for (const [at, slot] of slots.toSorted((left, right) => left - right).entries()) {
        bytes.writeUIntBE(slot, HEAD_BYTES + SLOT_BYTES * at, SLOT_BYTES);
      }
      return bytes;
    }),
  ).toString('base64');
};

const unpackDocuments = (text: string): readonly DirectoryDocument[] => {
  const bytes = Buffer.from(text, 'base64');
  const documents: DirectoryDocument[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const count = bytes.readUInt16BE(at + HASH_BYTES);
    const end = at + HEAD_BYTES + SLOT_BYTES * count;
    if (end > bytes.length) {
      break;
    }
    const from = at + HEAD_BYTES;
    const slots = Array.from({ length: count }, (_, index) => bytes.readUIntBE(from + SLOT_BYTES * index, SLOT_BYTES));
    documents.push({ hash: bytes.toString('hex', at, at + HASH_BYTES), slots });
    at = end;
  }
  return documents;
};

const packBuckets = (buckets: ReadonlySet<number>, count: number): string =>
  Array.from({ length: count / NIBBLE_BITS }, (_, digit) => {
    const bits = [0, 1, 2, 3].filter((bit) => buckets.has(digit * NIBBLE_BITS + bit));
    return bits.reduce((sum, bit) => sum + 2 ** bit, 0).toString(HEX);
  }).join('');

const unpackBuckets = (text: string): ReadonlySet<number> => {
  const buckets = new Set<number>();
  for (const [digit, character] of text.split('').entries()) {
    const bits = Number.parseInt(character, HEX);
    for (const bit of [0, 1, 2, 3]) {
      if ((bits & (2 ** bit)) !== 0) {
        buckets.add(digit * NIBBLE_BITS + bit);
      }
    }
  }
  return buckets;
};

export const directoryPayload = (
  { parts, buckets, chunks, documents }: Directory,
  bucketCount: number,
): Readonly<Record<string, unknown>> => ({
  b: packBuckets(buckets, bucketCount),
  m: parts,
  n: chunks,
  s: packDocuments(documents),
});

/** Undefined where the text is no directory: its unit is then not there, and derived anew by the next comparison. */
export const parseDirectory = (data: string): Directory | undefined => {
  const fields = parseJsonFields(data);
  const { b, m, n, s } = fields ?? {};
  return typeof b === 'string' && typeof s === 'string' && typeof m === 'number' && typeof n === 'number'
    ? { parts: m, buckets: unpackBuckets(b), chunks: n, documents: unpackDocuments(s) }
    : undefined;
};

interface FoundSlot {
  readonly slot: number;
  readonly hash: string;
}

/** Of packed documents, whose numbers have so many bytes: what these numbers stand for among the wanted. */
const findNumbers = (
  packed: string,
  numberBytes: number,
  wanted: ReadonlyMap<number, readonly number[]>,
): readonly FoundSlot[] => {
  const bytes = Buffer.from(packed, 'base64');
  const found: FoundSlot[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const end = at + HEAD_BYTES + numberBytes * bytes.readUInt16BE(at + HASH_BYTES);
    for (let index = at + HEAD_BYTES; index + numberBytes <= Math.min(end, bytes.length); index += numberBytes) {
      const slots = wanted.get(bytes.readUIntBE(index, numberBytes));
      if (slots !== undefined) {
        const hash = bytes.toString('hex', at, at + HASH_BYTES);
        found.push(...slots.map((slot) => ({ slot, hash })));
      }
    }
    at = end;
  }
  return found;
};

/**
 * Whose chunks these slots are, without unpacking the rest: a search meets sixty directories. The format before is read too: a source
 * that is switched off, or whose origin can't be reached, is not derived anew, and has to be found all the same. Undefined where it is
 * a directory of neither.
 */
export const findSlots = (data: string, wanted: ReadonlySet<number>): readonly FoundSlot[] | undefined => {
  const { d, s } = parseJsonFields(data) ?? {};
  if (typeof s === 'string') {
    return findNumbers(s, SLOT_BYTES, new Map([...wanted].map((slot) => [slot, [slot]])));
  }
  return typeof d === 'string'
    ? findNumbers(
        d,
        HANDLE_BYTES,
        Map.groupBy(wanted, (slot) => handleOfSlot(slot)),
      )
    : undefined;
};
