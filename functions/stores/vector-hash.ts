/** What identifies a vector: the hash of its float32 bytes and metadata, and the key made from it (DESIGN §3.7). */
import { isMutant } from '../domain/mutants.ts';
import { canonicalText, sha256Hex } from './envelope.ts';
import type { StoredVector, VectorMetadata } from './vector-store.ts';

const BYTES_PER_VALUE = 4;

/** Little endian on every machine: the bytes are compared between Regions. */
const float32Bytes = (data: Float32Array): Buffer => {
  const bytes = Buffer.alloc(data.length * BYTES_PER_VALUE);
  for (const [at, value] of data.entries()) {
    bytes.writeFloatLE(value, at * BYTES_PER_VALUE);
  }
  return bytes;
};

/** SHA-256 over the bytes and all metadata but `h` itself. */
export const vectorHash = (data: Float32Array, metadata: Omit<VectorMetadata, 'h'>): string => {
  const { src, doc, chunk } = metadata;
  return sha256Hex(Buffer.concat([float32Bytes(data), Buffer.from(canonicalText({ src, doc, chunk }))]));
};

/**
 * An immutable vector under a key that is never used again: the same document, bytes and metadata put by another run
 * is another key, so a late delete of the old one can't remove the new one.
 */
export const makeVector = (numbers: Float32Array, metadata: Omit<VectorMetadata, 'h'>, run: string): StoredVector => {
  // JSON carries no sign of a zero: a hash over -0 would call the stored vector, which has 0 there, damaged.
  const data = numbers.map((value) => (value === 0 ? 0 : value));
  const h = vectorHash(data, metadata);
  return {
    key: `${metadata.doc}#${h}#${isMutant('content-only-key') ? 'RUN' : run}`,
    data,
    metadata: { ...metadata, h },
  };
};
