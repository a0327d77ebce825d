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
import type { Segment } from './tokenise.ts';

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

interface Lexicon extends StaticTable {
  /** First halves of the hyphenated names in the table: "roll back" is looked up as `roll-back`. */
  readonly pairStarts: ReadonlySet<string>;
}

const lexiconOf = (table: StaticTable): Lexicon => {
  const pairs = [...table.rowOf.keys()].filter((word) => word.includes('-'));
  return { ...table, pairStarts: new Set(pairs.map((word) => word.slice(0, word.indexOf('-')))) };
};

const raise = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

const rowFor = ({ rowOf }: StaticTable, word: string): number | undefined =>
  rowOf.get(word) ?? (word.endsWith('s') ? rowOf.get(singularOf(word)) : undefined);

const addSegment = (words: string[], lexicon: Lexicon, segment: Segment): void => {
  if (segment.parts.length > 0 && rowFor(lexicon, segment.whole) === undefined) {
    for (const part of segment.parts) {
      words.push(part);
    }
  }
  words.push(segment.whole);
};

/** The words to look up, in order. The longest known name wins: `dynamodb` counts as itself, not as `dynamo` and `db`. */
const lookUpsOf = (lexicon: Lexicon, text: string): readonly string[] => {
  const words: string[] = [];
  for (const { whole, segments } of compoundsOf(text)) {
    const isOneWord = segments.length === 1;
    if (isOneWord || rowFor(lexicon, whole) === undefined) {
      for (const segment of segments) {
        addSegment(words, lexicon, segment);
      }
    }
    if (!isOneWord) {
      words.push(whole);
    }
  }
  return words;
};

const tallyOf = (lexicon: Lexicon, text: string): Tally => {
  const tally: Tally = { known: new Map(), unknown: new Map() };
  const words = lookUpsOf(lexicon, text);
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const pair = lexicon.pairStarts.has(word) ? rowFor(lexicon, `${word}-${words[index + 1] ?? ''}`) : undefined;
    const row = pair ?? rowFor(lexicon, word);
    if (row === undefined) {
      raise(tally.unknown, word);
    } else {
      raise(tally.known, row);
    }
    index += pair === undefined ? 0 : 1;
  }
  return tally;
};

/**
 * The weighted sum of rows, four positions at a time: the sums stay in registers, which halves the time of the obvious loop.
 * Each position still adds its rows in the order of the text.
 */
const sumOfRows = ({ header, rows }: StaticTable, starts: Int32Array, weights: Float64Array): Float64Array => {
  const sum = new Float64Array(header.dimensions);
  for (let index = 0; index < sum.length; index += 4) {
    let [first, second, third, fourth] = [0, 0, 0, 0];
    for (let row = 0; row < starts.length; row += 1) {
      const at = (starts[row] ?? 0) + index;
      const weight = weights[row] ?? 0;
      first += weight * (rows[at] ?? 0);
      second += weight * (rows[at + 1] ?? 0);
      third += weight * (rows[at + 2] ?? 0);
      fourth += weight * (rows[at + 3] ?? 0);
    }
    sum[index] = first;
    sum[index + 1] = second;
    sum[index + 2] = third;
    sum[index + 3] = fourth;
  }
  return sum;
};

const sumOf = (table: StaticTable, { known, unknown }: Tally): Float64Array => {
  const { dimensions, unknownWeight } = table.header;
  const starts = new Int32Array(known.size);
  const weights = new Float64Array(known.size);
  let next = 0;
  for (const [row, count] of known) {
    starts[next] = row * dimensions;
    weights[next] = (table.scales[row] ?? 0) * count;
    next += 1;
  }
  const sum = sumOfRows(table, starts, weights);
  for (const [word, count] of unknown) {
    addHashedWord(sum, word, unknownWeight * count);
  }
  return sum;
};

const squaredLengthOf = (vector: Float64Array): number => {
  let squares = 0;
  for (let index = 0; index < vector.length; index += 1) {
    squares += (vector[index] ?? 0) * (vector[index] ?? 0);
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

/** Storing into a Float32Array rounds as `Math.fround` does, so the values survive JSON and both stores unchanged. */
const unitVector = (sum: Float64Array): Float32Array => {
  const length = Math.sqrt(squaredLengthOf(sum));
  const vector = new Float32Array(sum.length);
  for (let index = 0; index < sum.length; index += 1) {
    vector[index] = (sum[index] ?? 0) / length;
  }
  return vector;
};

const vectorOf = (table: Lexicon, text: string): Float32Array => {
  const sum = sumOf(table, tallyOf(table, text));
  return unitVector(squaredLengthOf(sum) < SQUARED_LENGTH_MIN ? wordlessSum(table.header.dimensions, text) : sum);
};

const abortFailure = (signal: AbortSignal): Failure => {
  const isTimeout = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  return {
    reason: 'unreachable',
    code: isTimeout ? 'TimeoutError' : 'AbortError',
    message: 'Embedding was stopped before all texts had a vector.',
  };
};

export const createStaticEmbedder = (table: StaticTable): Embedder => {
  const lexicon = lexiconOf(table);
  const embed = async (texts: readonly string[], signal: AbortSignal): Promise<Result<readonly Float32Array[]>> => {
    const vectors: Float32Array[] = [];
    for (const [index, text] of texts.entries()) {
      if (index > 0 && index % TEXTS_PER_TURN === 0) {
        await setImmediate();
      }
      if (signal.aborted) {
        return failed(abortFailure(signal));
      }
      vectors.push(vectorOf(lexicon, text));
    }
    return signal.aborted ? failed(abortFailure(signal)) : done(vectors);
  };
  return {
    model: `${table.header.model}.r${REVISION}.${table.header.sha256.slice(0, CHECKSUM_CHARS)}`,
    dimensions: table.header.dimensions,
    embed,
  };
};
