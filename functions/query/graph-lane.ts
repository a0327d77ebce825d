/**
 * The graph's lane: where a question names a component, an API, a system or a team, the files that document it, declare it or depend
 * on it. It looks names up in what graph answers keep in memory of the stored graph, and reads their records within the calls that
 * it is given, of sources that the caller may read and of no others; where nothing is kept yet it stays silent, and asks for it to
 * be read for the next question.
 */
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { compoundsOf } from '../embed/tokenise.ts';
import type { EdgeView, GraphReader, NodeView } from '../graph/answers/reader.ts';
import type { EdgeType } from '../graph/facts/vocabulary.ts';
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
  /** Stops where the calls end, and reads nothing of other sources. */
  readonly open: (calls: CallBudget, isRead: (source: string) => boolean) => GraphReader;
}

/** Undefined where nothing is kept yet. */
export type PeekGraph = () => KeptGraph | undefined;

const ENTITIES_MAX = 4;
/** What the names are and what is said of them: with fewer there is nothing to tell. */
const CALLS_MIN = 2;
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
    const { document } = origin;
    if (document !== undefined && isAllowed(origin.source) && !places.has(document)) {
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
    if (kept === undefined || ids.length === 0 || calls.left < CALLS_MIN) {
      return done([]);
    }
    const reader = kept.open(calls, isAllowed);
    try {
      const [nodes, edges] = await Promise.all([reader.nodes(ids), reader.into(ids, NEIGHBOURS)]);
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
