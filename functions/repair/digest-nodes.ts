/**
 * How a Region shows the nodes of its proof to the other one: as local items, read with the ordinary peer client. The
 * nodes are written only where the roots differ: 4,096 truncated hashes of the third level in sixteen
 * items, and for each of them the entries below it, keys and hashes only, compressed. So k differences cost k small items,
 * not k subtrees. Every item carries the slot of its proof: what another proof overwrote is never mistaken for this one's.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { z } from 'zod';

import { DamagedRecordError } from '../domain/errors.ts';
import { DONE, done, failed, type Result } from '../domain/failure.ts';
import { LOCAL_PREFIX, type RecordKey } from '../domain/record.ts';
import { isRegionName } from '../domain/region.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import type { LocalItem } from '../stores/record-store.ts';
import { batchesOf } from '../stores/vector-batches.ts';
import type { ShownRoots } from './comparison-items.ts';
import { type DigestEntry, type DigestTree, emptyNode, type NodePath } from './digest-tree.ts';
import { PROVEN_STORES, type ProvenStore, type RegionProof } from './prove.ts';
import { parseVectorKey } from './source-of-key.ts';

const DIGITS: readonly string[] = Array.from({ length: 16 }, (_, digit) => digit.toString(16));
/** Hex digits of a truncated hash: 64 bits find a difference; that there is one, the whole roots have said. */
const SHORT_DIGITS = 16;
const WRITES_IN_FLIGHT = 32;

/** What is shown of a hash. */
export const short = (hash: string): string => hash.slice(0, SHORT_DIGITS);

const nodesPartition = (store: ProvenStore): string => `${LOCAL_PREFIX}digest-nodes#${store}`;
const upperKey = (store: ProvenStore, digit: string): RecordKey => ({
  pk: nodesPartition(store),
  sk: `upper/${digit}`,
});
const groupKey = (store: ProvenStore, path: NodePath): RecordKey => ({
  pk: nodesPartition(store),
  sk: `group/${path}`,
});

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The truncated hashes of the 256 third-level nodes below one digit, by their path. */
export const upperNodes = (tree: DigestTree, digit: string): ReadonlyMap<NodePath, string> =>
  new Map(
    DIGITS.flatMap((second) =>
      tree
        .children(digit + second)
        .map((hash, third) => [`${digit}${second}${DIGITS[third] ?? ''}`, short(hash)] as const),
    ),
  );

/** All entries below one third-level node. */
export const groupEntries = (tree: DigestTree, path: NodePath): readonly DigestEntry[] =>
  DIGITS.flatMap((digit) => tree.entries(path + digit));

const ENTRY_SCHEMA = z.array(
  z.tuple([z.array(z.string()), z.string(), z.string(), z.union([z.literal(0), z.literal(1)]), z.string()]),
);

/** Most vectors' hash stands in their key already: it is not told twice. */
const IN_KEY = '=';

const hashInKey = (key: readonly string[]): string | undefined =>
  key.length === 1 && key[0] !== undefined ? parseVectorKey(key[0])?.h : undefined;

const hashText = ({ key, h }: DigestEntry): string => (hashInKey(key) === h ? IN_KEY : short(h));

const packGroup = (entries: readonly DigestEntry[]): string => {
  const rows = entries.map((entry) => [entry.key, entry.v, hashText(entry), entry.del ? 1 : 0, entry.owed ?? '']);
  return deflateRawSync(JSON.stringify(rows), { level: 9 }).toString('base64');
};

const GROUP_BYTES_MAX = 32 * 1024 * 1024;

const unpackGroup = (data: string): readonly DigestEntry[] => {
  const text = inflateRawSync(Buffer.from(data, 'base64'), { maxOutputLength: GROUP_BYTES_MAX }).toString();
  return ENTRY_SCHEMA.parse(parseJson(text)).map(([key, v, hash, del, owed]) => {
    const entry = { key, v, h: hash === IN_KEY ? short(hashInKey(key) ?? '') : hash, del: del === 1 };
    return isRegionName(owed) ? Object.assign(entry, { owed }) : entry;
  });
};

const packUpper = (nodes: ReadonlyMap<NodePath, string>): string =>
  Buffer.from([...nodes.values()].join(''), 'hex').toString('base64');

const unpackUpper = (data: string): readonly string[] =>
  Buffer.from(data, 'base64').toString('hex').match(/.{16}/gu) ?? [];

const EMPTY_FIRST = short(emptyNode(1));

const upperItems = (tree: DigestTree, store: ProvenStore, slot: number, digit: string): readonly LocalItem[] => {
  const upper = upperNodes(tree, digit);
  const groups = [...upper.keys()].flatMap((path) => {
    const entries = groupEntries(tree, path);
    return entries.length === 0 ? [] : [{ ...groupKey(store, path), order: slot, data: packGroup(entries) }];
  });
  return [...groups, { ...upperKey(store, digit), order: slot, data: packUpper(upper) }];
};

