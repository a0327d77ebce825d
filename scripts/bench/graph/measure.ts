/** One question over a filled Region: what it answers, what that was read from, and how long it takes. */
import { InvariantError } from '../../../functions/domain/errors.ts';
import { isSourceAllowed, type Principal } from '../../../functions/domain/access.ts';
import { blastRadius, incidentOf } from '../../../functions/graph/answers/questions.ts';
import type { Rows } from '../../../functions/graph/answers/rows.ts';
import type { GraphIndexCache } from '../../../functions/query/graph-index.ts';
import { StoreGraphReader } from '../../../functions/query/graph-reader.ts';
import { readSources } from '../../../functions/query/home-view.ts';
import type { RecordStore } from '../../../functions/stores/record-store.ts';
import type { RepositoryPlan } from './generate.ts';
import { radiusOf, truthOf } from './truth.ts';

const ROUNDS = 11;
const KIB = 1024;

const OPERATOR: Principal = { id: 'key:bench', name: 'bench', roles: ['reader'], sources: 'all' };

export interface Question {
  readonly kind: 'incident' | 'blast-radius';
  /** A Region, or a component. */
  readonly asked: string;
}

/** Of one answer. */
export interface Cost {
  readonly down: number;
  /** What nobody could place is in the answer about every Region. */
  readonly unknown: number;
  readonly answerKib: number;
  /** Calls, records and bytes of the answer itself. */
  readonly calls: number;
  readonly records: number;
  readonly kib: number;
  /** Calls before it: the sources are listed, and their heads compared, a hundred at a time. */
  readonly headCalls: number;
  readonly p50Ms: number;
  readonly maxMs: number;
}

interface Given {
  readonly value: Rows;
  readonly cost: StoreGraphReader['cost'];
}

const isVisible = (source: string): boolean => isSourceAllowed(OPERATOR, source);

/** As a request gets it: the sources, the heads, the walk, the text of the answer. */
const answer = async (graph: RecordStore, cache: GraphIndexCache, { kind, asked }: Question): Promise<Given> => {
  const sources = await readSources(graph);
  if (sources.kind === 'failed') {
    throw new InvariantError(sources.failure.message);
  }
  const directory = await cache.directory(sources.value.map(({ payload }) => payload.id));
  if (directory.kind === 'failed') {
    throw new InvariantError(directory.failure.message);
  }
  const readAt = new Map(sources.value.map(({ payload }) => [payload.id, payload.cycle.finishedAt]));
  const reader = new StoreGraphReader({ records: graph, directory: directory.value, readAt });
  const value =
    kind === 'incident' ? await incidentOf(reader, asked, isVisible) : await blastRadius(reader, asked, isVisible);
  return { value, cost: reader.cost };
};

const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Infinity;

const check = ({ value }: Given, plan: readonly RepositoryPlan[], { kind, asked }: Question): void => {
  const down = value.rows.filter(({ impact }) => impact === 'DOWN').map(({ name }) => name);
  const truth = [...(kind === 'incident' ? truthOf(plan, asked) : radiusOf(plan, asked))].toSorted();
  if (JSON.stringify(down.toSorted()) !== JSON.stringify(truth)) {
    throw new InvariantError(`${asked}: ${down.length} components are down, and the plan says ${truth.length}`);
  }
};

/** Calls that the Region has answered so far. */
export type CountCalls = () => Promise<number>;

/** Each answer is compared with the plan. */
export const measure = async (
  graph: RecordStore,
  cache: GraphIndexCache,
  plan: readonly RepositoryPlan[],
  question: Question,
  countCalls: CountCalls,
): Promise<Cost> => {
  const times: number[] = [];
  const before = await countCalls();
  let calls = 0;
  let last: Given | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now();
    const given = await answer(graph, cache, question);
    JSON.stringify(given.value.rows);
    times.push(performance.now() - startedAt);
    check(given, plan, question);
    calls += given.cost.calls;
    last = given;
  }
  if (last === undefined) {
    throw new InvariantError('nothing was asked');
  }
  const { value, cost } = last;
  return {
    down: value.counts.DOWN,
    unknown: value.counts.UNKNOWN,
    answerKib: JSON.stringify(value.rows).length / KIB,
    calls: cost.calls,
    records: cost.records,
    kib: cost.bytes / KIB,
    headCalls: Math.round(((await countCalls()) - before - calls) / ROUNDS),
    p50Ms: Math.round(median(times)),
    maxMs: Math.round(Math.max(...times)),
  };
};

/** How long the first answer of a new function takes: it reads the indexes of all sources. */
export const measureCold = async (graph: RecordStore, cache: GraphIndexCache, question: Question): Promise<number> => {
  const startedAt = performance.now();
  await answer(graph, cache, question);
  return Math.round(performance.now() - startedAt);
};
