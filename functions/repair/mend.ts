/**
 * Mends damage: bytes that no longer match their own hash, and listed vectors that are gone. The side whose bytes match wins,
 * whichever that is, and is copied byte for byte. Where both match, or neither does, nobody can tell: it stays, named.
 */
import { type Failure, type Result } from '../domain/failure.ts';
import type { RecordKey, TableName } from '../domain/record.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { sha256Hex } from '../stores/envelope.ts';
import type { StoredRecord } from '../stores/record-store.ts';
import { vectorHash } from '../stores/vector-hash.ts';
import type { StoredVector } from '../stores/vector-store.ts';
import { listedVectorKeys } from './listed-vectors.ts';
import type { ComparedRegions } from './peer-compare.ts';
import { documentOfVector, parseVectorKey } from './source-of-key.ts';

export type MendOutcome =
  | { readonly kind: 'mended'; readonly region: string }
  /** It is healthy and equal by now, or another version, or no longer listed. */
  | { readonly kind: 'settled' }
  /** Both Regions have bytes that match their hash, and they differ: never the protocol's doing, and nobody's to decide. */
  | { readonly kind: 'conflict' }
  /** No Region has healthy bytes: a cycle, or a person, has to write it anew. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'failed'; readonly region: string; readonly failure: Failure };

const isHealthyRecord = (record: StoredRecord): boolean => sha256Hex(record.data) === record.h;

const failedIn = (stores: RegionStores, failure: Failure): MendOutcome => ({
  kind: 'failed',
  region: stores.region,
  failure,
});

/** Both sides of one thing; a failure is the outcome already. */
const readBoth = async <T>(
  { home, peer }: ComparedRegions,
  read: (stores: RegionStores) => Promise<Result<T>>,
): Promise<{ readonly kind: 'read'; readonly home: T; readonly peer: T } | MendOutcome> => {
  const [left, right] = await Promise.all([read(home), read(peer)]);
  if (left.kind === 'failed') {
    return failedIn(home, left.failure);
  }
  return right.kind === 'failed'
    ? failedIn(peer, right.failure)
    : { kind: 'read', home: left.value, peer: right.value };
};

/** Mends one record of which both Regions hold the same version. */
export const mendRecord = async (regions: ComparedRegions, table: TableName, key: RecordKey): Promise<MendOutcome> => {
  const both = await readBoth(regions, async (stores) => stores.tables[table].get(key));
  if (both.kind !== 'read') {
    return both;
  }
  const { home, peer } = both;
  if (home === undefined || peer === undefined || home.v !== peer.v) {
    return { kind: 'settled' };
  }
  const [isHomeHealthy, isPeerHealthy] = [isHealthyRecord(home), isHealthyRecord(peer)];
  if (isHomeHealthy && isPeerHealthy) {
    return home.h === peer.h ? { kind: 'settled' } : { kind: 'conflict' };
  }
  if (!isHomeHealthy && !isPeerHealthy) {
    return { kind: 'lost' };
  }
  const damaged = isHomeHealthy ? regions.peer : regions.home;
  const mended = await damaged.tables[table].mend(isHomeHealthy ? home : peer);
  if (mended.kind === 'failed') {
    return failedIn(damaged, mended.failure);
  }
  return mended.value === 'mended' ? { kind: 'mended', region: damaged.region } : { kind: 'settled' };
};

const isHealthyVector = (vector: StoredVector | undefined): vector is StoredVector =>
  vector !== undefined &&
  vectorHash(vector.data, vector.metadata) === vector.metadata.h &&
  parseVectorKey(vector.key)?.h === vector.metadata.h;

/** A vector is only ever put where a record of that very Region lists it. */
const isListed = async (stores: RegionStores, key: string): Promise<Result<boolean>> => {
  const document = documentOfVector(key);
  if (document === undefined) {
    return { kind: 'done', value: false };
  }
  const record = await stores.tables.graph.get(document);
  return record.kind === 'failed'
    ? record
    : { kind: 'done', value: record.value !== undefined && listedVectorKeys(record.value).vectors.includes(key) };
};

/** Mends one vector that both Regions list, and that one of them lacks or has damaged. */
export const mendVector = async (regions: ComparedRegions, key: string): Promise<MendOutcome> => {
  const both = await readBoth(regions, async (stores) => stores.vectors.get([key]));
  if (both.kind !== 'read') {
    return both;
  }
  const [home] = both.home;
  const [peer] = both.peer;
  const healthy = [home, peer].find((vector) => isHealthyVector(vector));
  if (healthy === undefined) {
    return { kind: 'lost' };
  }
  if (isHealthyVector(home) && isHealthyVector(peer)) {
    return { kind: 'settled' };
  }
  const damaged = healthy === home ? regions.peer : regions.home;
  const listed = await isListed(damaged, key);
  if (listed.kind === 'failed') {
    return failedIn(damaged, listed.failure);
  }
  if (!listed.value) {
    return { kind: 'settled' };
  }
  const put = await damaged.vectors.put([healthy]);
  return put.kind === 'failed' ? failedIn(damaged, put.failure) : { kind: 'mended', region: damaged.region };
};
