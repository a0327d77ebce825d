/**
 * Git's delta format: the sizes of source and target, then instructions that copy from the source or insert literal bytes.
 * Pure; every length is checked before it is used, because a delta comes from whoever wrote the repository.
 */

export type DeltaResult =
  | { readonly kind: 'applied'; readonly content: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'damaged' };

interface Reader {
  position: number;
}

const SIZE_BYTES_MAX = 7;
const COPY_DEFAULT_BYTES = 0x1_00_00;
const DAMAGED: DeltaResult = { kind: 'damaged' };

/** Little-endian groups of seven bits; multiplication, since shifts end at 31 bits. NaN when it doesn't end. */
const readSize = (delta: Buffer, reader: Reader): number => {
  let size = 0;
  for (let index = 0; index < SIZE_BYTES_MAX; index += 1) {
    const byte = delta[reader.position] ?? Number.NaN;
    reader.position += 1;
    size += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) {
      return size;
    }
  }
  return Number.NaN;
};

/** The bytes that the opcode's bits announce, lowest first; absent ones are zero. */
const readSparse = (delta: Buffer, reader: Reader, bits: number, count: number): number => {
  let value = 0;
  for (let index = 0; index < count; index += 1) {
    if ((bits >> index) % 2 === 1) {
      value += (delta[reader.position] ?? Number.NaN) * 256 ** index;
      reader.position += 1;
    }
  }
  return value;
};

export const applyDelta = (source: Buffer, delta: Buffer, bytesMax: number): DeltaResult => {
  const reader: Reader = { position: 0 };
  const sourceSize = readSize(delta, reader);
  const targetSize = readSize(delta, reader);
  if (sourceSize !== source.length || Number.isNaN(targetSize)) {
    return DAMAGED;
  }
  if (targetSize > bytesMax) {
    return { kind: 'too-large' };
  }
  const target = Buffer.alloc(targetSize);
  let written = 0;
  while (reader.position < delta.length) {
    const opcode = delta[reader.position] ?? 0;
    reader.position += 1;
    const copies = opcode >= 0x80;
    const from = copies ? readSparse(delta, reader, opcode & 0x0f, 4) : reader.position;
    const size = copies ? readSparse(delta, reader, (opcode >> 4) & 0x07, 3) : opcode;
    const length = copies && size === 0 ? COPY_DEFAULT_BYTES : size;
    const origin = copies ? source : delta;
    // `!(a <= b)` also refuses NaN, which is what reading past the delta's end gives.
    if (opcode === 0 || !(from + length <= origin.length) || written + length > targetSize) {
      return DAMAGED;
    }
    origin.copy(target, written, from, from + length);
    written += length;
    reader.position += copies ? 0 : length;
  }
  return written === targetSize ? { kind: 'applied', content: target } : DAMAGED;
};
