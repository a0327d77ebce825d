/** Asks every question of a set in every way, and measures the answers. */
import type { Embedder } from '../../../functions/embed/embedder.ts';
import type { Lane } from '../../../functions/query/fuse.ts';
import { search } from '../../../functions/query/search.ts';
import type { CorpusDocument, DataSet, Question } from './data-set.ts';
import { indexCorpus } from './index-corpus.ts';
import { type Measured, meanOf, measure } from './measures.ts';
import { MemoryRegion } from './memory-region.ts';
import { PlainBm25 } from './plain-bm25.ts';

export interface Row {
  readonly name: string;
  readonly measured: Measured;
}

export interface SetReport {
  readonly name: string;
  readonly documents: number;
  readonly chunks: number;
  readonly questions: number;
  /** By half, where the set has halves; else all. */
  readonly halves: ReadonlyMap<string, readonly Row[]>;
  readonly callsMax: number;
  readonly indexMs: number;
  readonly questionMs: number;
}

const FOUND_MAX = 20;
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
  readonly #plain = new PlainBm25();
  callsMax = 0;
  documents = 0;

  constructor(set: DataSet, embedder: Embedder) {
    this.#set = set;
    this.#embedder = embedder;
    this.#region = new MemoryRegion(embedder.dimensions);
  }

  async index(): ReturnType<typeof indexCorpus> {
    return indexCorpus(this.#region, this.#embedder, this.#corpus());
  }

  async *#corpus(): AsyncGenerator<CorpusDocument, void, void> {
    for await (const document of this.#set.corpus()) {
      this.documents += 1;
      this.#plain.add(document.id, `${document.title} ${document.text}`);
      yield document;
    }
  }

  async ask(question: Question, idOf: ReadonlyMap<string, string>): Promise<Asked> {
    const grades = this.#set.grades.get(question.id) ?? new Map<string, number>();
    const rows: Row[] = [{ name: PLAIN, measured: measure(this.#plain.find(question.text, FOUND_MAX), grades) }];
    for (const [name, lanes] of WAYS) {
      rows.push({ name, measured: measure(await this.#find(question.text, lanes, idOf), grades) });
    }
    return { half: question.half, rows };
  }

  async #find(text: string, lanes: readonly Lane[], idOf: ReadonlyMap<string, string>): Promise<readonly string[]> {
    this.#region.reset();
    const { records, vectors } = this.#region;
    const outcome = await search({
      home: { region: 'here', records, vectors },
      embedder: this.#embedder,
      telemetry: SILENT,
      query: text,
      limit: FOUND_MAX,
      lanes,
      knownSources: this.sources(idOf),
      isAllowed: () => true,
      passagesPerDocumentMax: 1,
      signal: AbortSignal.timeout(60_000),
    });
    this.callsMax = Math.max(this.callsMax, this.#region.calls);
    return outcome.kind === 'found' ? outcome.passages.map(({ document }) => idOf.get(document) ?? '') : [];
  }

  #sources: readonly string[] | undefined;

  sources(idOf: ReadonlyMap<string, string>): readonly string[] {
    this.#sources ??= [...new Set([...idOf.keys()].map((id) => id.slice(0, id.indexOf('~'))))];
    return this.#sources;
  }
}

const rowsOf = (asked: readonly Asked[]): readonly Row[] =>
  [PLAIN, ...WAYS.map(([name]) => name)].map((name) => ({
    name,
    measured: meanOf(
      asked.flatMap(({ rows }) => rows.filter((row) => row.name === name).map(({ measured }) => measured)),
    ),
  }));

export const runSet = async (set: DataSet, embedder: Embedder): Promise<SetReport> => {
  const run = new SetRun(set, embedder);
  const startedAt = performance.now();
  const { idOf, chunks } = await run.index();
  const indexMs = performance.now() - startedAt;
  const judged = set.questions.filter(({ id }) => [...(set.grades.get(id)?.values() ?? [])].some((grade) => grade > 0));
  const asked: Asked[] = [];
  const askedAt = performance.now();
  for (const question of judged) {
    asked.push(await run.ask(question, idOf));
  }
  const questionMs = (performance.now() - askedAt) / Math.max(1, judged.length * WAYS.length);
  const halves = new Map<string, readonly Row[]>();
  for (const half of ['tuned', 'held-out'] as const) {
    const own = asked.filter((one) => one.half === half);
    if (own.length > 0) {
      halves.set(half, rowsOf(own));
    }
  }
  halves.set('all', rowsOf(asked));
  return {
    name: set.name,
    documents: run.documents,
    chunks,
    questions: judged.length,
    halves,
    callsMax: run.callsMax,
    indexMs,
    questionMs,
  };
};
