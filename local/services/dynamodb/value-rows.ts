/**
 * The rows of the key-value table under DynamoDB's stand-in. Each carries the CRC-32 of its text, so that a damaged value
 * is noticed without parsing every value twice: text that still parses is served as it is (a flipped digit is what deep
 * repair has to find), text that doesn't is treated as missing and reported.
 */
import { crc32 } from 'node:zlib';

import { DamagedRecordError } from '../../../functions/domain/errors.ts';

export const ENTRIES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    crc INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS entries_by_key ON entries (key);
`;

export const PUT_ENTRY = `
  INSERT INTO entries (key, value, crc) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, crc = excluded.crc
`;

export const DELETE_ENTRY = 'DELETE FROM entries WHERE key = ?';

export const GET_ENTRY = 'SELECT key, value, crc FROM entries WHERE key = ?';

export type OnDamage = (key: string) => void;

export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly crc: number;
}

type SqlRow = Readonly<Record<string, unknown>>;

export const readEntry = (row: SqlRow): Entry => {
  const { key, value, crc } = row;
  if (typeof key !== 'string' || typeof crc !== 'number') {
    throw new DamagedRecordError(
      'A row of the entries table has no key or no checksum; the file is damaged beyond values.',
    );
  }
  // A damaged row header can turn the text into another type: then there is no text left to serve.
  return { key, value: typeof value === 'string' ? value : '', crc };
};

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
};

/** The text to serve; undefined where the value is damaged beyond parsing. */
export const servedText = (entry: Entry, onDamage: OnDamage): string | undefined => {
  if (crc32(entry.value) === entry.crc || parses(entry.value)) {
    return entry.value;
  }
  onDamage(entry.key);
  return undefined;
};
