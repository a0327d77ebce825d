/**
 * The values of a key range as the stream that dynalite reads its pages from. It reads synchronously: a promise per value
 * costs more than the value, and a page of 1 MB is a thousand of them.
 */
import { Readable } from 'node:stream';

import type { SqliteLevel } from '../sqlite-level.ts';
import type { KeyRange } from './range-reader.ts';

const BUFFERED_MAX = 64;

export interface ValueRange extends KeyRange {
  /** Below zero, or absent: no limit. */
  readonly limit?: number;
}

export const createValueStream = (level: SqliteLevel, range: ValueRange): Readable => {
  const values = level.readRange(range);
  let left = range.limit === undefined || range.limit < 0 ? Infinity : range.limit;
  return new Readable({
    objectMode: true,
    highWaterMark: BUFFERED_MAX,
    read() {
      for (;;) {
        const entry = left > 0 ? values.next() : undefined;
        left -= 1;
        if (entry === undefined) {
          this.push(null);
          return;
        }
        if (!this.push(JSON.parse(entry.text))) {
          return;
        }
      }
    },
  });
};
