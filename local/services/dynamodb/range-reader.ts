/**
 * Reads a key range of the entries table page by page, in key order or backwards. A page is bounded in rows and bytes and
 * no statement stays open between pages, so that a slow reader never blocks a checkpoint. Rows written meanwhile behind
 * the cursor are not seen, like in DynamoDB, which has no snapshots either.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { type Entry, readEntry } from './value-rows.ts';

const PAGE_ROWS_MAX = 256;
const PAGE_CHARS_MAX = 512 * 1024;

export interface KeyRange {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
}

interface Bound {
  readonly operator: string;
  readonly key: string;
}

const lowerBound = (range: KeyRange): Bound | undefined => {
  if (range.gt !== undefined) {
    return { operator: '>', key: range.gt };
  }
  return range.gte === undefined ? undefined : { operator: '>=', key: range.gte };
};

const upperBound = (range: KeyRange): Bound | undefined => {
  if (range.lt !== undefined) {
    return { operator: '<', key: range.lt };
  }
  return range.lte === undefined ? undefined : { operator: '<=', key: range.lte };
};

const isBound = (bound: Bound | undefined): bound is Bound => bound !== undefined;

/** `WHERE …` for a range, with the keys to bind. */
export const rangeCondition = (range: KeyRange): { readonly where: string; readonly keys: readonly string[] } => {
  const bounds = [lowerBound(range), upperBound(range)].filter(isBound);
  const terms = bounds.map(({ operator }) => `key ${operator} ?`);
  return { where: terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`, keys: bounds.map(({ key }) => key) };
};

/** Prepared once per shape of range: preparing costs more than reading a short page. */
export class RangeStatements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      return known;
    }
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

export class RangeReader {
  readonly #statements: RangeStatements;
  readonly #reverse: boolean;
  #range: KeyRange;
  #page: Entry[] = [];
  #position = 0;
  #exhausted = false;

  constructor(statements: RangeStatements, range: KeyRange) {
    this.#statements = statements;
    this.#range = range;
    this.#reverse = range.reverse === true;
  }

  next(): Entry | undefined {
    if (this.#position === this.#page.length && !this.#exhausted) {
      this.#fill();
    }
    const entry = this.#page[this.#position];
    this.#position += entry === undefined ? 0 : 1;
    return entry;
  }

  /** Continues at `key` itself, or at the next one in reading order. */
  seek(key: string): void {
    const { gt, gte, lt, lte } = this.#range;
    const kept = this.#reverse ? { gt, gte, lte: key } : { lt, lte, gte: key };
    this.#range = Object.fromEntries(Object.entries(kept).filter(([, bound]) => bound !== undefined));
    this.#page = [];
    this.#position = 0;
    this.#exhausted = false;
  }

  #fill(): void {
    const { where, keys } = rangeCondition(this.#range);
    const order = this.#reverse ? 'DESC' : 'ASC';
    const statement = this.#statements.prepare(`SELECT key, value, crc FROM entries ${where} ORDER BY key ${order}`);
    const page: Entry[] = [];
    let chars = 0;
    this.#exhausted = true;
    for (const row of statement.iterate(...keys)) {
      const entry = readEntry(row);
      page.push(entry);
      chars += entry.value.length;
      if (page.length === PAGE_ROWS_MAX || chars >= PAGE_CHARS_MAX) {
        this.#exhausted = false;
        break;
      }
    }
    this.#page = page;
    this.#position = 0;
    this.#moveBeyond(page.at(-1)?.key);
  }

  #moveBeyond(key: string | undefined): void {
    if (key !== undefined) {
      const { gt, gte, lt, lte } = this.#range;
      const kept = this.#reverse ? { gt, gte, lt: key } : { gt: key, lt, lte };
      this.#range = Object.fromEntries(Object.entries(kept).filter(([, bound]) => bound !== undefined));
    }
  }
}
