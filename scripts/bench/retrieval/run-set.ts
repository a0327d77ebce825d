/** Asks every question of a set in every way, and measures the answers. */
import type { Embedder } from '../../../functions/embed/embedder.ts';
import type { Lane } from '../../../functions/query/fuse.ts';
import { search } from '../../../functions/query/search.ts';
import type { CorpusDocument, DataSet, Question } from './data-set.ts';
import { indexCorpus, type IndexedCorpus } from './index-corpus.ts';
import { type Measured, meanOf, measure } from './measures.ts';
import { MemoryRegion } from './memory-region.ts';
import { Bm25 } from './plain-bm25.ts';
import { DataSetError } from './read-lines.ts';
import { STEMMED } from './stemmed-bm25.ts';

export interface Row {
  readonly name: string;
  readonly measured: Measured;
}

export interface SetReport {
  readonly name: string;
  readonly documents: number;
  readonly chunks: number;
  /** Those that were asked: with at least one relevant document. */
  readonly questions: number;
  /** By half, where the set has halves; else all. */
  readonly halves: ReadonlyMap<string, readonly Row[]>;
  readonly callsMax: number;
  /** Questions whose words were not all looked up, or not everywhere. */
  readonly shortened: number;
  /** What looks odd in the set. */
  readonly odd: { readonly documentsTwice: number; readonly judgedButAbsent: number };
  readonly indexMs: number;
  readonly questionMs: number;
}

export interface RunOptions {
  /** Beside plain BM25, what search servers make of English. */
  readonly withStemmed: boolean;
  readonly questionsMax: number;
  readonly see: (what: string) => void;
}

const FOUND_MAX = 20;
const SEARCH_TIMEOUT_MS = 120_000;
const SILENT = { log: () => undefined, count: () => undefined, write: () => undefined, flush: () => undefined };

const WAYS: readonly (readonly [string, readonly Lane[]])[] = [
  ['lexical', ['lexical']],
  ['vectors', ['vectors']],
  ['fused', ['lexical', 'vectors']],
];

export const PLAIN = 'plain BM25';

interface Asked {
  readonly half: Question['half'];
  readonly rows: readonly Row[];
}

class SetRun {
  readonly #region: MemoryRegion;
  readonly #embedder: Embedder;
  readonly #set: DataSet;
  readonly #compared: readonly (readonly [name: string, bm25: Bm25])[];
  readonly #documents = new Set<string>();
  #sources: readonly string[] = [];
  callsMax = 0;
  documentsTwice = 0;
  shortened = 0;

  constructor(set: DataSet, embedder: Embedder, withStemmed: boolean) {
    this.#set = set;
    this.#embedder = embedder;
    this.#region = new MemoryRegion(embedder.dimensions);
    const stemmed = withStemmed ? STEMMED.map(([name, make]) => [name, make()] as const) : [];
    this.#compared = [[PLAIN, new Bm25()], ...stemmed];
  }

