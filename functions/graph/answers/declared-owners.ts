/**
 * A tag may name a component that some repository declares, or mean something else. Which of the two is only known to the whole
 * organisation, so it is decided here, when the edges are read.
 */
import type { EdgeView, GraphReader } from './reader.ts';

export const withDeclaredOwners = (reader: GraphReader): GraphReader => {
  const decided = async (
    found: ReadonlyMap<string, readonly EdgeView[]>,
  ): Promise<ReadonlyMap<string, readonly EdgeView[]>> => {
    const tagged = [...found.values()].flat().filter(({ otherwise }) => otherwise !== undefined);
    if (tagged.length === 0) {
      return found;
    }
    const nodes = await reader.nodes([...new Set(tagged.map(({ from }) => from))]);
    const decide = (edge: EdgeView): EdgeView =>
      edge.otherwise === undefined || (nodes.get(edge.from) ?? []).length > 0
        ? edge
        : { ...edge, from: edge.otherwise };
    return new Map([...found].map(([id, edges]) => [id, edges.map((edge) => decide(edge))]));
  };
  return {
    nodes: async (ids) => reader.nodes(ids),
    outOf: async (ids, types) => reader.outOf(ids, types),
    into: async (ids, types) => decided(await reader.into(ids, types)),
  };
};
