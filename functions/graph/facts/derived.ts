/**
 * What is derived from the facts of a file, so that the graph can be walked from either end: one record per node, direction and
 * origin, with the origin's version. The origin's own record stays the truth: what it does not list any more is dropped by
 * whoever reads a derived record.
 */
import { UNKNOWN_REGION, type FileFacts, type GraphEdge, type GraphNode, isRegionId } from './vocabulary.ts';

export interface DerivedEntry {
  readonly direction: 'in' | 'out' | 'node';
  /** The node that it is found by. */
  readonly id: string;
  readonly edges: readonly GraphEdge[];
  readonly nodes: readonly GraphNode[];
}

/**
 * Ties of single resources are left out of the reverse side: a Region's record would list every resource in it, and the
 * component's own tie, with its count and its proof, says the same. Names are kept: others depend on them.
 */
const isReversed = ({ from, to, type }: GraphEdge): boolean =>
  type === 'inRegion'
    ? from.startsWith('component:') ||
      from.startsWith('resource:name/') ||
      from.startsWith('resource:catalog/') ||
      (to === UNKNOWN_REGION && from.startsWith('api:'))
    : !isRegionId(to);

const grouped = (
  direction: 'in' | 'out',
  edges: readonly GraphEdge[],
  idOf: (edge: GraphEdge) => string,
): readonly DerivedEntry[] => {
  const byId = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const known = byId.get(idOf(edge));
    if (known === undefined) {
      byId.set(idOf(edge), [edge]);
    } else {
      known.push(edge);
    }
  }
  return [...byId].map(([id, own]) => ({ direction, id, edges: own, nodes: [] }));
};

export const deriveEntries = (facts: Pick<FileFacts, 'nodes' | 'edges'>): readonly DerivedEntry[] => [
  ...grouped('out', facts.edges, ({ from }) => from),
  ...grouped('in', facts.edges.filter(isReversed), ({ to }) => to),
  ...facts.nodes.map((node): DerivedEntry => ({ direction: 'node', id: node.id, edges: [], nodes: [node] })),
];

/** Two edges that say the same; their lines may have moved. */
export const edgeKey = ({ from, to, type, tie, environment, via, expression }: GraphEdge): string =>
  JSON.stringify([from, to, type, tie, environment, via, expression]);

/** For a reader: is a derived edge still in its origin's record? */
export const listsEdge = (facts: Pick<FileFacts, 'edges'>, edge: GraphEdge): boolean => {
  const key = edgeKey(edge);
  return facts.edges.some((own) => edgeKey(own) === key);
};
