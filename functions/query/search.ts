/**
 * Answers a question from the home Region's own stores: embed it, ask the index for the nearest chunks, drop what the home
 * records do not list, order the rest by meaning and words. A failure of a store or of the embedder is a value.
 */
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Embedder } from '../embed/embedder.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { VectorStore } from '../stores/vector-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Candidates, type DropReason, readCandidates } from './candidates.ts';
import { rankCandidates, type Ranked, selectRanked } from './rank.ts';

export interface SearchRequest {
  readonly home: { readonly region: string; readonly records: RecordStore; readonly vectors: VectorStore };
  readonly embedder: Embedder;
  readonly telemetry: Telemetry;
  readonly query: string;
  readonly limit: number;
  /** Only these sources; absent means all. */
  readonly sources?: readonly string[];
  /** Judges what the index and the records answered with, once more: a filter that was not kept must show nothing. */
  readonly isAllowed: (source: string) => boolean;
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
  /** 0 to 1: how high it stood in both lanes. */
  readonly score: number;
  /** Of a decision record. */
  readonly status: string | null;
}

export type SearchOutcome =
  | {
      readonly kind: 'found';
      readonly passages: readonly Passage[];
      readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
      /** Some of what was near could not be read: the answer may lack the best passage. */
      readonly degraded: boolean;
    }
  | { readonly kind: 'failed'; readonly part: 'embedder' | 'vectors' | 'records'; readonly failure: Failure };

type Gathered =
  { readonly kind: 'gathered'; readonly candidates: Candidates } | Extract<SearchOutcome, { kind: 'failed' }>;

const SCORE_DIGITS = 4;

const passageOf = ({ candidate, score }: Ranked): Passage => {
  const { document, entry, chunk } = candidate;
  return {
    document: document.id,
    path: document.path,
    title: document.title,
    source: document.src,
    heading: chunk.heading ?? null,
    breadcrumb: chunk.breadcrumb,
    startLine: entry.l[0],
    endLine: entry.l[1],
    text: chunk.text,
    score: Number(score.toFixed(SCORE_DIGITS)),
    status: document.status ?? null,
  };
};

const NOTHING: Gathered = {
  kind: 'gathered',
  candidates: { listed: [], dropped: new Map(), failure: undefined },
};

const gather = async (request: SearchRequest, vector: Float32Array, topK: number): Promise<Gathered> => {
  const { home, sources, isAllowed } = request;
  if (sources?.length === 0) {
    return NOTHING;
  }
  const hits = await home.vectors.query({ vector, topK, ...(sources === undefined ? {} : { sources }) });
  if (hits.kind === 'failed') {
    return { kind: 'failed', part: 'vectors', failure: hits.failure };
  }
  const allowed = hits.value.filter(({ metadata }) => isAllowed(metadata.src));
  const candidates = await readCandidates(home.records, allowed);
  if (candidates.listed.length === 0 && candidates.failure !== undefined) {
    return { kind: 'failed', part: 'records', failure: candidates.failure };
  }
  const isCrowded =
    hits.value.length === topK && candidates.dropped.size > 0 && candidates.listed.length < request.limit;
  // Vectors of replaced documents stay in the index, listed by no document; where they crowd out what is listed, look further once.
  return isCrowded && topK < LIMITS.vectorQueryTopKMax
    ? gather(request, vector, LIMITS.vectorQueryTopKMax)
    : { kind: 'gathered', candidates };
};

const reportDropped = ({ telemetry, home }: SearchRequest, dropped: Candidates['dropped']): void => {
  for (const [reason, count] of dropped) {
    telemetry.count('SearchHitsDropped', { Region: home.region, Reason: reason }, count);
  }
};

export const search = async (request: SearchRequest): Promise<SearchOutcome> => {
  const embedded = await request.embedder.embed([request.query], request.signal);
  if (embedded.kind === 'failed') {
    return { kind: 'failed', part: 'embedder', failure: embedded.failure };
  }
  const [vector] = embedded.value;
  if (vector === undefined) {
    const failure: Failure = { reason: 'unknown', code: 'NoVector', message: 'the embedder returned no vector' };
    return { kind: 'failed', part: 'embedder', failure };
  }
  const gathered = await gather(request, vector, LIMITS.searchCandidatesMax);
  if (gathered.kind === 'failed') {
    return gathered;
  }
  const { listed, dropped, failure } = gathered.candidates;
  reportDropped(request, dropped);
  return {
    kind: 'found',
    passages: selectRanked(
      rankCandidates(
        request.query,
        listed.filter(({ document }) => request.isAllowed(document.src)),
      ),
      request.limit,
    ).map((one) => passageOf(one)),
    dropped: Object.fromEntries(dropped),
    degraded: failure !== undefined,
  };
};
