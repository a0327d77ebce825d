/**
 * The truth of S3 Vectors' stand-in: one SQLite file with buckets, indexes, and each vector as a BLOB of little-endian
 * float32 plus its metadata as JSON text. A damaged BLOB byte is simply other data of that one vector.
 */
import { crc32 } from 'node:zlib';

import { SqliteFile, type SqlRow } from '../database.ts';
import type { IndexName } from './vector-names.ts';
import type { DistanceMetric } from './vector-matrix.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY,
    created_at REAL NOT NULL,
    encryption TEXT NOT NULL,
    policy TEXT,
    tags TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS indexes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    name TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    metric TEXT NOT NULL,
    non_filterable_keys TEXT NOT NULL,
    created_at REAL NOT NULL,
    encryption TEXT NOT NULL,
    tags TEXT NOT NULL,
    UNIQUE (bucket, name)
  );
  CREATE TABLE IF NOT EXISTS vectors (
    id INTEGER PRIMARY KEY,
    index_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    slot INTEGER NOT NULL,
    data BLOB NOT NULL,
    metadata TEXT
  );
  CREATE UNIQUE INDEX IF NOT EXISTS vectors_by_key ON vectors (index_id, key);
  CREATE INDEX IF NOT EXISTS vectors_by_slot ON vectors (index_id, slot, id);
