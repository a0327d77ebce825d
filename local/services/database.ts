/**
 * Opens the SQLite files of a local Region. WAL with synchronous NORMAL: what was acknowledged survives the kill of the
 * process, and a person can look into the files with `sqlite3` while the Region runs.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';

import { RegionUnavailableError } from '../../functions/domain/errors.ts';

const BUSY_TIMEOUT_MS = 2000;
/** 16 MiB of log before it is written back: fewer, larger checkpoints rewrite each page less often. */
const CHECKPOINT_PAGES = 4096;
const CACHE_KIB = 16_384;

const configure = (database: DatabaseSync, schema: string): void => {
  database.exec(`
    PRAGMA synchronous = NORMAL;
    PRAGMA journal_mode = WAL;
    PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA cache_size = -${CACHE_KIB};
  `);
  database.exec(schema);
};

export const openDatabase = (file: string, schema: string): DatabaseSync => {
  mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    configure(database, schema);
    return database;
  } catch (error) {
    database.close();
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new RegionUnavailableError(
      `The local Region can't open ${file}: ${reason}. Put back a copy of it, or move it away to start without its data.`,
      { cause: error },
    );
  }
};

/** Writes the log back into the file, so that the file alone is the whole state. */
export const closeDatabase = (database: DatabaseSync): void => {
  if (database.isOpen) {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  }
};

/** All of it or nothing. Everything inside is synchronous, so no other write can come in between. */
export const inTransaction = <T>(database: DatabaseSync, work: () => T): T => {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
};

export type SqlRow = Record<string, SQLOutputValue>;

/** A file with its prepared statements, each prepared once: what the stand-ins' own databases are made of. */
export class SqliteFile {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string, schema: string) {
    this.#database = openDatabase(file, schema);
  }

  close(): void {
    closeDatabase(this.#database);
  }

  transaction<T>(work: () => T): T {
    return inTransaction(this.#database, work);
  }

  all(sql: string, ...values: readonly SQLInputValue[]): SqlRow[] {
    return this.statement(sql).all(...values);
  }

  run(sql: string, ...values: readonly SQLInputValue[]): void {
    this.statement(sql).run(...values);
  }

  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      return known;
    }
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
