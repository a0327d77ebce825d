/**
 * The built-in embedder: no service, no network, no clock. A text's vector is the weighted sum of its words' rows.
 * Only + - * / and square roots in a fixed order, so both Regions, every platform and every run get the same bytes.
 */
import { setImmediate } from 'node:timers/promises';
import { done, failed } from '../domain/failure.ts';
import type { Failure, Result } from '../domain/failure.ts';
import type { Embedder } from './embedder.ts';
import { addHashedWord } from './hashed-word.ts';
import type { StaticTable } from './static-table.ts';
import { compoundsOf, singularOf } from './tokenise.ts';

/** Raised with every change that moves a vector: tokens, fallback, pooling. Part of the model's name. */
const REVISION = 1;
const CHECKSUM_CHARS = 8;
/** Between two such groups other work gets its turn and an abort is seen: about 3 ms of computing. */
const TEXTS_PER_TURN = 32;
/** Below this squared length a sum is rounding noise of words that cancelled out. */
const SQUARED_LENGTH_MIN = 1e-20;
/** What a text without words is told apart by. */
const WORDLESS_CHARS_MAX = 64;

interface Tally {
  readonly known: Map<number, number>;
  readonly unknown: Map<string, number>;
}

const raise = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

const rowFor = (table: StaticTable, word: string): number | undefined =>
  table.rowOf.get(word) ?? table.rowOf.get(singularOf(word));

/** The longest known name wins: `dynamodb` counts as itself, not as `dynamo` and `db`. */
const tallyWord = (table: StaticTable, word: string, parts: readonly string[], tally: Tally): void => {
  const row = rowFor(table, word);
  if (row !== undefined) {
    raise(tally.known, row);
    return;
  }
  for (const part of parts) {
    tallyWord(table, part, [], tally);
  }
  raise(tally.unknown, word);
};

const tallyOf = (table: StaticTable, text: string): Tally => {
  const tally: Tally = { known: new Map(), unknown: new Map() };
  for (const { whole, segments } of compoundsOf(text)) {
    const row = segments.length > 1 ? rowFor(table, whole) : undefined;
    if (row !== undefined) {
      raise(tally.known, row);
      continue;
    }
    for (const segment of segments) {
      tallyWord(table, segment.whole, segment.parts, tally);
    }
    if (segments.length > 1) {
      raise(tally.unknown, whole);
    }
  }
  return tally;
};

const sumOf = (table: StaticTable, tally: Tally): Float64Array => {
  const { dimensions, unknownWeight } = table.header;
  const sum = new Float64Array(dimensions);
  for (const [row, count] of tally.known) {
    const weight = (table.scales[row] ?? 0) * count;
    const start = row * dimensions;
    for (let index = 0; index < dimensions; index += 1) {
      sum[index] = (sum[index] ?? 0) + weight * (table.rows[start + index] ?? 0);
    }
  }
  for (const [word, count] of tally.unknown) {
    addHashedWord(sum, word, unknownWeight * count);
  }
  return sum;
};

const squaredLengthOf = (vector: Float64Array): number => {
  let squares = 0;
  for (const value of vector) {
    squares += value * value;
  }
  return squares;
};

/** A text without words still gets a direction: from its characters, or the first axis when even those cancel out. */
const wordlessSum = (dimensions: number, text: string): Float64Array => {
  const sum = new Float64Array(dimensions);
  addHashedWord(sum, text.trim().slice(0, WORDLESS_CHARS_MAX), 1);
  if (squaredLengthOf(sum) < SQUARED_LENGTH_MIN) {
    sum[0] = 1;
  }
  return sum;
};

const vectorOf = (table: StaticTable, text: string): Float32Array => {
  let sum = sumOf(table, tallyOf(table, text));
  if (squaredLengthOf(sum) < SQUARED_LENGTH_MIN) {
    sum = wordlessSum(table.header.dimensions, text);
  }
  const length = Math.sqrt(squaredLengthOf(sum));
  return Float32Array.from(sum, (value) => value / length);
};

const abortFailure = (signal: AbortSignal): Failure => {
  const isTimeout = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  return {
    reason: 'unreachable',
    code: isTimeout ? 'TimeoutError' : 'AbortError',
    message: 'Embedding was stopped before all texts had a vector.',
  };
};

export const createStaticEmbedder = (table: StaticTable): Embedder => ({
  model: `${table.header.model}.r${REVISION}.${table.header.sha256.slice(0, CHECKSUM_CHARS)}`,
  dimensions: table.header.dimensions,
  embed: async (texts, signal): Promise<Result<readonly Float32Array[]>> => {
    const vectors: Float32Array[] = [];
    for (const [index, text] of texts.entries()) {
      if (index > 0 && index % TEXTS_PER_TURN === 0) {
        await setImmediate();
      }
      if (signal.aborted) {
        return failed(abortFailure(signal));
      }
      vectors.push(vectorOf(table, text));
    }
    return signal.aborted ? failed(abortFailure(signal)) : done(vectors);
  },
});
