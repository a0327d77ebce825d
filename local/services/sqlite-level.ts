/**
 * An `abstract-level` store on one SQLite table, so that DynamoDB's stand-in keeps its items in a file that a person can
 * read with `sqlite3`, that survives a kill, and in which a damaged byte damages one value and nothing else.
 */
import type { DatabaseSync } from 'node:sqlite';

import { AbstractLevel } from 'abstract-level';

import { closeDatabase, openDatabase } from './database.ts';
import { type EntryOperation, GroupCommit, type Written } from './dynamodb/group-commit.ts';
import { type KeyRange, rangeCondition, RangeReader, RangeStatements } from './dynamodb/range-reader.ts';
import {
  type RangeOptions,
  ServedRange,
  SqliteIterator,
  SqliteKeyIterator,
  SqliteValueIterator,
} from './dynamodb/sqlite-iterators.ts';
import { guarded, StoreFailureError } from './dynamodb/store-failure.ts';
import { ENTRIES_SCHEMA, GET_ENTRY, type OnDamage, readEntry, servedText } from './dynamodb/value-rows.ts';

/** The open file with its statements; exists only between open and close. */
interface OpenFile {
  readonly database: DatabaseSync;
  readonly statements: RangeStatements;
  readonly writes: GroupCommit;
}

export class SqliteLevel extends AbstractLevel<string, string, unknown> {
  readonly #path: string;
  readonly #onDamage: OnDamage;
  readonly #damaged = new Set<string>();
  readonly #joined = new Map<string, readonly EntryOperation[]>();
  #open: OpenFile | undefined;

  constructor(path: string, onDamage: OnDamage) {
    super(
      {
        encodings: { utf8: true },
        seek: true,
        has: true,
        permanence: true,
        implicitSnapshots: false,
        explicitSnapshots: false,
      },
      { keyEncoding: 'utf8', valueEncoding: 'json' },
    );
    this.#path = path;
    // Once per key: a damaged value is met by every scan until somebody writes it again.
    this.#onDamage = (key) => {
      if (!this.#damaged.has(key)) {
        this.#damaged.add(key);
        onDamage(key);
      }
    };
  }

  /**
   * Adds operations to the next write of `key`, in the same transaction: an item and its index entries become durable
   * together, or a kill between them would leave a debt that no index ever finds again.
   */
  joinToNextWrite(key: string, operations: readonly EntryOperation[]): void {
    this.#joined.set(key, operations);
  }

  /** One write with what joined it; `written` is called on a later turn, after the commit. */
  writeOne(operation: EntryOperation, written: Written): void {
    const joined = this.#joined.get(operation.key) ?? [];
    this.#joined.delete(operation.key);
    this.#damaged.delete(operation.key);
    this.#file.writes.write([...joined, operation], written);
  }

  /** The value's text as it is served; undefined where there is none, or none that parses. */
  readText(key: string): string | undefined {
    return guarded(() => {
      const row = this.#file.statements.prepare(GET_ENTRY).get(key);
      return row === undefined ? undefined : servedText(readEntry(row), this.#onDamage);
    });
  }

  readRange(range: KeyRange): ServedRange {
    return new ServedRange(new RangeReader(this.#file.statements, range), this.#onDamage);
  }

  async _open(): Promise<void> {
    const database = openDatabase(this.#path, ENTRIES_SCHEMA);
    this.#open = { database, statements: new RangeStatements(database), writes: new GroupCommit(database) };
  }

  async _close(): Promise<void> {
    if (this.#open !== undefined) {
      this.#open.writes.flush();
      closeDatabase(this.#open.database);
      this.#open = undefined;
    }
  }

  async _get(key: string): Promise<string | undefined> {
    return this.readText(key);
  }

  async _getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return keys.map((key) => this.readText(key));
  }

  async _has(key: string): Promise<boolean> {
    return this.readText(key) !== undefined;
  }

  async _hasMany(keys: readonly string[]): Promise<boolean[]> {
    return keys.map((key) => this.readText(key) !== undefined);
  }

  async _put(key: string, value: string): Promise<void> {
    return this.#settle([{ type: 'put', key, value }]);
  }

  async _del(key: string): Promise<void> {
    return this.#settle([{ type: 'del', key }]);
  }

  async _batch(operations: readonly EntryOperation[]): Promise<void> {
    return this.#settle(operations);
  }

  async _clear(range: RangeOptions & { readonly limit: number }): Promise<void> {
    const { where, keys } = rangeCondition(range);
    const order = range.reverse === true ? 'DESC' : 'ASC';
    guarded(() =>
      this.#file.database
        .prepare(`DELETE FROM entries WHERE id IN (SELECT id FROM entries ${where} ORDER BY key ${order} LIMIT ?)`)
        .run(...keys, range.limit),
    );
  }

  _iterator(options: RangeOptions): SqliteIterator {
    return new SqliteIterator(this, options, this.readRange(options));
  }

  _keys(options: RangeOptions): SqliteKeyIterator {
    return new SqliteKeyIterator(this, options, this.readRange(options));
  }

  _values(options: RangeOptions): SqliteValueIterator {
    return new SqliteValueIterator(this, options, this.readRange(options));
  }

  get #file(): OpenFile {
    if (this.#open === undefined) {
      throw new StoreFailureError(new Error('the file is closed'));
    }
    return this.#open;
  }

  async #settle(operations: readonly EntryOperation[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#file.writes.write(operations, (failure) => {
        if (failure === null) {
          resolve();
        } else {
          reject(failure);
        }
      });
    });
  }
}
