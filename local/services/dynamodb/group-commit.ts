/**
 * Writes of one turn of the event loop share one transaction, and each is acknowledged after the commit: a commit costs
 * more than the write, and sixteen clients bring several writes per turn. A write and what joined it stay together.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';

import { StoreFailureError } from './store-failure.ts';
import { DELETE_ENTRY, PUT_ENTRY } from './value-rows.ts';

export type EntryOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** Called once: with null when the operations are durable, with the failure when none of their group is. */
export type Written = (failure: StoreFailureError | null) => void;

interface Waiting {
  readonly operations: readonly EntryOperation[];
  readonly written: Written;
}

interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly put: StatementSync;
  readonly remove: StatementSync;
}

export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #waiting: Waiting[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      put: database.prepare(PUT_ENTRY),
      remove: database.prepare(DELETE_ENTRY),
    };
  }

  write(operations: readonly EntryOperation[], written: Written): void {
    if (this.#waiting.push({ operations, written }) === 1) {
      setImmediate(() => {
        this.flush();
      });
    }
  }

  flush(): void {
    const group = this.#waiting;
    this.#waiting = [];
    if (group.length > 0) {
      const failure = this.#tryCommit(group);
      for (const { written } of group) {
        // Each on its own turn: what one caller does with the news can't keep it from the others.
        setImmediate(written, failure);
      }
    }
  }

  #tryCommit(group: readonly Waiting[]): StoreFailureError | null {
    try {
      this.#commit(group);
      return null;
    } catch (error) {
      return new StoreFailureError(error);
    }
  }

  #commit(group: readonly Waiting[]): void {
    this.#statements.begin.run();
    try {
      for (const { operations } of group) {
        for (const operation of operations) {
          this.#apply(operation);
        }
      }
      this.#statements.commit.run();
    } catch (error) {
      // SQLite ends the transaction by itself on some failures; rolling back twice would hide the first one.
      if (this.#database.isTransaction) {
        this.#database.exec('ROLLBACK');
      }
      throw error;
    }
  }

  #apply(operation: EntryOperation): void {
    if (operation.type === 'put') {
      this.#statements.put.run(operation.key, operation.value, crc32(operation.value));
    } else {
      this.#statements.remove.run(operation.key);
    }
  }
}
