/**
 * How the facts of a file are laid out in records, so that an answer reads little. What a node uses (often hundreds of edges) lies
 * apart from whose it is and where it lies; and in the record of a Region, a name that is tied to it is only its hash: a reader looks
 * up those that something depends on, and leaves the others out.
 */
import { deriveEntries } from '../facts/derived.ts';
import { type EdgeType, type FileFacts, type GraphEdge, isAliasId, isRegionId } from '../facts/vocabulary.ts';
import { type Direction, hashOf } from './graph-keys.ts';
import type { NodeFile } from './node-record.ts';

/** What is read for a row of an answer; the rest is what a node uses. */
const OWN: ReadonlySet<EdgeType> = new Set(['names', 'inRegion', 'ownedBy', 'memberOf', 'onCall', 'partOf']);

/** The directions in which edges of these types lie. */
export const outDirections = (types: readonly EdgeType[]): readonly ('out' | 'use')[] => [
  ...(types.some((type) => OWN.has(type)) ? (['out'] as const) : []),
  ...(types.some((type) => !OWN.has(type)) ? (['use'] as const) : []),
];

export interface StoredEntry {
  readonly id: string;
  readonly direction: Direction;
  readonly said: Pick<NodeFile, 'edges' | 'nodes' | 'names'>;
}

const HASH_BYTES = 8;

const packNames = (edges: readonly GraphEdge[]): string =>
  Buffer.from([...new Set(edges.map(({ from }) => hashOf(from)))].toSorted().join(''), 'hex').toString('base64');

/** The hashes of the names that a record of a Region stands for. */
export const hashesIn = (names: string): readonly string[] => {
  const hex = Buffer.from(names, 'base64').toString('hex');
  return Array.from({ length: Math.floor(hex.length / (HASH_BYTES * 2)) }, (_, at) =>
    hex.slice(at * HASH_BYTES * 2, (at + 1) * HASH_BYTES * 2),
  );
};

const intoRegion = (id: string, edges: readonly GraphEdge[]): StoredEntry => {
  const names = edges.filter(({ from }) => isAliasId(from));
  return {
    id,
    direction: 'in',
    said: { edges: edges.filter(({ from }) => !isAliasId(from)), nodes: [], names: packNames(names) },
  };
};

const outOf = (id: string, edges: readonly GraphEdge[]): readonly StoredEntry[] => {
  const own = edges.filter(({ type }) => OWN.has(type));
  const used = edges.filter(({ type }) => !OWN.has(type));
  return [
    ...(own.length === 0 ? [] : [{ id, direction: 'out', said: { edges: own, nodes: [], names: '' } } as const]),
    ...(used.length === 0 ? [] : [{ id, direction: 'use', said: { edges: used, nodes: [], names: '' } } as const]),
  ];
};

const laidOut = (facts: Pick<FileFacts, 'nodes' | 'edges'>): readonly StoredEntry[] =>
  deriveEntries(facts).flatMap(({ id, direction, edges, nodes }): readonly StoredEntry[] => {
    if (direction === 'out') {
      return outOf(id, edges);
    }
    return direction === 'in' && isRegionId(id)
      ? [intoRegion(id, edges)]
      : [{ id, direction, said: { edges, nodes, names: '' } }];
  });

export const entryName = (direction: Direction, id: string): string => `${direction} ${id}`;

/** One entry for each node and direction, in the order in which they are met. */
export const storedEntries = (facts: Pick<FileFacts, 'nodes' | 'edges'>): readonly StoredEntry[] => {
  const merged = new Map<string, StoredEntry>();
  for (const entry of laidOut(facts)) {
    const name = entryName(entry.direction, entry.id);
    const known = merged.get(name);
    merged.set(
      name,
      known === undefined
        ? entry
        : {
            ...entry,
            said: {
              edges: [...known.said.edges, ...entry.said.edges],
              nodes: [...known.said.nodes, ...entry.said.nodes],
              names: known.said.names + entry.said.names,
            },
          },
    );
  }
  return [...merged.values()];
};