`;

/** Listing segments are ranges of slots, so that parallel segments cut an index evenly and without overlap. */
export const SLOTS = 65_536;

export interface BucketRow {
  readonly name: string;
  readonly createdAt: number;
  readonly encryption: string;
  readonly policy: string | undefined;
  readonly tags: string;
}

export interface IndexRow extends IndexName {
  readonly id: number;
  readonly dimension: number;
  readonly metric: DistanceMetric;
  readonly nonFilterableKeys: ReadonlySet<string>;
  readonly createdAt: number;
  readonly encryption: string;
  readonly tags: string;
}

export interface VectorRow {
  readonly key: string;
  readonly vector: Float32Array;
  /** JSON text as stored; undefined where the vector carries none. */
  readonly metadata: string | undefined;
}

export interface ListedVector extends VectorRow {
  readonly id: number;
  readonly slot: number;
}

export interface NamePage {
  readonly after: string;
  readonly prefix: string;
  readonly limit: number;
}

export interface ListRange {
  readonly slotMin: number;
  readonly slotMax: number;
  readonly after: { readonly slot: number; readonly id: number };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const optional = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const readBucket = (row: SqlRow): BucketRow => ({
  name: text(row['name']),
  createdAt: Number(row['created_at']),
  encryption: text(row['encryption']),
  policy: optional(row['policy']),
  tags: text(row['tags']),
});

const readIndex = (row: SqlRow): IndexRow => ({
  id: Number(row['id']),
  bucket: text(row['bucket']),
  index: text(row['name']),
  dimension: Number(row['dimension']),
  metric: row['metric'] === 'euclidean' ? 'euclidean' : 'cosine',
  nonFilterableKeys: new Set(JSON.parse(text(row['non_filterable_keys'])) as string[]),
  createdAt: Number(row['created_at']),
  encryption: text(row['encryption']),
  tags: text(row['tags']),
});

const BYTES_PER_COMPONENT = 4;

const toBlob = (vector: Float32Array): Uint8Array => {
  const view = new DataView(new ArrayBuffer(vector.length * BYTES_PER_COMPONENT));
  for (const [position, component] of vector.entries()) {
    view.setFloat32(position * BYTES_PER_COMPONENT, component, true);
  }
  return new Uint8Array(view.buffer);
};

const fromBlob = (value: unknown): Float32Array => {
  if (!(value instanceof Uint8Array)) {
    return new Float32Array();
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const vector = new Float32Array(Math.floor(value.byteLength / BYTES_PER_COMPONENT));
  for (let position = 0; position < vector.length; position += 1) {
    vector[position] = view.getFloat32(position * BYTES_PER_COMPONENT, true);
  }
  return vector;
};

const readVector = (row: SqlRow): VectorRow => ({
  key: text(row['key']),
  vector: fromBlob(row['data']),
  metadata: optional(row['metadata']),
});

export class VectorDatabase {
  readonly #file: SqliteFile;

  constructor(file: string) {
    this.#file = new SqliteFile(file, SCHEMA);
  }

  close(): void {
    this.#file.close();
  }

  bucket(name: string): BucketRow | undefined {
    const row = this.#file.statement('SELECT * FROM buckets WHERE name = ?').get(name);
    return row === undefined ? undefined : readBucket(row);
  }

  buckets(page: NamePage): readonly BucketRow[] {
    return this.#file
      .statement('SELECT * FROM buckets WHERE name > ? AND substr(name, 1, length(?)) = ? ORDER BY name LIMIT ?')
      .all(page.after, page.prefix, page.prefix, page.limit)
      .map(readBucket);
  }

  insertBucket(bucket: Omit<BucketRow, 'policy'>): void {
    this.#file
      .statement('INSERT INTO buckets (name, created_at, encryption, tags) VALUES (?, ?, ?, ?)')
      .run(bucket.name, bucket.createdAt, bucket.encryption, bucket.tags);
  }

  deleteBucket(name: string): void {
    this.#file.statement('DELETE FROM buckets WHERE name = ?').run(name);
  }

  setPolicy(bucket: string, policy: string | undefined): void {
    this.#file.statement('UPDATE buckets SET policy = ? WHERE name = ?').run(policy ?? null, bucket);
  }

  setBucketTags(bucket: string, tags: string): void {
    this.#file.statement('UPDATE buckets SET tags = ? WHERE name = ?').run(tags, bucket);
  }

  index({ bucket, index }: IndexName): IndexRow | undefined {
    const row = this.#file.statement('SELECT * FROM indexes WHERE bucket = ? AND name = ?').get(bucket, index);
    return row === undefined ? undefined : readIndex(row);
  }

  indexes(bucket: string, page: NamePage): readonly IndexRow[] {
    return this.#file
      .statement(
        'SELECT * FROM indexes WHERE bucket = ? AND name > ? AND substr(name, 1, length(?)) = ? ORDER BY name LIMIT ?',
      )
      .all(bucket, page.after, page.prefix, page.prefix, page.limit)
      .map(readIndex);
  }

  insertIndex(row: Omit<IndexRow, 'id'>): void {
    this.#file
      .statement(
        `INSERT INTO indexes (bucket, name, dimension, metric, non_filterable_keys, created_at, encryption, tags)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        row.bucket,
        row.index,
        row.dimension,
        row.metric,
        JSON.stringify([...row.nonFilterableKeys]),
        row.createdAt,
        row.encryption,
        row.tags,
      );
  }

  deleteIndex(id: number): void {
    this.#file.transaction(() => {
      this.#file.statement('DELETE FROM vectors WHERE index_id = ?').run(id);
      this.#file.statement('DELETE FROM indexes WHERE id = ?').run(id);
    });
  }

  setIndexTags(id: number, tags: string): void {
    this.#file.statement('UPDATE indexes SET tags = ? WHERE id = ?').run(tags, id);
  }

  countVectors(indexId: number): number {
    return Number(
      this.#file.statement('SELECT count(*) AS total FROM vectors WHERE index_id = ?').get(indexId)?.['total'],
    );
  }

  putVectors(indexId: number, rows: readonly VectorRow[]): void {
    const put = this.#file.statement(
      `INSERT INTO vectors (index_id, key, slot, data, metadata) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (index_id, key) DO UPDATE SET data = excluded.data, metadata = excluded.metadata`,
    );
    this.#file.transaction(() => {
      for (const { key, vector, metadata } of rows) {
        put.run(indexId, key, crc32(key) % SLOTS, toBlob(vector), metadata ?? null);
      }
    });
  }

  deleteVectors(indexId: number, keys: readonly string[]): void {
    const remove = this.#file.statement('DELETE FROM vectors WHERE index_id = ? AND key = ?');
    this.#file.transaction(() => {
      for (const key of keys) {
        remove.run(indexId, key);
      }
    });
  }

  vector(indexId: number, key: string): VectorRow | undefined {
    const row = this.#file
      .statement('SELECT key, data, metadata FROM vectors WHERE index_id = ? AND key = ?')
      .get(indexId, key);
    return row === undefined ? undefined : readVector(row);
  }

  /** In slot order from a position on; the caller ends the iteration at its page's bounds. */
  *list(indexId: number, range: ListRange): Generator<ListedVector> {
    const rows = this.#file
      .statement(
        `SELECT id, slot, key, data, metadata FROM vectors
       WHERE index_id = ? AND slot BETWEEN ? AND ? AND (slot, id) > (?, ?) ORDER BY slot, id`,
      )
      .iterate(indexId, range.slotMin, range.slotMax, range.after.slot, range.after.id);
    for (const row of rows) {
      yield { ...readVector(row), id: Number(row['id']), slot: Number(row['slot']) };
    }
  }

  *all(indexId: number): Generator<VectorRow> {
    for (const row of this.#file
      .statement('SELECT key, data, metadata FROM vectors WHERE index_id = ?')
      .iterate(indexId)) {
      yield readVector(row);
    }
  }
}
