/**
 * What one search costs over a large corpus: its own time, which is everything but what the stores take, and its calls. The corpus
 * is generated: words of a Zipf distribution, identifiers, 200 sources.
 */
import { done } from '../../../functions/domain/failure.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { Embedder } from '../../../functions/embed/embedder.ts';
import { BUCKETS } from '../../../functions/lexical/term-hash.ts';
import { search } from '../../../functions/query/search.ts';
import type { CorpusDocument } from './data-set.ts';
import { indexCorpus } from './index-corpus.ts';
import { cpuMs, MemoryRegion } from './memory-region.ts';

export interface LatencyRow {
  readonly name: string;
  readonly p50: number;
  readonly p95: number;
  readonly callsMax: number;
  /** Of records, the median. */
  readonly bytes: number;
}

export interface LatencyReport {
  readonly chunks: number;
  readonly documents: number;
  readonly sources: number;
  readonly questions: number;
  readonly rows: readonly LatencyRow[];
  readonly ownMsP50: number;
  readonly callsMax: number;
  readonly indexRecords: number;
  readonly indexBytes: number;
  readonly editRecords: number;
}

export const LATENCY_BARS = { ownMsP50Max: 15, callsMax: LIMITS.searchStoreCallsMax } as const;

const SOURCES = 200;
const CHUNKS_PER_DOCUMENT = 5;
const WORDS_PER_CHUNK = 200;
const VOCABULARY = 40_000;
const QUESTIONS = 60;
const FEW_SOURCES = 5;
/** The clock of a thread ticks in milliseconds: the mean of these counts. */
const ROUNDS = 3;

/** A small seeded generator (mulberry32): the same corpus every time. */
const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = Math.imul(1, state + 0x6d2b79f5);
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const SYLLABLES = 'ba co di fu ge ha ki lo mu ne po qua re si tu va wo xe yi zo str pre ation er ing'.split(' ');

const wordOf = (rank: number): string => {
  let left = rank + SYLLABLES.length;
  let word = '';
  while (left > 0) {
    word += SYLLABLES[left % SYLLABLES.length] ?? '';
    left = Math.floor(left / SYLLABLES.length);
  }
  return word;
};

/** Zipf: the n-th word as often as 1/n. */
const rankOf = (random: () => number): number => Math.floor(VOCABULARY ** random()) - 1;

const textOf = (random: () => number, words: number): string =>
  Array.from({ length: words }, (_, at) =>
    at % 12 === 11 ? `${wordOf(rankOf(random))}.\n` : wordOf(rankOf(random)),
  ).join(' ');

async function* corpusOf(chunks: number): AsyncGenerator<CorpusDocument, void, void> {
  const random = seeded(7);
  for (let at = 0; at < chunks / CHUNKS_PER_DOCUMENT; at += 1) {
    const sections = Array.from(
      { length: CHUNKS_PER_DOCUMENT },
      (_, section) => `## ${textOf(random, 3).trim()} ${section}\n\n${textOf(random, WORDS_PER_CHUNK)}\n`,
    );
    const id = `docs/${at}.md`;
    yield { id, source: `source-${at % SOURCES}`, title: '', path: id, text: sections.join('\n') };
  }
}

/** Directions of no meaning: which vectors are near does not change what a search costs, and a hundred thousand are made at once. */
const anyDirections = (embedder: Embedder): Embedder => {
  const random = seeded(13);
  return {
    model: 'any',
    dimensions: embedder.dimensions,
    embed: async (texts) =>
      done(texts.map(() => Float32Array.from({ length: embedder.dimensions }, () => (random() - 0.5) / 8))),
  };
};

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((left, right) => left - right)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

const SILENT = { log: () => undefined, count: () => undefined, write: () => undefined, flush: () => undefined };

const ask = async (
  region: MemoryRegion,
  embedder: Embedder,
  name: string,
  allowed: readonly string[],
): Promise<LatencyRow> => {
  const random = seeded(11);
  const isAllowed = new Set(allowed);
  const own: number[] = [];
  const bytes: number[] = [];
  let callsMax = 0;
  for (let at = 0; at < QUESTIONS; at += 1) {
    const query = textOf(random, 3 + (at % 10));
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      region.reset();
      const startedAt = cpuMs();
      await search({
        home: { region: 'here', records: region.records, vectors: region.vectors },
        embedder,
        telemetry: SILENT,
        query,
        limit: LIMITS.searchResultsDefault,
        ...(allowed.length === SOURCES ? {} : { sources: allowed }),
        knownSources: allowed,
        isAllowed: (source) => isAllowed.has(source),
        signal: AbortSignal.timeout(60_000),
      });
      times.push(cpuMs() - startedAt - region.spentMs);
    }
    own.push(times.reduce((sum, time) => sum + time, 0) / ROUNDS);
    bytes.push(region.bytes);
    callsMax = Math.max(callsMax, region.calls);
  }
  return { name, p50: quantile(own, 0.5), p95: quantile(own, 0.95), callsMax, bytes: quantile(bytes, 0.5) };
};

export const measureLatency = async (chunksMax: number, embedder: Embedder): Promise<LatencyReport> => {
  const region = new MemoryRegion(embedder.dimensions);
  const { idOf, chunks } = await indexCorpus(region, anyDirections(embedder), corpusOf(chunksMax));
  const sources = Array.from({ length: SOURCES }, (_, at) => `source-${at}`);
  const rows = [
    await ask(region, embedder, `all ${SOURCES} sources`, sources),
    await ask(region, embedder, `${FEW_SOURCES} sources`, sources.slice(0, FEW_SOURCES)),
    await ask(region, embedder, '1 source', sources.slice(0, 1)),
  ];
  const buckets = region.countIn('lex#');
  const directories = region.countIn('lexdir#');
  return {
    chunks,
    documents: idOf.size,
    sources: SOURCES,
    questions: QUESTIONS,
    rows,
    ownMsP50: Math.max(...rows.map(({ p50 }) => p50)),
    callsMax: Math.max(...rows.map((row) => row.callsMax)),
    indexRecords: buckets.records + directories.records,
    indexBytes: buckets.bytes + directories.bytes,
    editRecords: BUCKETS + 1,
  };
};
