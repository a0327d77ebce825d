/**
 * Names every key that two Regions hold differently, by walking two hash trees down to the differing leaves. Only hashes
 * of differing nodes, then the entries of differing leaves, are asked for.
 */
import { done, type Result } from '../domain/failure.ts';
import { type DigestEntry, differingChildren, LEAF_DEPTH, type NodePath } from './digest-tree.ts';

export type DifferenceKind =
  /** The left Region lacks it. */
  | 'missing-left'
  /** The right Region lacks it. */
  | 'missing-right'
  /** Both hold it, the left one in an older version. */
  | 'stale-left'
  | 'stale-right'
  /** The same version with other bytes: never the protocol's doing. */
  | 'different-bytes';

export interface Difference {
  readonly key: readonly string[];
  readonly kind: DifferenceKind;
  /** The newer side owes it to the other one: the drain's work, and no defect. */
  readonly owed: boolean;
}

/** One Region's tree of one store, wherever it was computed. */
export interface TreeReader {
  root(): Promise<Result<string>>;
  children(paths: readonly NodePath[]): Promise<Result<readonly (readonly string[])[]>>;
  entries(leaves: readonly NodePath[]): Promise<Result<readonly (readonly DigestEntry[])[]>>;
}

type Side = Omit<DigestEntry, 'key'>;

export const kindOf = (left: Side | undefined, right: Side | undefined): DifferenceKind | undefined => {
  if (left === undefined || left.h === 'missing') {
    return right === undefined || right.h === 'missing' ? undefined : 'missing-left';
  }
  if (right === undefined || right.h === 'missing') {
    return 'missing-right';
  }
  if (left.v !== right.v) {
    return left.v < right.v ? 'stale-left' : 'stale-right';
  }
  return left.h === right.h && left.del === right.del ? undefined : 'different-bytes';
};

/** The side that has what the other one lacks; none where both have it, with other bytes. */
export const newerOf = <T>(kind: DifferenceKind, left: T, right: T): T | undefined => {
  switch (kind) {
    case 'missing-left':
    case 'stale-left': {
      return right;
    }
    case 'missing-right':
    case 'stale-right': {
      return left;
    }
    case 'different-bytes': {
      return undefined;
    }
  }
};

/** The differences within one leaf, in key order. */
export const diffLeaf = (left: readonly DigestEntry[], right: readonly DigestEntry[]): Difference[] => {
  const byKey = new Map<string, { key: readonly string[]; left?: DigestEntry; right?: DigestEntry }>();
  for (const entry of left) {
    byKey.set(JSON.stringify(entry.key), { key: entry.key, left: entry });
  }
  for (const entry of right) {
    const name = JSON.stringify(entry.key);
    byKey.set(name, { ...byKey.get(name), key: entry.key, right: entry });
  }
  return [...byKey.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, pair]) => {
      const kind = kindOf(pair.left, pair.right);
      return kind === undefined
        ? []
        : [{ key: pair.key, kind, owed: newerOf(kind, pair.left, pair.right)?.owed !== undefined }];
    });
};

const descend = async (
  left: TreeReader,
  right: TreeReader,
  paths: readonly NodePath[],
): Promise<Result<readonly NodePath[]>> => {
  const [leftNodes, rightNodes] = await Promise.all([left.children(paths), right.children(paths)]);
  if (leftNodes.kind === 'failed') {
    return leftNodes;
  }
  if (rightNodes.kind === 'failed') {
    return rightNodes;
  }
  return done(
    paths.flatMap((path, at) => differingChildren(path, leftNodes.value[at] ?? [], rightNodes.value[at] ?? [])),
  );
};

/** Differing leaves that one comparison names; beyond, the Regions have to be repaired whole, not key by key. */
const LEAVES_MAX = 1024;
/** Nodes asked for at once: an answer of a function has a size. */
const PATHS_MAX = 256;

const inSlices = async <T>(
  paths: readonly NodePath[],
  ask: (slice: readonly NodePath[]) => Promise<Result<readonly T[]>>,
): Promise<Result<readonly T[]>> => {
  const answers: T[] = [];
  for (let start = 0; start < paths.length; start += PATHS_MAX) {
    const answer = await ask(paths.slice(start, start + PATHS_MAX));
    if (answer.kind === 'failed') {
      return answer;
    }
    answers.push(...answer.value);
  }
  return done(answers);
};

/** Compares one store of two Regions; an empty list means that the roots are equal. Names keys of at most 1,024 leaves. */
export const compareTrees = async (left: TreeReader, right: TreeReader): Promise<Result<readonly Difference[]>> => {
  const [leftRoot, rightRoot] = await Promise.all([left.root(), right.root()]);
  if (leftRoot.kind === 'failed') {
    return leftRoot;
  }
  if (rightRoot.kind === 'failed') {
    return rightRoot;
  }
  let paths: readonly NodePath[] = leftRoot.value === rightRoot.value ? [] : [''];
  for (let depth = 0; depth < LEAF_DEPTH && paths.length > 0; depth += 1) {
    const below = await inSlices(paths, async (slice) => descend(left, right, slice));
    if (below.kind === 'failed') {
      return below;
    }
    paths = below.value.slice(0, LEAVES_MAX);
  }
  if (paths.length === 0) {
    return done([]);
  }
  const [leftEntries, rightEntries] = await Promise.all([
    inSlices(paths, async (slice) => left.entries(slice)),
    inSlices(paths, async (slice) => right.entries(slice)),
  ]);
  if (leftEntries.kind === 'failed') {
    return leftEntries;
  }
  if (rightEntries.kind === 'failed') {
    return rightEntries;
  }
  return done(paths.flatMap((_, at) => diffLeaf(leftEntries.value[at] ?? [], rightEntries.value[at] ?? [])));
};
