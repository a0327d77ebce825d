/**
 * Asks the lanes at once. A lane that fails is named and left out, so that a question is answered while a model, the vectors or
 * the postings are away; only where no lane can say anything is there no answer.
 */
import { done, type Failure, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { VectorHit } from '../stores/vector-store.ts';
import type { CallBudget } from './call-budget.ts';
import { LANES, type Lane } from './fuse.ts';
import type { LexicalCandidate } from './lexical-candidates.ts';
import { findByWords, type LexicalFinding } from './lexical-lane.ts';
import type { SearchRequest } from './search.ts';

/** What an answer had to do without; `words`: of a long question, those that tell less than the ones that were looked up. */
export type Degradation = 'embedding' | 'vectors' | 'lexical' | 'words' | 'graph' | 'records';

/** A place that the graph names for a question. */
export interface GraphPlace {
  readonly document: string;
  readonly line: number;
}

export interface GraphLane {
  /** Best first; only of sources that are allowed, and within these calls. */
  find(
    query: string,
    isAllowed: (source: string) => boolean,
    calls: CallBudget,
  ): Promise<Result<readonly GraphPlace[]>>;
}

export interface LaneFindings {
  readonly lexical: readonly LexicalCandidate[];
  readonly vectors: readonly VectorHit[];
  readonly graph: readonly GraphPlace[];
}

export type Gathered =
  | {
      readonly kind: 'gathered';
      readonly lanes: LaneFindings;
      readonly degraded: readonly Degradation[];
      /** More vectors than at first, for one call; absent where there were none at all. */
      readonly lookFurther: (() => Promise<Result<LaneFindings>>) | undefined;
    }
  | { readonly kind: 'failed'; readonly part: string; readonly failure: Failure };

type VectorFinding =
  | { readonly kind: 'found'; readonly hits: readonly VectorHit[]; readonly vector: Float32Array }
  | { readonly kind: 'failed'; readonly part: 'embedding' | 'vectors'; readonly failure: Failure };

const allowedHits = ({ isAllowed, sources }: SearchRequest, hits: readonly VectorHit[]): readonly VectorHit[] =>
  hits.filter(({ metadata }) => isAllowed(metadata.src) && (sources === undefined || sources.includes(metadata.src)));

const queryVectors = async (
  request: SearchRequest,
  vector: Float32Array,
  topK: number,
): Promise<Result<readonly VectorHit[]>> => {
  const { home, sources } = request;
  const hits = await home.vectors.query({ vector, topK, ...(sources === undefined ? {} : { sources }) });
  return hits.kind === 'failed' ? hits : done(allowedHits(request, hits.value));
};

const findByMeaning = async (request: SearchRequest): Promise<VectorFinding> => {
  const embedded = await request.embedder.embed([request.query], request.signal);
  if (embedded.kind === 'failed') {
    return { kind: 'failed', part: 'embedding', failure: embedded.failure };
  }
  const [vector] = embedded.value;
  if (vector === undefined) {
    const failure: Failure = { reason: 'unknown', code: 'NoVector', message: 'the embedder returned no vector' };
    return { kind: 'failed', part: 'embedding', failure };
  }
  const hits = await queryVectors(request, vector, LIMITS.searchCandidatesMax);
  return hits.kind === 'failed'
    ? { kind: 'failed', part: 'vectors', failure: hits.failure }
    : { kind: 'found', hits: hits.value, vector };
};

const findLexically = async (request: SearchRequest, calls: CallBudget): Promise<Result<LexicalFinding>> =>
  findByWords({
    records: request.home.records,
    query: request.query,
    sources: request.sources ?? request.knownSources,
    isAllowed: request.isAllowed,
    calls,
    hitsMax: LIMITS.searchLexicalHitsMax,
  });

const findInGraph = async (
  { graph, query, isAllowed, sources }: SearchRequest,
  calls: CallBudget,
): Promise<Result<readonly GraphPlace[]>> =>
  graph === undefined
    ? done([])
    : graph.find(query, (source) => isAllowed(source) && (sources === undefined || sources.includes(source)), calls);

/** Undefined where a lane was not asked. */
interface LaneAnswers {
  readonly lexical: Result<LexicalFinding> | undefined;
  readonly meaning: VectorFinding | undefined;
  readonly graph: Result<readonly GraphPlace[]> | undefined;
  /** There was more around what the question names than could be read, and the lane had room for it. */
  readonly isGraphShort: boolean;
}

const askLanes = async (request: SearchRequest, calls: CallBudget): Promise<LaneAnswers> => {
  const asked = new Set<Lane>(request.lanes ?? LANES);
  const hasVectors = asked.has('vectors') && calls.take();
  // Each lane its own, so that what one finds never hangs on how quick another was.
  const forWords = calls.setAside(asked.has('lexical') ? LIMITS.searchLexicalCallsMax + 1 : 0);
  const forGraph = calls.setAside(asked.has('graph') && request.graph !== undefined ? LIMITS.searchGraphCallsMax : 0);
  const [lexical, meaning, graph] = await Promise.all([
    asked.has('lexical') ? findLexically(request, forWords) : undefined,
    hasVectors ? findByMeaning(request) : undefined,
    forGraph.left > 0 ? findInGraph(request, forGraph) : undefined,
  ]);
  calls.giveBack(forWords);
  calls.giveBack(forGraph);
  const hasRoom = graph?.kind === 'done' && graph.value.length < LIMITS.searchGraphHitsMax;
  return { lexical, meaning, graph, isGraphShort: forGraph.isShort && hasRoom };
};

const failuresOf = ({
  lexical,
  meaning,
  graph,
}: LaneAnswers): readonly { readonly part: Degradation; readonly failure: Failure }[] => [
  ...(lexical?.kind === 'failed' ? [{ part: 'lexical' as const, failure: lexical.failure }] : []),
  ...(meaning?.kind === 'failed' ? [{ part: meaning.part, failure: meaning.failure }] : []),
  ...(graph?.kind === 'failed' ? [{ part: 'graph' as const, failure: graph.failure }] : []),
];

const findingsOf = ({ lexical, meaning, graph }: LaneAnswers): LaneFindings => ({
  lexical: lexical?.kind === 'done' ? lexical.value.candidates : [],
  vectors: meaning?.kind === 'found' ? meaning.hits : [],
  graph: graph?.kind === 'done' ? graph.value : [],
});

/** What each lane said of itself, and what it could not do. */
const degradationsOf = (answers: LaneAnswers): readonly Degradation[] => {
  const lexical = answers.lexical?.kind === 'done' ? answers.lexical.value : undefined;
  return [
    ...new Set<Degradation>([
      ...failuresOf(answers).map(({ part }) => part),
      ...(lexical?.isPartial === true ? (['lexical'] as const) : []),
      ...(lexical?.isShortened === true ? (['words'] as const) : []),
      ...(answers.isGraphShort ? (['graph'] as const) : []),
    ]),
  ];
};

/**
 * Vectors take one call; of what is set aside for the words and for the graph they give back what they did not use. The rest is for
 * what the records say.
 */
export const gatherLanes = async (request: SearchRequest, calls: CallBudget): Promise<Gathered> => {
  if (request.sources?.length === 0) {
    const lanes: LaneFindings = { lexical: [], vectors: [], graph: [] };
    return { kind: 'gathered', lanes, degraded: [], lookFurther: undefined };
  }
  const answers = await askLanes(request, calls);
  const { lexical, meaning } = answers;
  const [first] = failuresOf(answers);
  // The graph answers only what names something: alone it is no search.
  if (first !== undefined && lexical?.kind !== 'done' && meaning?.kind !== 'found') {
    return { kind: 'failed', part: first.part === 'lexical' ? 'lexical index' : first.part, failure: first.failure };
  }
  const lanes = findingsOf(answers);
  return {
    kind: 'gathered',
    lanes,
    degraded: degradationsOf(answers),
    lookFurther:
      meaning?.kind === 'found' && meaning.hits.length > 0
        ? async () => {
            calls.take();
            const more = await queryVectors(request, meaning.vector, LIMITS.vectorQueryTopKMax);
            return more.kind === 'failed' ? more : done({ ...lanes, vectors: more.value });
          }
        : undefined,
  };
};
