/** Turns words and their vectors into the bytes that `functions/embed/static-table.ts` reads. */
import { createHash } from 'node:crypto';
import {
  TABLE_FORMAT,
  TABLE_MAGIC,
  TABLE_PREAMBLE_BYTES,
  tableHeaderSchema,
} from '../../functions/embed/static-table.ts';

const INT8_MAX = 127;
const SCALE_BYTES = 4;

export interface WeightedRow {
  readonly word: string;
  readonly vector: Float64Array;
  /** What the row counts in a sum. */
  readonly weight: number;
}

export interface TableFacts {
  readonly model: string;
  readonly licence: string;
  readonly source: string;
  readonly unknownWeight: number;
}

const largestOf = (vector: Float64Array): number => {
  let largest = 0;
  for (const value of vector) {
    largest = Math.max(largest, Math.abs(value));
  }
  return largest;
};

const bodyOf = (rows: readonly WeightedRow[], wordBytes: Uint8Array, dimensions: number): Uint8Array => {
  const scalesStart = wordBytes.length;
  const rowsStart = scalesStart + rows.length * SCALE_BYTES;
  const body = new Uint8Array(rowsStart + rows.length * dimensions);
  const view = new DataView(body.buffer);
  body.set(wordBytes);
  for (const [row, { vector, weight }] of rows.entries()) {
    const step = largestOf(vector) / INT8_MAX;
    view.setFloat32(scalesStart + row * SCALE_BYTES, step * weight, true);
    for (const [index, value] of vector.entries()) {
      view.setInt8(rowsStart + row * dimensions + index, step === 0 ? 0 : Math.round(value / step));
    }
  }
  return body;
};

export const packTable = (rows: readonly WeightedRow[], dimensions: number, facts: TableFacts): Uint8Array => {
  const wordBytes = new TextEncoder().encode(rows.map(({ word }) => word).join('\n'));
  const body = bodyOf(rows, wordBytes, dimensions);
  const header = tableHeaderSchema.parse({
    format: TABLE_FORMAT,
    ...facts,
    dimensions,
    words: rows.length,
    wordsBytes: wordBytes.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  });
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  const table = new Uint8Array(TABLE_PREAMBLE_BYTES + headerBytes.length + body.length);
  table.set(new TextEncoder().encode(TABLE_MAGIC));
  new DataView(table.buffer).setUint32(TABLE_MAGIC.length, headerBytes.length, true);
  table.set(headerBytes, TABLE_PREAMBLE_BYTES);
  table.set(body, TABLE_PREAMBLE_BYTES + headerBytes.length);
  return table;
};
