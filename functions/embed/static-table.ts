/**
 * The static table: one int8 row per known word, distilled by `tools/distill`. This file reads its bytes and refuses damage,
 * because a table with one flipped byte would go on answering, only wrongly.
 * Layout: magic, u32 header length, JSON header, words (one a line), float32 scales, int8 rows; all little-endian.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../domain/errors.ts';

export const TABLE_MAGIC = 'TWSTATIC';
export const TABLE_FORMAT = 1;
/** Magic and header length. */
export const TABLE_PREAMBLE_BYTES = 12;
const HEADER_BYTES_MAX = 4096;
const SCALE_BYTES = 4;

export const tableHeaderSchema = z.strictObject({
  format: z.literal(TABLE_FORMAT),
  model: z.string().regex(/^[a-z0-9.-]{1,64}$/u),
  licence: z.string(),
  source: z.string(),
  /** A power of two up to 256: the hashed fallback addresses positions by one byte. */
  dimensions: z.literal([64, 128, 256]),
  words: z.int().min(1).max(1_000_000),
  wordsBytes: z.int().min(1),
  /** Length that a word outside the table gets, in the unit of the rows. */
  unknownWeight: z.number().positive(),
  /** Of everything behind the header. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/u),
});

export type TableHeader = z.infer<typeof tableHeaderSchema>;

export interface StaticTable {
  readonly header: TableHeader;
  /** Row number of each word. */
  readonly rowOf: ReadonlyMap<string, number>;
  /** What one step of a row is worth; holds the row's quantisation and the word's weight (rare words count more). */
  readonly scales: Float32Array;
  readonly rows: Int8Array;
}

const damaged = (what: string): ConfigError =>
  new ConfigError(
    `The embedding table is damaged: ${what}. Restore functions/embed/model/static-256.bin from the repository, ` +
      'or rebuild it as its NOTICE.md says, and bundle again.',
  );

const headerEndOf = (bytes: Uint8Array): number => {
  const magic = new TextDecoder('latin1').decode(bytes.subarray(0, TABLE_MAGIC.length));
  if (bytes.length < TABLE_PREAMBLE_BYTES || magic !== TABLE_MAGIC) {
    throw damaged(`it does not begin with ${TABLE_MAGIC}`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(TABLE_MAGIC.length, true);
  if (length > HEADER_BYTES_MAX || TABLE_PREAMBLE_BYTES + length > bytes.length) {
    throw damaged(`its header claims ${length} bytes`);
  }
  return TABLE_PREAMBLE_BYTES + length;
};

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(`its header is not JSON (${error instanceof Error ? error.name : 'unknown error'})`);
  }
};

const headerOf = (text: string): TableHeader => {
  const header = tableHeaderSchema.safeParse(parsedJson(text));
  if (!header.success) {
    const [issue] = header.error.issues;
    throw damaged(`its header has a wrong ${issue?.path.join('.') ?? 'field'} (${issue?.message ?? 'unknown'})`);
  }
  return header.data;
};

const scalesOf = (body: Uint8Array, start: number, count: number): Float32Array => {
  // Through a view: the bytes may start anywhere in a pooled buffer, and a Float32Array wants multiples of four.
  const view = new DataView(body.buffer, body.byteOffset + start, count * SCALE_BYTES);
  return Float32Array.from({ length: count }, (_, row) => view.getFloat32(row * SCALE_BYTES, true));
};

const rowsByWord = (bytes: Uint8Array, count: number): ReadonlyMap<string, number> => {
  const words = new TextDecoder().decode(bytes).split('\n');
  const rowOf = new Map(words.map((word, row) => [word, row]));
  if (words.length !== count || rowOf.size !== count) {
    throw damaged(`it holds ${rowOf.size} different words in ${words.length} lines, but its header says ${count}`);
  }
  return rowOf;
};

/** Reads a table, or throws a `ConfigError` that says what is wrong with it. */
export const loadStaticTable = (bytes: Uint8Array): StaticTable => {
  const headerEnd = headerEndOf(bytes);
  const header = headerOf(new TextDecoder().decode(bytes.subarray(TABLE_PREAMBLE_BYTES, headerEnd)));
  const body = bytes.subarray(headerEnd);
  const { dimensions, words, wordsBytes } = header;
  const bodyBytes = wordsBytes + words * (SCALE_BYTES + dimensions);
  if (body.length !== bodyBytes) {
    throw damaged(`it holds ${body.length} bytes behind its header instead of ${bodyBytes}`);
  }
  if (createHash('sha256').update(body).digest('hex') !== header.sha256) {
    throw damaged('its checksum does not match');
  }
  const rowsStart = wordsBytes + words * SCALE_BYTES;
  return {
    header,
    rowOf: rowsByWord(body.subarray(0, wordsBytes), words),
    scales: scalesOf(body, wordsBytes, words),
    rows: new Int8Array(body.buffer, body.byteOffset + rowsStart, words * dimensions),
  };
};
