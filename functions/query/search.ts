/**
 * Answers a question from the home Region's own stores, in a bounded number of calls: by its words, by nearness of meaning, and by
 * the graph around what it names. Each lane may fail by itself and is then named; what the home records do not list, or the caller
 * may not read, is dropped from every lane before anything is ranked.
 */
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Embedder } from '../embed/embedder.ts';
import { queryTerms } from '../lexical/terms.ts';
import { chunkTerms } from '../lexical/unit.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { VectorStore } from '../stores/vector-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { CallBudget } from './call-budget.ts';
import { type Candidate, type DropReason, type Listed, readTexts } from './candidates.ts';
import { fuse, type Lane, type Places } from './fuse.ts';
import { type Degradation, type Gathered, gatherLanes, type GraphLane } from './lanes.ts';
import { type ListedLanes, listLanes } from './listed-lanes.ts';
import { plainText } from './plain-text.ts';
import { boostRanked, type Ranked, selectRanked } from './rank.ts';

export interface SearchRequest {
  readonly home: {
    readonly region: string;
    readonly records: Pick<RecordStore, 'getMany' | 'query'>;
    readonly vectors: Pick<VectorStore, 'query'>;
  };
  readonly embedder: Embedder;
  readonly telemetry: Telemetry;
  readonly query: string;
  readonly limit: number;
  /** Only these sources; absent means all. */
  readonly sources?: readonly string[];
  /** Every source that there is for the caller, where that is known: a few are read by their keys, all terms of them. */
  readonly knownSources?: readonly string[];
  /** Judges what the indexes and the records answered with, once more: a filter that was not kept must show nothing. */
  readonly isAllowed: (source: string) => boolean;
  /** Absent where no graph is kept. */
  readonly graph?: GraphLane;
  /** Whether a source was read long ago. */
  readonly isStale?: (source: string) => boolean;
  /** Absent means all: for measurements. */
  readonly lanes?: readonly Lane[];
  /** Of one document; for measurements. */
  readonly passagesPerDocumentMax?: number;
  readonly signal: AbortSignal;
}

export interface Passage {
  readonly document: string;
  readonly path: string;
  readonly title: string;
  readonly source: string;
  readonly heading: string | null;
  readonly breadcrumb: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
  /** 0 to 1: how high it stood in the lanes. */
  readonly score: number;
  /** Of a decision record. */
  readonly status: string | null;
  /** Why it is here: its place in each lane that had it, from 1. */
  readonly lanes: Places;
}

export type SearchOutcome =
  | {
      readonly kind: 'found';
      readonly passages: readonly Passage[];
      readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
      /** What did not take part, or not wholly: the answer may lack the best passage. */
      readonly degraded: readonly Degradation[];
    }
  | { readonly kind: 'failed'; readonly part: string; readonly failure: Failure };

const SCORE_DIGITS = 4;
/** More texts than are asked for are read, so that what a heading says can still move them. */
const TEXTS_MIN = 24;
const TEXTS_FACTOR = 2;

const passageOf = ({ candidate, score, lanes }: Ranked): Passage => {
  const { document, entry, chunk } = candidate;
  return {
    document: document.id,
    path: plainText(document.path),
    title: plainText(document.title),
    source: document.src,
    heading: chunk.heading === undefined ? null : plainText(chunk.heading),
    breadcrumb: plainText(chunk.breadcrumb),
    startLine: entry.l[0],
    endLine: entry.l[1],
    text: plainText(chunk.text),
    score: Number(score.toFixed(SCORE_DIGITS)),
    status: document.status ?? null,
    lanes,
  };
};

type Dropped = Map<DropReason, number>;

const countDropped = (dropped: Dropped, reason: DropReason): void => {
  dropped.set(reason, (dropped.get(reason) ?? 0) + 1);
};

const reportDropped = ({ telemetry, home }: SearchRequest, dropped: Dropped): void => {
  for (const [reason, count] of dropped) {
    telemetry.count('SearchHitsDropped', { Region: home.region, Reason: reason }, count);
  }
};

interface Ordered {
  readonly listed: Listed;
  readonly score: number;
  readonly lanes: Places;
  readonly isAmbiguous: boolean;
}

const orderOf = ({ lists, listed, ambiguous }: ListedLanes): readonly Ordered[] =>
  fuse(lists).flatMap(({ id, score, lanes }) => {
    const found = listed.get(id);
    return found === undefined
      ? []
      : [{ listed: found, score, lanes, isAmbiguous: ambiguous.has(id) && lanes.vectors === undefined }];
  });

