/**
 * The iterators that `abstract-level` asks for, over one key range without its damaged values. They end with the stream
 * that reads them, or each page would stay registered with the store until it closes.
 */
import {
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractKeyIterator,
  type AbstractLevel,
  AbstractValueIterator,
} from 'abstract-level';

import type { KeyRange, RangeReader } from './range-reader.ts';
import { guarded } from './store-failure.ts';
import { type OnDamage, servedText } from './value-rows.ts';

type Level = AbstractLevel<string, string, unknown>;

export type RangeOptions = AbstractIteratorOptions<string, unknown> & KeyRange;

interface ServedEntry {
  readonly key: string;
  readonly text: string;
}

/** A range without its damaged values. */
export class ServedRange {
  readonly #reader: RangeReader;
  readonly #onDamage: OnDamage;

  constructor(reader: RangeReader, onDamage: OnDamage) {
    this.#reader = reader;
    this.#onDamage = onDamage;
  }

  next(): ServedEntry | undefined {
    for (;;) {
      const entry = guarded(() => this.#reader.next());
      if (entry === undefined) {
        return undefined;
      }
      const text = servedText(entry, this.#onDamage);
      if (text !== undefined) {
        return { key: entry.key, text };
      }
    }
  }

  seek(key: string): void {
    this.#reader.seek(key);
  }
}

export class SqliteIterator extends AbstractIterator<Level, string, unknown> {
  readonly #range: ServedRange;

  constructor(level: Level, options: RangeOptions, range: ServedRange) {
    super(level, options);
    this.#range = range;
  }

  async _next(): Promise<[string, string] | undefined> {
    const entry = this.#range.next();
    return entry === undefined ? undefined : [entry.key, entry.text];
  }

  _seek(target: string): void {
    this.#range.seek(target);
  }
}

export class SqliteKeyIterator extends AbstractKeyIterator<Level, string> {
  readonly #range: ServedRange;

  constructor(level: Level, options: RangeOptions, range: ServedRange) {
    super(level, options);
    this.#range = range;
  }

  async _next(): Promise<string | undefined> {
    return this.#range.next()?.key;
  }

  /** The stand-in's streams end an iterator by this name; without it every page would stay registered until the end. */
  async return(): Promise<void> {
    await this.close();
  }

  _seek(target: string): void {
    this.#range.seek(target);
  }
}

export class SqliteValueIterator extends AbstractValueIterator<Level, string, unknown> {
  readonly #range: ServedRange;

  constructor(level: Level, options: RangeOptions, range: ServedRange) {
    super(level, options);
    this.#range = range;
  }

  async _next(): Promise<string | undefined> {
    return this.#range.next()?.text;
  }

  async return(): Promise<void> {
    await this.close();
  }

  _seek(target: string): void {
    this.#range.seek(target);
  }
}
