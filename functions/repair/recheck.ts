/**
 * The one recheck of a comparison: strong reads, in both Regions, of the keys that the trees hold differently, without
 * payloads. What became equal was being written. What moved on since its tree was read is somebody's work in progress and no
 * finding: the next comparison sees where it ended.
 */
import { done, type Result } from '../domain/failure.ts';
import type { RecordDigest, RecordKey, TableName } from '../domain/record.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import type { VectorDigest } from '../stores/vector-store.ts';
import { type DifferenceKind, kindOf } from './compare.ts';
import { short } from './digest-nodes.ts';
import type { DigestEntry } from './digest-tree.ts';
import type { JudgedDifference } from './judge.ts';
import type { ComparedRegions, TreePair } from './peer-compare.ts';
import { isOutsideDigests, MISSING } from './prove.ts';
import { documentOfVector } from './source-of-key.ts';

/** One key that two Regions still hold differently, with what they hold. */
export interface RecheckedRecord extends RecordKey {
  readonly kind: DifferenceKind;
  readonly home?: RecordDigest;
  readonly peer?: RecordDigest;
}

const nameOf = ({ pk, sk }: RecordKey): string => JSON.stringify([pk, sk]);

const keyOf = ([pk = '', sk = '']: readonly string[]): RecordKey => ({ pk, sk });

/** As a tree would have it now. The same version keeps the hash of its tree: a deep one has seen the bytes. */
const entryNow = (seen: DigestEntry | undefined, now: RecordDigest | undefined): DigestEntry | undefined =>
  now === undefined
    ? undefined
    : {
        key: [now.pk, now.sk],
        v: now.v,
        h: short(seen?.v === now.v ? seen.h : now.h),
        del: now.del === true,
      };

const hasMoved = (seen: DigestEntry | undefined, now: RecordDigest | undefined, at: number): boolean =>
  // An old tombstone is in no tree, so its absence there was no movement.
  seen?.v !== now?.v && !(seen === undefined && now !== undefined && isOutsideDigests(now, at));

const recheckOne = (
  pair: TreePair,
  home: RecordDigest | undefined,
  peer: RecordDigest | undefined,
  at: number,
): RecheckedRecord | undefined => {
  const isNothing = (digest: RecordDigest | undefined): boolean => digest === undefined || isOutsideDigests(digest, at);
  const kind = kindOf(entryNow(pair.home, home), entryNow(pair.peer, peer));
  if (
    kind === undefined ||
    (isNothing(home) && isNothing(peer) && kind.startsWith('missing')) ||
    home?.expires !== undefined ||
    peer?.expires !== undefined ||
    hasMoved(pair.home, home, at) ||
    hasMoved(pair.peer, peer, at)
  ) {
    return undefined;
  }
  return {
    ...keyOf(pair.key),
    kind,
    ...(home === undefined ? {} : { home }),
    ...(peer === undefined ? {} : { peer }),
  };
};

const digestsOf = async (
  stores: RegionStores,
  table: TableName,
  keys: readonly RecordKey[],
): Promise<Result<ReadonlyMap<string, RecordDigest>>> => {
  const digests = await stores.tables[table].getDigests(keys);
  return digests.kind === 'failed' ? digests : done(new Map(digests.value.map((digest) => [nameOf(digest), digest])));
};

/** What is left of some differences between two tables after both were asked again. */
export const recheckRecords = async (
  { home, peer }: ComparedRegions,
  table: TableName,
  pairs: readonly TreePair[],
  at: number,
): Promise<Result<readonly RecheckedRecord[]>> => {
  const keys = pairs.map(({ key }) => keyOf(key));
  const [homeNow, peerNow] = await Promise.all([digestsOf(home, table, keys), digestsOf(peer, table, keys)]);
  if (homeNow.kind === 'failed') {
    return homeNow;
  }
  if (peerNow.kind === 'failed') {
    return peerNow;
  }
  return done(
    pairs.flatMap((pair) => {
      const name = nameOf(keyOf(pair.key));
      return recheckOne(pair, homeNow.value.get(name), peerNow.value.get(name), at) ?? [];
    }),
  );
};

export interface RecheckedVector {
  readonly key: string;
  readonly kind: DifferenceKind;
  /** The record that lists it, where that differs too: then this is only its consequence. */
  readonly document?: JudgedDifference;
}

const hashesOf = async (
  stores: RegionStores,
  keys: readonly string[],
): Promise<Result<ReadonlyMap<string, VectorDigest>>> => {
  const hashes = await stores.vectors.getHashes(keys);
  return hashes.kind === 'failed' ? hashes : done(new Map(hashes.value.map((digest) => [digest.key, digest])));
};

const vectorNow = (key: string, seen: DigestEntry | undefined, now: VectorDigest | undefined): DigestEntry => {
  const h = seen !== undefined && seen.h !== MISSING ? seen.h : now?.h;
  return { key: [key], v: '', h: now === undefined ? MISSING : short(h ?? ''), del: false };
};

/** What is left of some differences between two indexes. Only listed vectors count, so their documents were judged before. */
export const recheckVectors = async (
  { home, peer }: ComparedRegions,
  pairs: readonly TreePair[],
  records: readonly JudgedDifference[],
): Promise<Result<readonly RecheckedVector[]>> => {
  const documents = new Map(records.map((one) => [JSON.stringify(one.key), one]));
  const left: RecheckedVector[] = [];
  const asked = new Map<string, TreePair>();
  for (const pair of pairs) {
    const [key = ''] = pair.key;
    const listing = documentOfVector(key);
    const document = listing === undefined ? undefined : documents.get(nameOf(listing));
    if (document !== undefined) {
      left.push({ key, kind: pair.kind, document });
    } else if (pair.home !== undefined && pair.peer !== undefined) {
      // Listed in both Regions. Listed in one only, its document was being written, and is equal by now.
      asked.set(key, pair);
    }
  }
  if (asked.size === 0) {
    return done(left);
  }
  const keys = [...asked.keys()];
  const [homeNow, peerNow] = await Promise.all([hashesOf(home, keys), hashesOf(peer, keys)]);
  if (homeNow.kind === 'failed') {
    return homeNow;
  }
  if (peerNow.kind === 'failed') {
    return peerNow;
  }
  for (const [key, pair] of asked) {
    const kind = kindOf(
      vectorNow(key, pair.home, homeNow.value.get(key)),
      vectorNow(key, pair.peer, peerNow.value.get(key)),
    );
    if (kind !== undefined) {
      left.push({ key, kind });
    }
  }
  return done(left);
};
