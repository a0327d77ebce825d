/**
 * Compares this Region's proof with the nodes that the other Region shows, and names every key that differs. Keys that were
 * written while the two were read are told apart by one recheck: both Regions are asked again, strongly, and a difference
 * counts only where both sides still have what their trees had. What counts is judged: owed, unacknowledged, or drift.
 */
import { done, type Result } from '../domain/failure.ts';
import { TABLE_NAMES, type TableName } from '../domain/record.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { type DifferenceKind, kindOf } from './compare.ts';
import type { ShownRoots } from './comparison-items.ts';
import { groupEntries, readGroups, readUpper, short, upperNodes } from './digest-nodes.ts';
import { type DigestEntry, type DigestTree, emptyNode, leafOf, type NodePath } from './digest-tree.ts';
import { type JudgedDifference, judgeRecords, judgeVectors } from './judge.ts';
import { type ProvenStore, type RegionProof } from './prove.ts';
import { recheckRecords, recheckVectors } from './recheck.ts';

/** The two Regions of a comparison: the one that runs it, and the other one. */
export interface ComparedRegions {
  readonly home: RegionStores;
  readonly peer: RegionStores;
}

/** What the trees of two Regions have under one key. */
export interface TreePair {
  readonly key: readonly string[];
  readonly kind: DifferenceKind;
  readonly home?: DigestEntry;
  /** Its hash is truncated. */
  readonly peer?: DigestEntry;
}

export type ComparisonVerdict = 'identical' | 'owed-only' | 'drift';

export interface Comparison {
  readonly slot: number;
  readonly deep: boolean;
  readonly verdict: ComparisonVerdict;
  readonly roots: { readonly home: string; readonly peer: string };
  /** Leaves that were asked for again, because keys of theirs were being written, or differ. */
  readonly recheckedLeaves: number;
  /** `left` is home, `right` the peer. */
  readonly differences: readonly JudgedDifference[];
}

const DIGITS: readonly string[] = Array.from({ length: 16 }, (_, digit) => digit.toString(16));
const EMPTY_NODE = short(emptyNode(3));
const EMPTY_GROUP: readonly DigestEntry[] = [];

/** Third-level nodes that differ, each with what the peer has below it. */
const differingGroups = async (
  peer: RegionStores,
  store: ProvenStore,
  tree: DigestTree,
  shown: ShownRoots,
): Promise<Result<ReadonlyMap<NodePath, readonly DigestEntry[]>>> => {
  const children = tree.children('').map((hash) => short(hash));
  const digits = DIGITS.filter((_, at) => children[at] !== shown.stores[store].children[at]);
  const upper = await readUpper(peer, store, shown, digits);
  if (upper.kind === 'failed') {
    return upper;
  }
  const paths = digits
    .flatMap((digit) => Array.from(upperNodes(tree, digit)))
    .filter(([path, hash]) => (upper.value.get(path) ?? EMPTY_NODE) !== hash)
    .map(([path]) => path);
  const filled = paths.filter((path) => (upper.value.get(path) ?? EMPTY_NODE) !== EMPTY_NODE);
  const groups = await readGroups(peer, store, shown.slot, filled);
  return groups.kind === 'failed'
    ? groups
    : done(new Map(paths.map((path) => [path, groups.value.get(path) ?? EMPTY_GROUP])));
};

const pairGroup = (home: readonly DigestEntry[], peer: readonly DigestEntry[]): readonly TreePair[] => {
  const peers = new Map(peer.map((entry) => [JSON.stringify(entry.key), entry]));
  const pairs: TreePair[] = [];
  const add = (key: readonly string[], left: DigestEntry | undefined, right: DigestEntry | undefined): void => {
    const kind = kindOf(left === undefined ? undefined : { ...left, h: short(left.h) }, right);
    if (kind !== undefined) {
      pairs.push({
        key,
        kind,
        ...(left === undefined ? {} : { home: left }),
        ...(right === undefined ? {} : { peer: right }),
      });
    }
  };
  for (const entry of home) {
    const name = JSON.stringify(entry.key);
    add(entry.key, entry, peers.get(name));
    peers.delete(name);
  }
  for (const entry of peers.values()) {
    add(entry.key, undefined, entry);
  }
  return pairs;
};

/** Every key that two trees hold differently, as they were read. */
const differingPairs = async (
  peer: RegionStores,
  store: ProvenStore,
  tree: DigestTree,
  shown: ShownRoots,
): Promise<Result<readonly TreePair[]>> => {
  if (tree.root === shown.stores[store].root) {
    return done([]);
  }
  const groups = await differingGroups(peer, store, tree, shown);
  return groups.kind === 'failed'
    ? groups
    : done([...groups.value].flatMap(([path, entries]) => pairGroup(groupEntries(tree, path), entries)));
};

const verdictOf = (differences: readonly JudgedDifference[]): ComparisonVerdict => {
  if (differences.length === 0) {
    return 'identical';
  }
  return differences.some(({ standing }) => standing === 'drift') ? 'drift' : 'owed-only';
};

const compareTable = async (
  regions: ComparedRegions,
  table: TableName,
  pairs: readonly TreePair[],
  at: number,
): Promise<Result<readonly JudgedDifference[]>> => {
  if (pairs.length === 0) {
    return done([]);
  }
  const left = await recheckRecords(regions, table, pairs, at);
  return left.kind === 'failed' ? left : judgeRecords(regions, table, left.value);
};

export interface CompareInput {
  /** Home's own proof, for the slot and depth of the peer's. */
  readonly proof: RegionProof;
  /** What the peer shows; its nodes have to be there for every store whose root differs. */
  readonly shown: ShownRoots;
  readonly now: () => number;
}

/** Names and judges every difference. A failure of either Region ends it: half a comparison is none. */
export const compareWithPeer = async (regions: ComparedRegions, input: CompareInput): Promise<Result<Comparison>> => {
  const { proof, shown } = input;
  const leaves = new Set<string>();
  const pairsOf = async (store: ProvenStore): Promise<Result<readonly TreePair[]>> => {
    const pairs = await differingPairs(regions.peer, store, proof.trees[store], shown);
    for (const { key } of pairs.kind === 'done' ? pairs.value : []) {
      leaves.add(`${store}/${leafOf(key)}`);
    }
    return pairs;
  };
  const differences: JudgedDifference[] = [];
  for (const table of TABLE_NAMES) {
    const pairs = await pairsOf(table);
    const judged = pairs.kind === 'failed' ? pairs : await compareTable(regions, table, pairs.value, input.now());
    if (judged.kind === 'failed') {
      return judged;
    }
    differences.push(...judged.value);
  }
  const vectors = await pairsOf('vectors');
  const left = vectors.kind === 'failed' ? vectors : await recheckVectors(regions, vectors.value, differences);
  if (left.kind === 'failed') {
    return left;
  }
  differences.push(...judgeVectors(left.value));
  return done({
    slot: shown.slot,
    deep: shown.deep,
    verdict: verdictOf(differences),
    roots: { home: proof.root, peer: shown.root },
    recheckedLeaves: leaves.size,
    differences,
  });
};