/** The texts of the best; what turns out not to be there is dropped, and counted. */
const readRanked = async (
  { home, limit, query }: SearchRequest,
  ordered: readonly Ordered[],
  calls: CallBudget,
  dropped: Dropped,
): Promise<readonly Ranked[]> => {
  const best = ordered.slice(0, Math.min(LIMITS.searchGetItemsMax, Math.max(TEXTS_MIN, limit * TEXTS_FACTOR)));
  const reads = await readTexts(
    home.records,
    best.map(({ listed }) => listed),
    calls,
  );
  return reads.flatMap((read, at): readonly Ranked[] => {
    const one = best[at];
    if (read.kind === 'dropped') {
      countDropped(dropped, read.reason);
      return [];
    }
    return one === undefined || (one.isAmbiguous && !hasTermsOf(query, read.value))
      ? []
      : [{ candidate: read.value, score: one.score, lanes: one.lanes }];
  });
};

/** Whether a chunk has any term of the question at all. */
const hasTermsOf = (query: string, { document, chunk }: Candidate): boolean => {
  const { counts } = chunkTerms(document.title, chunk);
  return [...queryTerms(query).keys()].some((term) => counts.has(term));
};

const isShown = ({ isAllowed }: SearchRequest, { document, chunk }: Candidate): boolean =>
  isAllowed(document.src) && chunk.src === document.src && chunk.doc === document.id;

const isCrowdedOut = (request: SearchRequest, ordered: readonly Ordered[], dropped: Dropped): boolean =>
  ordered.length < request.limit && (dropped.get('unlisted') ?? 0) > 0;

/** The vectors, the documents, and then the texts. */
const FURTHER_CALLS = 3;

interface Looked {
  readonly listed: ListedLanes;
  readonly ordered: readonly Ordered[];
  readonly degraded: readonly Degradation[];
}

/**
 * Vectors of replaced documents stay in the index, listed by no document; where they crowd out what is listed, look further once.
 * Where that can't be done, or does not reach beyond them either, the answer says that the vectors were not wholly looked at.
 */
const lookAtLanes = async (
  request: SearchRequest,
  gathered: Extract<Gathered, { kind: 'gathered' }>,
  calls: CallBudget,
  dropped: Dropped,
): Promise<Looked> => {
  const { lanes, degraded, lookFurther } = gathered;
  const listed = await listLanes(request, lanes, calls, dropped);
  const first: Looked = { listed, ordered: orderOf(listed), degraded };
  if (lookFurther === undefined || !isCrowdedOut(request, first.ordered, dropped)) {
    return first;
  }
  const lacking = [...new Set<Degradation>([...degraded, 'vectors'])];
  const more = calls.left < FURTHER_CALLS ? undefined : await lookFurther();
  if (more?.kind !== 'done') {
    return { ...first, degraded: lacking };
  }
  dropped.clear();
  const further = await listLanes(request, more.value, calls, dropped);
  const ordered = orderOf(further);
  const isAtEnd = more.value.vectors.length < LIMITS.vectorQueryTopKMax;
  const isWhole = isAtEnd || !isCrowdedOut(request, ordered, dropped);
  return { listed: further, ordered, degraded: isWhole ? degraded : lacking };
};

export const search = async (request: SearchRequest): Promise<SearchOutcome> => {
  const calls = new CallBudget(LIMITS.searchStoreCallsMax);
  const gathered = await gatherLanes(request, calls);
  if (gathered.kind === 'failed') {
    return gathered;
  }
  const dropped: Dropped = new Map();
  const { listed, ordered, degraded } = await lookAtLanes(request, gathered, calls, dropped);
  if (ordered.length === 0 && listed.failure !== undefined) {
    return { kind: 'failed', part: 'records', failure: listed.failure };
  }
  const ranked = await readRanked(request, ordered, calls, dropped);
  reportDropped(request, dropped);
  const shown = ranked.filter(({ candidate }) => isShown(request, candidate));
  return {
    kind: 'found',
    passages: selectRanked(
      boostRanked(request.query, shown, request.isStale),
      request.limit,
      request.passagesPerDocumentMax,
    ).map((one) => passageOf(one)),
    dropped: Object.fromEntries(dropped),
    degraded: dropped.has('unreadable') ? [...degraded, 'records'] : degraded,
  };
};