  get names(): readonly string[] {
    return [...this.#compared.map(([name]) => name), ...WAYS.map(([name]) => name)];
  }

  get documents(): number {
    return this.#documents.size;
  }

  async index(see: (what: string) => void): Promise<IndexedCorpus> {
    const indexed = await indexCorpus(this.#region, this.#embedder, this.#corpus(), see);
    this.#sources = [...new Set([...indexed.idOf.keys()].map((id) => id.slice(0, id.indexOf('~'))))];
    return indexed;
  }

  /** Of two documents of one id the first is taken. */
  async *#corpus(): AsyncGenerator<CorpusDocument, void, void> {
    for await (const document of this.#set.corpus()) {
      if (this.#documents.has(document.id)) {
        this.documentsTwice += 1;
        continue;
      }
      this.#documents.add(document.id);
      for (const [, bm25] of this.#compared) {
        bm25.add(document.id, `${document.title} ${document.text}`);
      }
      yield document;
    }
  }

  judgedButAbsent(): number {
    const absent = new Set<string>();
    for (const own of this.#set.grades.values()) {
      for (const id of own.keys()) {
        if (!this.#documents.has(id)) {
          absent.add(id);
        }
      }
    }
    return absent.size;
  }

  async ask({ id, text, half }: Question, idOf: IndexedCorpus['idOf']): Promise<Asked> {
    const grades = this.#set.grades.get(id) ?? new Map<string, number>();
    // By convention a document of the question's own id is the question itself, and no answer.
    const measured = (found: readonly string[]): Measured =>
      measure(found.filter((document) => document !== id).slice(0, FOUND_MAX), grades);
    const rows: Row[] = this.#compared.map(([name, bm25]) => ({
      name,
      measured: measured(bm25.find(text, FOUND_MAX + 1)),
    }));
    for (const [name, lanes] of WAYS) {
      rows.push({ name, measured: measured(await this.#find(text, lanes, idOf)) });
    }
    return { half, rows };
  }

  async #find(text: string, lanes: readonly Lane[], idOf: IndexedCorpus['idOf']): Promise<readonly string[]> {
    this.#region.reset();
    const { records, vectors } = this.#region;
    const outcome = await search({
      home: { region: 'here', records, vectors },
      embedder: this.#embedder,
      telemetry: SILENT,
      query: text,
      limit: FOUND_MAX + 1,
      lanes,
      knownSources: this.#sources,
      isAllowed: () => true,
      passagesPerDocumentMax: 1,
      signal: AbortSignal.timeout(SEARCH_TIMEOUT_MS),
    });
    this.callsMax = Math.max(this.callsMax, this.#region.calls);
    if (outcome.kind === 'failed') {
      throw new DataSetError(`a search failed: ${outcome.part}: ${outcome.failure.message}`);
    }
    const isShort = outcome.degraded.some((part) => part === 'words' || part === 'lexical');
    this.shortened += isShort && lanes.length === 1 ? 1 : 0;
    return outcome.passages.map(({ document }) => idOf.get(document) ?? '');
  }
}

const rowsOf = (names: readonly string[], asked: readonly Asked[]): readonly Row[] =>
  names.map((name) => ({
    name,
    measured: meanOf(
      asked.flatMap(({ rows }) => rows.filter((row) => row.name === name).map(({ measured }) => measured)),
    ),
  }));

const halvesOf = (names: readonly string[], asked: readonly Asked[]): ReadonlyMap<string, readonly Row[]> => {
  const halves = new Map<string, readonly Row[]>();
  for (const half of ['tuned', 'held-out'] as const) {
    const own = asked.filter((one) => one.half === half);
    if (own.length > 0) {
      halves.set(half, rowsOf(names, own));
    }
  }
  return halves.set('all', rowsOf(names, asked));
};

/** At even distances, so that the same ones are asked every time. */
const some = <T>(all: readonly T[], countMax: number): readonly T[] =>
  all.length <= countMax
    ? all
    : Array.from({ length: countMax }, (_, at) => all.slice(Math.floor((at * all.length) / countMax))[0]).flatMap(
        (one) => (one === undefined ? [] : [one]),
      );

const judgedOf = ({ questions, grades, name }: DataSet): readonly Question[] => {
  const judged = questions.filter(({ id }) => [...(grades.get(id)?.values() ?? [])].some((grade) => grade > 0));
  if (judged.length === 0) {
    throw new DataSetError(`${name}: no question of queries.jsonl has a relevant document in the judgements`);
  }
  return judged;
};

export const runSet = async (set: DataSet, embedder: Embedder, options: RunOptions): Promise<SetReport> => {
  const questions = some(judgedOf(set), options.questionsMax);
  const run = new SetRun(set, embedder, options.withStemmed);
  const startedAt = performance.now();
  const { idOf, chunks } = await run.index(options.see);
  const indexMs = performance.now() - startedAt;
  const asked: Asked[] = [];
  const askedAt = performance.now();
  for (const question of questions) {
    asked.push(await run.ask(question, idOf));
    options.see(`${asked.length} of ${questions.length} questions asked`);
  }
  return {
    name: set.name,
    documents: run.documents,
    chunks,
    questions: questions.length,
    halves: halvesOf(run.names, asked),
    callsMax: run.callsMax,
    shortened: run.shortened,
    odd: { documentsTwice: run.documentsTwice, judgedButAbsent: run.judgedButAbsent() },
    indexMs,
    questionMs: (performance.now() - askedAt) / Math.max(1, questions.length * WAYS.length),
  };
};
