/**
 * The hash tree that proves two Regions equal (DESIGN §4): 65,536 leaves by the first 16 bits of SHA-256 over the key,
 * 16-ary above them, empty subtrees constant. Equal roots mean item-by-item equality; unequal ones lead to the leaf.
 */
import { createHash } from 'node:crypto';

/** One stored thing: its key as text parts, and what must be equal about it. */
export interface DigestEntry {
  /** `[pk, sk]` of a record, `[key]` of a vector. */
  readonly key: readonly string[];
  /** The version; empty for a vector, which has none. */
  readonly v: string;
  /** The hash of its bytes; `missing` for a listed vector that is not stored. */
  readonly h: string;
  readonly del: boolean;
}

/** A node is named by its path from the root, one hex digit a level: the root is the empty text, a leaf four digits. */
export type NodePath = string;

export const LEAF_DEPTH = 4;
const FAN_OUT = 16;
const HASH_BYTES = 32;
const HEX_DIGITS: readonly string[] = Array.from({ length: 16 }, (_, digit) => digit.toString(16));

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest();
};

const EMPTY_LEAF = sha256('');

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

const levelAbove = (below: Buffer): Buffer => {
  const nodes = below.length / HASH_BYTES / FAN_OUT;
  const level = Buffer.alloc(nodes * HASH_BYTES);
  for (let node = 0; node < nodes; node += 1) {
    const start = node * FAN_OUT * HASH_BYTES;
    sha256(below.subarray(start, start + FAN_OUT * HASH_BYTES)).copy(level, node * HASH_BYTES);
  }
  return level;
};

const leafLevel = (leaves: ReadonlyMap<NodePath, readonly DigestEntry[]>): Buffer => {
  const level = Buffer.alloc(FAN_OUT ** LEAF_DEPTH * HASH_BYTES);
  for (let leaf = 0; leaf < FAN_OUT ** LEAF_DEPTH; leaf += 1) {
    const entries = leaves.get(leaf.toString(16).padStart(LEAF_DEPTH, '0'));
    const hash = entries === undefined ? EMPTY_LEAF : sha256(entries.map((entry) => entryText(entry)).join('\n'));
    hash.copy(level, leaf * HASH_BYTES);
  }
  return level;
};

/** Builds the tree of everything that one store of one Region holds, in any order. */
export const buildDigestTree = (entries: Iterable<DigestEntry>): DigestTree => {
  const leaves = new Map<NodePath, DigestEntry[]>();
  let count = 0;
  for (const entry of entries) {
    const leaf = leafOf(entry.key);
    const bucket = leaves.get(leaf);
    if (bucket === undefined) {
      leaves.set(leaf, [entry]);
    } else {
      bucket.push(entry);
    }
    count += 1;
  }
  for (const bucket of leaves.values()) {
    bucket.sort((left, right) => textOrder(entryText(left), entryText(right)));
  }
  const levels = [leafLevel(leaves)];
  for (let depth = LEAF_DEPTH; depth > 0; depth -= 1) {
    levels.unshift(levelAbove(levels[0] ?? Buffer.alloc(0)));
  }
  return {
    root: (levels[0] ?? Buffer.alloc(0)).toString('hex'),
    count,
    children: (path) => {
      const level = levels[path.length + 1] ?? Buffer.alloc(0);
      const first = path === '' ? 0 : Number.parseInt(path, 16) * FAN_OUT;
      return HEX_DIGITS.map((_, child) =>
        level.subarray((first + child) * HASH_BYTES, (first + child + 1) * HASH_BYTES).toString('hex'),
      );
    },
    entries: (leaf) => leaves.get(leaf) ?? [],
  };
};

/** One root over several stores, in the given order. */
export const joinRoots = (roots: readonly string[]): string => sha256(roots.join('\n')).toString('hex');

/** The children of a node whose hashes differ, as paths. */
export const differingChildren = (path: NodePath, left: readonly string[], right: readonly string[]): NodePath[] =>
  HEX_DIGITS.filter((_, child) => left[child] !== right[child]).map((digit) => path + digit);
