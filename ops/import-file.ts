/** Reads the file of `twinmap export`: once to prove that it is whole and that every hash in it is right, then once to use it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { ConfigError } from '../functions/domain/errors.ts';
import { sha256Hex } from '../functions/stores/envelope.ts';
import { vectorHash } from '../functions/stores/vector-hash.ts';
import {
  emptyCounts,
  endSchema,
  type ExportCounts,
  type ExportedItem,
  type ExportEnd,
  type ExportHead,
  headSchema,
  parseItem,
  parseLine,
} from './export-format.ts';

export interface CheckedFile extends ExportHead {
  readonly file: string;
  readonly counts: ExportCounts;
  readonly sha256: string;
}

const refuse = (file: string, why: string): never => {
  throw new ConfigError(`${file} ${why}; nothing is written. Take another export.`);
};

async function* rawLines(file: string): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8');
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error';
    throw new ConfigError(`${file} can't be read: ${why}`, { cause: error });
  } finally {
    input.destroy();
  }
}

const isSound = (item: ExportedItem): boolean =>
  item.kind === 'record'
    ? sha256Hex(item.record.data) === item.record.h
    : vectorHash(item.vector.data, item.vector.metadata) === item.vector.metadata.h;

const count = (counts: ExportCounts, item: ExportedItem): void => {
  counts[item.kind === 'record' ? item.record.t : 'vectors'] += 1;
};

interface Reading {
  head: ExportHead | undefined;
  end: ExportEnd | undefined;
  readonly counts: ExportCounts;
  readonly hash: ReturnType<typeof createHash>;
}

const readLine = (file: string, reading: Reading, line: string, at: number): void => {
  const value = parseLine(line);
  if (reading.end !== undefined) {
    refuse(file, `goes on behind its end, in line ${at}`);
  }
  if (at === 1) {
    reading.head = headSchema.safeParse(value).data ?? refuse(file, 'is no export of twinmap, or of another version');
  } else {
    reading.end = endSchema.safeParse(value).data;
    if (reading.end !== undefined) {
      return;
    }
    const item = parseItem(value) ?? refuse(file, `has a line that is neither a record nor a vector: line ${at}`);
    if (!isSound(item)) {
      refuse(file, `is damaged in line ${at}: its bytes are not those of its hash`);
    }
    count(reading.counts, item);
  }
  reading.hash.update(`${line}\n`);
};

export const checkFile = async (file: string): Promise<CheckedFile> => {
  const reading: Reading = { head: undefined, end: undefined, counts: emptyCounts(), hash: createHash('sha256') };
  let at = 0;
  for await (const line of rawLines(file)) {
    at += 1;
    readLine(file, reading, line, at);
  }
  const { head, end, counts, hash } = reading;
  if (head === undefined || end === undefined) {
    return refuse(file, at === 0 ? 'is empty' : 'is not whole: its end is missing');
  }
  const sha256 = hash.digest('hex');
  if (sha256 !== end.sha256 || JSON.stringify(counts) !== JSON.stringify(end.counts)) {
    refuse(file, 'is not what was written: its hash or its counts do not match its end');
  }
  return { ...head, file, counts, sha256 };
};

/** Records and vectors of a checked file, in its order. */
export async function* itemsOf(file: string): AsyncGenerator<ExportedItem> {
  for await (const line of rawLines(file)) {
    const item = parseItem(parseLine(line));
    if (item !== undefined) {
      yield item;
    }
  }
}
