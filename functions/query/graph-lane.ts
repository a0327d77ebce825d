/**
 * The graph's lane: where a question names a component, an API, a team or a Region, the files that document it, declare it or depend
 * on it. It looks names up in what graph answers keep in memory of the stored graph, so that it costs two calls at most; where
 * nothing is kept yet it stays silent, and asks for it to be read for the next question.
 */
import { documentId } from '../domain/corpus.ts';
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { compoundsOf } from '../embed/tokenise.ts';
import type { EdgeView, GraphReader, NodeView } from '../graph/answers/reader.ts';
import type { EdgeType } from '../graph/facts/vocabulary.ts';
import { sha256Hex } from '../stores/envelope.ts';
import type { CallBudget } from './call-budget.ts';
import { GraphUnavailableError } from './graph-reader.ts';
import type { GraphLane, GraphPlace } from './lanes.ts';

/** What the lane needs of the stored graph. */
export interface NamedNode {
  readonly id: string;
  /** That speaks of it. */
  readonly source: string;
}

export interface KeptGraph {
  /** By a name in lower case. */
  readonly named: (name: string) => readonly NamedNode[];
  readonly reader: GraphReader;
}

/** Undefined where nothing is kept yet. */
export type PeekGraph = () => KeptGraph | undefined;

const ENTITIES_MAX = 4;
/** Strongest first: what was written about it, then who needs it and what it needs. */
const NEIGHBOURS: readonly EdgeType[] = ['documents', 'onCall', 'ownedBy', 'dependsOn', 'consumesApi', 'providedBy'];

const wordsOf = (query: string): ReadonlySet<string> =>
  new Set(
    compoundsOf(query).flatMap(({ whole, segments }) => [whole].concat(segments.map((segment) => segment.whole))),
  );

/** Only names that a source which the caller may read speaks of; the longest first, since they say the most. */
const entitiesIn = (query: string, { named }: KeptGraph, isAllowed: (source: string) => boolean): readonly string[] => {
  const found = [...wordsOf(query)].flatMap((word) => named(word).filter(({ source }) => isAllowed(source)));
  return [...new Set(found.map(({ id }) => id))]
    .toSorted((left, right) => right.length - left.length || (left < right ? -1 : 1))
    .slice(0, ENTITIES_MAX);
};

type Seen = Pick<EdgeView | NodeView, 'origin'> & { readonly line: number };

const placesOf = (seen: readonly Seen[], isAllowed: (source: string) => boolean): readonly GraphPlace[] => {
  const places = new Map<string, GraphPlace>();
  for (const { origin, line } of seen) {
    const document = documentId(origin.source, sha256Hex(origin.path));
    if (isAllowed(origin.source) && !places.has(document)) {
      places.set(document, { document, line });
    }
  }
  return [...places.values()].slice(0, LIMITS.searchGraphHitsMax);
};

const order = (type: EdgeType): number => NEIGHBOURS.indexOf(type);

export const openGraphLane = (peek: PeekGraph): GraphLane => ({
  find: async (
    query: string,
    isAllowed: (source: string) => boolean,
    calls: CallBudget,
  ): Promise<Result<readonly GraphPlace[]>> => {
    const kept = peek();
    const ids = kept === undefined ? [] : entitiesIn(query, kept, isAllowed);
    if (kept === undefined || ids.length === 0 || !calls.take(2)) {
      return done([]);
    }
    try {
      const [nodes, edges] = await Promise.all([kept.reader.nodes(ids), kept.reader.into(ids, NEIGHBOURS)]);
      const near = [...edges.values()].flat().toSorted((left, right) => order(left.type) - order(right.type));
      const seenEdges = near.map(({ origin, at }) => ({ origin, line: at[0]?.line ?? 1 }));
      const seenNodes = [...nodes.values()].flat().map(({ origin, at }) => ({ origin, line: at.line }));
      const about = near.filter(({ type }) => type === 'documents').length;
      return done(placesOf([...seenEdges.slice(0, about), ...seenNodes, ...seenEdges.slice(about)], isAllowed));
    } catch (error) {
      if (error instanceof GraphUnavailableError) {
        return { kind: 'failed', failure: error.failure };
      }
      throw error;
    }
  },
});
