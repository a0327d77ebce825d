/**
 * The hash tree that proves two Regions equal (DESIGN §4): 65,536 leaves by the first 16 bits of SHA-256 over the key,
 * 16-ary above them, empty subtrees constant. Equal roots mean item-by-item equality; unequal ones lead to the leaf.
 */
import { createHash } from 'node:crypto';

import type { RegionName } from '../domain/region.ts';

/** One stored thing: its key as text parts, and what must be equal about it. */
export interface DigestEntry {
  /** `[pk, sk]` of a record, `[key]` of a vector. */
  readonly key: readonly string[];
  /** The version; empty for a vector, which has none. */
  readonly v: string;
  /** The hash of its bytes; `missing` for a listed vector that is not stored. */
  readonly h: string;
  readonly del: boolean;
  /** For the judgement of a difference only: local to its Region, and so no part of any hash. */
  readonly owed?: RegionName;
}

/** A node is named by its path from the root, one hex digit a level: the root is the empty text, a leaf four digits. */
export type NodePath = string;

export const LEAF_DEPTH = 4;
const FAN_OUT = 16;
const HEX_DIGITS: readonly string[] = Array.from({ length: 16 }, (_, digit) => digit.toString(16));

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest();
};

export const entryText = (entry: DigestEntry): string => JSON.stringify([entry.key, entry.v, entry.h, entry.del]);

export const leafOf = (key: readonly string[]): NodePath => sha256(key.join('\0')).toString('hex', 0, 2);

export interface DigestTree {
  readonly root: string;
  readonly count: number;
  /** The sixteen child hashes of a node above the leaves, in order. */
  children(path: NodePath): readonly string[];
  /** The entries of one leaf, sorted by their text. */
  entries(leaf: NodePath): readonly DigestEntry[];
}

const textOrder = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

/** The hash of a subtree with nothing in it, by the depth of its top node. */
const EMPTY: readonly Buffer[] = Array.from({ length: LEAF_DEPTH }).reduce<readonly Buffer[]>(
  ([below = sha256(''), ...deeper]) => [sha256(...Array.from({ length: FAN_OUT }, () => below)), below, ...deeper],
  [sha256('')],
);

const emptyAt = (depth: number): Buffer => EMPTY[depth] ?? sha256('');

/** The hash of an empty subtree below a path of this length, as `children` gives it. */
export const emptyNode = (depth: number): string => emptyAt(depth).toString('hex');

type Level = ReadonlyMap<NodePath, Buffer>;

const childrenOf = (path: NodePath, below: Level): readonly Buffer[] =>
  HEX_DIGITS.map((digit) => below.get(path + digit) ?? emptyAt(path.length + 1));

/** Only what is not empty is ever hashed: a small Region costs little, a large one as much as it holds. */
const levelAbove = (below: Level): Level => {
  const paths = new Set([...below.keys()].map((path) => path.slice(0, -1)));
  return new Map(Array.from(paths, (path) => [path, sha256(...childrenOf(path, below))]));
};

const leafLevel = (leaves: ReadonlyMap<NodePath, readonly DigestEntry[]>): Level =>
  new Map(Array.from(leaves, ([leaf, entries]) => [leaf, sha256(entries.map((entry) => entryText(entry)).join('\n'))]));

const sortIntoLeaves = (entries: Iterable<DigestEntry>): ReadonlyMap<NodePath, DigestEntry[]> => {
  const leaves = new Map<NodePath, DigestEntry[]>();
  for (const entry of entries) {
    const leaf = leafOf(entry.key);
    const bucket = leaves.get(leaf);
    if (bucket === undefined) {
      leaves.set(leaf, [entry]);
    } else {
      bucket.push(entry);
    }
  }
  for (const bucket of leaves.values()) {
    bucket.sort((left, right) => textOrder(entryText(left), entryText(right)));
  }
  return leaves;
};

/** Builds the tree of everything that one store of one Region holds, in any order. */
export const buildDigestTree = (entries: Iterable<DigestEntry>): DigestTree => {
  const leaves = sortIntoLeaves(entries);
  const levels: Level[] = [leafLevel(leaves)];
  for (let depth = LEAF_DEPTH; depth > 0; depth -= 1) {
    levels.unshift(levelAbove(levels[0] ?? new Map()));
  }
  return {
    root: (levels[0]?.get('') ?? emptyAt(0)).toString('hex'),
    count: [...leaves.values()].reduce((sum, bucket) => sum + bucket.length, 0),
    children: (path) => childrenOf(path, levels[path.length + 1] ?? new Map()).map((hash) => hash.toString('hex')),
    entries: (leaf) => leaves.get(leaf) ?? [],
  };
};

/** One root over several stores, in the given order. */
export const joinRoots = (roots: readonly string[]): string => sha256(roots.join('\n')).toString('hex');

/** The children of a node whose hashes differ, as paths. */
export const differingChildren = (path: NodePath, left: readonly string[], right: readonly string[]): NodePath[] =>
  HEX_DIGITS.filter((_, child) => left[child] !== right[child]).map((digit) => path + digit);
