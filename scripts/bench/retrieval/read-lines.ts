/**
 * The lines of a file of any size, plain or packed with gzip. Only a line feed ends a line: a text may well hold the separators
 * U+2028 and U+2029, which JSON leaves as they are and Node's own reader of lines cuts at.
 */
import { createReadStream, existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** What is wrong with a set, in words for whoever started the bench. */
export class DataSetError extends Error {
  override readonly name = 'DataSetError';
}

const BYTE_ORDER_MARK = '\uFEFF';

/** The file itself, or the same with `.gz`. */
export const findFile = (file: string): string | undefined => [file, `${file}.gz`].find((one) => existsSync(one));

const opened = (file: string): Readable => {
  const found = findFile(file);
  if (found === undefined) {
    throw new DataSetError(`there is no ${file} (nor ${file}.gz)`);
  }
  if (!found.endsWith('.gz')) {
    return createReadStream(found);
  }
  const unpacked = createGunzip();
  createReadStream(found)
    .on('error', (error) => {
      unpacked.destroy(error);
    })
    .pipe(unpacked);
  return unpacked;
};

export interface NumberedLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** Without blank ones, without the carriage return at their ends and the byte order mark at the file's beginning. */
export async function* linesOf(file: string): AsyncGenerator<NumberedLine, void, void> {
  const stream = opened(file).setEncoding('utf8');
  let number = 0;
  // Pieces of a line that goes on are joined once: a line may be as long as the file.
  let pieces: string[] = [];
  const take = (end: string): NumberedLine | undefined => {
    const raw = pieces.length === 0 ? end : [...pieces, end].join('');
    pieces = [];
    number += 1;
    const plain = number === 1 && raw.startsWith(BYTE_ORDER_MARK) ? raw.slice(1) : raw;
    return plain.trim() === '' ? undefined : { number, text: plain.endsWith('\r') ? plain.slice(0, -1) : plain };
  };
  for await (const chunk of stream as AsyncIterable<string>) {
    const parts = chunk.split('\n');
    const rest = parts.pop() ?? '';
    for (const part of parts) {
      const line = take(part);
      if (line !== undefined) {
        yield line;
      }
    }
    if (rest !== '') {
      pieces.push(rest);
    }
  }
  const last = take('');
  if (last !== undefined) {
    yield last;
  }
}
