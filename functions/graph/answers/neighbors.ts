/** What one component is tied to, in both directions, with the evidence of each tie. What only a source says that the caller may not read is counted. */
import { LIMITS } from '../../domain/limits.ts';
import { EDGE_TYPES } from '../facts/vocabulary.ts';
import type { EdgeView, GraphReader } from './reader.ts';
import { type IsVisible, sightOf, type Step } from './view.ts';

export interface Neighbor extends Step {
  /** As seen from the component that was asked for. */
  readonly direction: 'out' | 'in';
}

export interface NeighborsAnswer {
  readonly component: string;
  readonly edges: readonly Neighbor[];
  /** Ties that are there and may not be shown. */
  readonly restricted: number;
  readonly isCut: boolean;
}

const edgesOf = (found: ReadonlyMap<string, readonly EdgeView[]>, id: string): readonly EdgeView[] =>
  found.get(id) ?? [];

export const neighborsOf = async (reader: GraphReader, id: string, isVisible: IsVisible): Promise<NeighborsAnswer> => {
  const [out, into] = await Promise.all([reader.outOf([id], EDGE_TYPES), reader.into([id], EDGE_TYPES)]);
  const edges = [
    ...edgesOf(out, id).map((edge) => ({ edge, direction: 'out' as const })),
    ...edgesOf(into, id).map((edge) => ({ edge, direction: 'in' as const })),
  ];
  const open = edges.filter(({ edge }) => isVisible(edge.origin.source));
  const shown = open.slice(0, LIMITS.graphNeighborsMax);
  const nodes = await reader.nodes([...new Set(shown.flatMap(({ edge }) => [edge.from, edge.to]))]);
  const sight = sightOf(
    isVisible,
    nodes,
    edges.map(({ edge }) => edge),
  );
  return {
    component: id,
    edges: shown.map(({ edge, direction }) => ({ direction, ...sight.step(edge) })),
    restricted: edges.length - open.length,
    isCut: shown.length < open.length,
  };
};
