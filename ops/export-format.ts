/**
 * The file of `twinmap export`: JSON lines. A head, then records and vectors, each with the hash that it is stored under, then an
 * end with counts and the hash of every line before it: a file that was cut or changed is refused before anything is written.
 */
import { Buffer } from 'node:buffer';

import { z } from 'zod';

import { TABLE_NAMES, type TableName } from '../functions/domain/record.ts';
import type { StoredRecord } from '../functions/stores/record-store.ts';
import type { StoredVector } from '../functions/stores/vector-store.ts';

export const EXPORT_FORMAT = 1;

const BYTES_PER_NUMBER = 4;

export const headSchema = z.strictObject({
  twinmap: z.literal('export'),
  format: z.literal(EXPORT_FORMAT),
  region: z.string(),
  at: z.iso.datetime(),
});

const recordSchema = z.strictObject({
  t: z.enum(TABLE_NAMES),
  pk: z.string(),
  sk: z.string(),
  v: z.string(),
  op: z.string(),
  h: z.string(),
  data: z.string(),
});

const vectorSchema = z.strictObject({
  k: z.string(),
  m: z.strictObject({ src: z.string(), doc: z.string(), chunk: z.string(), h: z.string() }),
  /** Float32, little endian, Base64. */
  f: z.base64(),
});

const countsSchema = z.strictObject({
  workspaces: z.int().min(0),
  audit: z.int().min(0),
  graph: z.int().min(0),
  vectors: z.int().min(0),
});

export const endSchema = z.strictObject({ end: z.literal(true), counts: countsSchema, sha256: z.string() });

export type ExportHead = z.infer<typeof headSchema>;
export type ExportEnd = z.infer<typeof endSchema>;
export type ExportCounts = z.infer<typeof countsSchema>;
export type ExportedRecord = z.infer<typeof recordSchema>;

export type ExportedItem =
  | { readonly kind: 'record'; readonly record: ExportedRecord }
  | { readonly kind: 'vector'; readonly vector: StoredVector };

export const recordLine = (table: TableName, { pk, sk, v, op, h, data }: StoredRecord): string =>
  JSON.stringify({ t: table, pk, sk, v, op, h, data } satisfies ExportedRecord);

const bytesOf = (data: Float32Array): Buffer => {
  const bytes = Buffer.alloc(data.length * BYTES_PER_NUMBER);
  for (const [at, value] of data.entries()) {
    bytes.writeFloatLE(value, at * BYTES_PER_NUMBER);
  }
  return bytes;
};

const numbersOf = (bytes: Buffer): Float32Array =>
  Float32Array.from({ length: Math.floor(bytes.length / BYTES_PER_NUMBER) }, (_, at) =>
    bytes.readFloatLE(at * BYTES_PER_NUMBER),
  );

export const vectorLine = ({ key, data, metadata }: StoredVector): string => {
  const { src, doc, chunk, h } = metadata;
  return JSON.stringify({ k: key, m: { src, doc, chunk, h }, f: bytesOf(data).toString('base64') });
};

/** Undefined where the text is no JSON. */
export const parseLine = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** A line between head and end; undefined where it is neither a record nor a vector. */
export const parseItem = (value: unknown): ExportedItem | undefined => {
  const record = recordSchema.safeParse(value);
  if (record.success) {
    return { kind: 'record', record: record.data };
  }
  const vector = vectorSchema.safeParse(value);
  if (!vector.success) {
    return undefined;
  }
  const { k, m, f } = vector.data;
  return { kind: 'vector', vector: { key: k, data: numbersOf(Buffer.from(f, 'base64')), metadata: m } };
};

export const emptyCounts = (): ExportCounts => ({ workspaces: 0, audit: 0, graph: 0, vectors: 0 });