/** Nothing is written for what is empty: its hash, one level above, says so. */
const nodeItems = (tree: DigestTree, store: ProvenStore, slot: number): readonly LocalItem[] => {
  const first = tree.children('').map((hash) => short(hash));
  return DIGITS.filter((_, at) => first[at] !== EMPTY_FIRST).flatMap((digit) => upperItems(tree, store, slot, digit));
};

/** Writes the nodes of some stores. `kept`: a later proof has overtaken this one. */
export const showNodes = async (
  home: RegionStores,
  proof: RegionProof,
  slot: number,
  stores: readonly ProvenStore[],
): Promise<Result<'written' | 'kept'>> => {
  for (const store of stores) {
    for (const batch of batchesOf(nodeItems(proof.trees[store], store, slot), WRITES_IN_FLIGHT)) {
      const written = await Promise.all(batch.map(async (item) => home.tables.workspaces.putLocal(item)));
      const failure = written.find((one) => one.kind === 'failed');
      if (failure !== undefined) {
        return failure;
      }
      if (written.some((one) => one.kind === 'done' && one.value === 'kept')) {
        return done('kept');
      }
    }
  }
  return done('written');
};

const readNodes = async (
  stores: RegionStores,
  slot: number,
  keys: readonly RecordKey[],
): Promise<Result<ReadonlyMap<string, string>>> => {
  const items = await stores.tables.workspaces.getLocals(keys);
  return items.kind === 'failed'
    ? items
    : done(new Map(items.value.filter(({ order }) => order === slot).map(({ sk, data }) => [sk, data])));
};

const overtaken = (stores: RegionStores): Result<never> =>
  failed({
    reason: 'unknown',
    code: 'ProofOvertaken',
    message: `${stores.region} has replaced the nodes of this proof by a later one's`,
  });

/** The third level of what another Region shows, below some digits; what is empty is left out. */
export const readUpper = async (
  stores: RegionStores,
  store: ProvenStore,
  shown: ShownRoots,
  digits: readonly string[],
): Promise<Result<ReadonlyMap<NodePath, string>>> => {
  const { children } = shown.stores[store];
  const filled = digits.filter((digit) => children[Number.parseInt(digit, 16)] !== EMPTY_FIRST);
  const keys = filled.map((digit) => upperKey(store, digit));
  const found = await readNodes(stores, shown.slot, keys);
  if (found.kind === 'failed') {
    return found;
  }
  const nodes = new Map<NodePath, string>();
  for (const digit of filled) {
    const data = found.value.get(upperKey(store, digit).sk);
    if (data === undefined) {
      return overtaken(stores);
    }
    for (const [at, hash] of unpackUpper(data).entries()) {
      nodes.set(`${digit}${DIGITS[Math.floor(at / 16)] ?? ''}${DIGITS[at % 16] ?? ''}`, hash);
    }
  }
  return done(nodes);
};

/** Reads the entries that another Region shows below some third-level nodes; all of them are there, none is empty. */
export const readGroups = async (
  stores: RegionStores,
  store: ProvenStore,
  slot: number,
  paths: readonly NodePath[],
): Promise<Result<ReadonlyMap<NodePath, readonly DigestEntry[]>>> => {
  const found = await readNodes(
    stores,
    slot,
    paths.map((path) => groupKey(store, path)),
  );
  if (found.kind === 'failed') {
    return found;
  }
  const groups = new Map<NodePath, readonly DigestEntry[]>();
  for (const path of paths) {
    const data = found.value.get(groupKey(store, path).sk);
    if (data === undefined) {
      return overtaken(stores);
    }
    try {
      groups.set(path, unpackGroup(data));
    } catch (error) {
      throw new DamagedRecordError(`the digest node ${path} of ${stores.region} can't be read`, { cause: error });
    }
  }
  return done(groups);
};

/** Removes the nodes of proofs before this slot: they are only looked at while two Regions compare. */
export const removeNodes = async (home: RegionStores, beforeSlot: number): Promise<Result<void>> => {
  for (const store of PROVEN_STORES) {
    let after: string | undefined;
    do {
      const page = await home.tables.workspaces.queryLocal(nodesPartition(store), after === undefined ? {} : { after });
      if (page.kind === 'failed') {
        return page;
      }
      const old = page.value.items.filter(({ order }) => order < beforeSlot);
      for (const batch of batchesOf(old, WRITES_IN_FLIGHT)) {
        const gone = await Promise.all(batch.map(async (item) => home.tables.workspaces.deleteLocal(item, item.order)));
        const failure = gone.find((one) => one.kind === 'failed');
        if (failure !== undefined) {
          return failure;
        }
      }
      after = page.value.next;
    } while (after !== undefined);
  }
  return DONE;
};
