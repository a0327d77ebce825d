/** A graph in memory, from facts: for one machine, for tests, and as the plainest meaning of the port. */
import { deriveEntries } from '../facts/derived.ts';
import type { FileFacts } from '../facts/vocabulary.ts';
import { type EdgeView, type GraphReader, type NodeView, originOf } from './reader.ts';

const push = <T>(map: Map<string, T[]>, key: string, values: readonly T[]): void => {
  const known = map.get(key);
  if (known === undefined) {
    map.set(key, [...values]);
  } else {
    known.push(...values);
  }
};

const byType =
  (map: ReadonlyMap<string, readonly EdgeView[]>): GraphReader['into'] =>
  async (ids, types) =>
    new Map(ids.map((id) => [id, (map.get(id) ?? []).filter(({ type }) => types.includes(type))]));

export const memoryReader = (facts: readonly FileFacts[]): GraphReader => {
  const nodes = new Map<string, NodeView[]>();
  const edges = { in: new Map<string, EdgeView[]>(), out: new Map<string, EdgeView[]>() };
  for (const file of facts) {
    const origin = originOf(file);
    for (const { direction, id, nodes: declared, edges: own } of deriveEntries(file)) {
      const said = { origin };
      if (direction === 'node') {
        push(
          nodes,
          id,
          declared.map((node): NodeView => Object.assign({}, node, said)),
        );
      } else {
        push(
          edges[direction],
          id,
          own.map((edge): EdgeView => Object.assign({}, edge, said)),
        );
      }
    }
  }
  return {
    nodes: async (ids) => new Map(ids.map((id) => [id, nodes.get(id) ?? []])),
    outOf: byType(edges.out),
    into: byType(edges.in),
  };
};
