/** From facts to the records of a unit: the facts themselves, what each node is found by, the index and the list of files. */
import { factsPayloads } from '../../../graph/facts/facts-record.ts';
import type { FileFacts } from '../../../graph/facts/vocabulary.ts';
import {
  DIRECTIONS,
  type Direction,
  factsKey,
  filesKey,
  hashOf,
  indexKey,
  nodeKey,
} from '../../../graph/stored/graph-keys.ts';
import {
  basisOf,
  filesPayloads,
  type RecordSum,
  type UnitFile,
  type UnitHead,
} from '../../../graph/stored/head-record.ts';
import { factsPrint, indexPayloads, isAskedFor, printOf, type UnitIndex } from '../../../graph/stored/index-record.ts';
import { type NodeFile, nodePayloads } from '../../../graph/stored/node-record.ts';
import { entryName, storedEntries } from '../../../graph/stored/stored-entries.ts';
import { type CanonicalPayload, canonicalPayload, sha256Hex } from '../../../stores/envelope.ts';
import type { RecordKey } from '../../../domain/record.ts';
import type { UnitPlace } from './units.ts';

export interface CanonicalPut {
  readonly op: 'put';
  readonly key: RecordKey;
  readonly canonical: CanonicalPayload;
}

export const putOf = (key: RecordKey, payload: unknown): CanonicalPut => ({
  op: 'put',
  key,
  canonical: canonicalPayload(payload),
});

/** The facts of one file, ready to be stored, and what is derived from them. */
export interface StoredFacts {
  readonly path: string;
  readonly hash: string;
  readonly puts: readonly CanonicalPut[];
  readonly nodes: readonly NodeEntry[];
}

export interface NodeEntry {
  readonly id: string;
  readonly direction: Direction;
  readonly file: NodeFile;
}

/** `d`: the own part of the id of the document that the file is; readers of the graph find the document by it. */
export const storedFacts = (source: string, unit: string, facts: FileFacts, d: string | undefined): StoredFacts => {
  const puts = factsPayloads(facts).map((payload, part) => putOf(factsKey(source, unit, facts.path, part), payload));
  const hash = factsPrint(sha256Hex(puts.map(({ canonical }) => canonical.h).join('\n')));
  const nodes = storedEntries(facts).map(({ id, direction, said }) => ({
    id,
    direction,
    file: { path: facts.path, ...(d === undefined ? {} : { d }), facts: hash, ...said },
  }));
  return { path: facts.path, hash, puts, nodes };
};

export interface NodeFiles {
  readonly id: string;
  readonly direction: Direction;
  readonly files: NodeFile[];
}

export const nodeName = entryName;

export const nodePuts = (
  source: string,
  unit: string,
  { id, direction, files }: NodeFiles,
): readonly CanonicalPut[] => {
  const hash = hashOf(id);
  return nodePayloads(id, direction, files).map((payload, part) =>
    putOf(nodeKey(source, unit, { direction, hash, part }), payload),
  );
};

/** The list of files and the index of a unit, with its entry in the head. */
export const unitRecords = (
  source: string,
  place: UnitPlace,
  state: {
    readonly extractor: string;
    readonly files: readonly UnitFile[];
    readonly index: UnitIndex;
    readonly sum: RecordSum;
  },
): { readonly head: UnitHead; readonly puts: readonly CanonicalPut[] } => {
  const { unit, repository, prefix, commit } = place;
  const files = filesPayloads(state.files).map((payload, part) => putOf(filesKey(source, unit, part), payload));
  const index = indexPayloads(state.index).map((payload, part) => putOf(indexKey(source, unit, part), payload));
  return {
    puts: [...files, ...index],
    head: {
      unit,
      repository,
      prefix,
      commit,
      basis: basisOf(state.extractor, state.files),
      sum: state.sum.toString(),
      files: files.length,
      index: index.length,
      indexHash: sha256Hex(index.map(({ canonical }) => canonical.h).join('\n')),
    },
  };
};

export const filesWithFacts = (files: readonly UnitFile[]): UnitIndex['files'] =>
  new Map(
    files
      .filter(({ facts }) => facts !== '')
      .map(({ path, facts }) => [hashOf(path), facts] as const)
      .toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );

export const indexOf = (
  nodes: Iterable<Pick<NodeFiles, 'id' | 'direction'>>,
  files: readonly UnitFile[],
): UnitIndex => {
  const prints: Record<Direction, Set<string>> = { in: new Set(), out: new Set(), use: new Set(), node: new Set() };
  const names = new Set<string>();
  for (const { id, direction } of nodes) {
    prints[direction].add(printOf(hashOf(id)));
    if (isAskedFor(direction, id)) {
      names.add(id);
    }
  }
  return {
    prints: sortedPrints(prints),
    files: filesWithFacts(files),
    names: [...names].toSorted(),
  };
};

export const sortedPrints = (prints: Readonly<Record<Direction, ReadonlySet<string>>>): UnitIndex['prints'] => {
  const [into, out, use, node] = DIRECTIONS.map((direction) => [...prints[direction]].toSorted());
  return { in: into ?? [], out: out ?? [], use: use ?? [], node: node ?? [] };
};
