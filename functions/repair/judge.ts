/**
 * What a difference between two Regions means (DESIGN §2). Owed is fine: a drain is on its way. So is what an unacknowledged
 * cycle left: the next run redoes it. Everything else is drift, which is a defect.
 */
import { SOURCES_PARTITION, sourceKey } from '../domain/corpus.ts';
import { done, type Result } from '../domain/failure.ts';
import type { TableName } from '../domain/record.ts';
import { fenceOfVersion } from '../domain/version.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { type DifferenceKind, newerOf } from './compare.ts';
import type { ComparedRegions } from './peer-compare.ts';
import type { ProvenStore } from './prove.ts';
import type { RecheckedRecord, RecheckedVector } from './recheck.ts';
import { sourceOfKey } from './source-of-key.ts';

export type Standing = 'owed' | 'unacknowledged' | 'drift';

export interface JudgedDifference {
  readonly store: ProvenStore;
  /** `[pk, sk]` of a record, `[key]` of a vector. */
  readonly key: readonly string[];
  /** `left` is home, `right` the peer. */
  readonly kind: DifferenceKind;
  readonly standing: Standing;
}

/** The fences up to which each source is committed in at least one Region, by its id. */
type CommittedFences = ReadonlyMap<string, string>;

const readCommitted = async (
  { home, peer }: ComparedRegions,
  sources: ReadonlySet<string>,
): Promise<Result<CommittedFences>> => {
  const fences = new Map<string, string>();
  if (sources.size === 0) {
    return done(fences);
  }
  const keys = [...sources].map((id) => sourceKey(id));
  for (const stores of [home, peer]) {
    const digests = await stores.tables.graph.getDigests(keys);
    if (digests.kind === 'failed') {
      return digests;
    }
    for (const { sk, v } of digests.value) {
      const fence = fenceOfVersion(v) ?? '';
      fences.set(sk, fence > (fences.get(sk) ?? '') ? fence : (fences.get(sk) ?? ''));
    }
  }
  return done(fences);
};

/** A source record is peer first, home last: one that only the other Region has is an unfinished commit, if this one took part. */
const judgeSource = async (
  older: RegionStores,
  record: RecheckedRecord,
  fence: string | undefined,
): Promise<Result<Standing>> => {
  const state = await older.tables.graph.readSource(record);
  if (state.kind === 'failed') {
    return state;
  }
  return done(fence !== undefined && (state.value.f ?? '') >= fence ? 'unacknowledged' : 'drift');
};

const judgeRecord = async (
  { home, peer }: ComparedRegions,
  record: RecheckedRecord,
  committed: CommittedFences,
): Promise<Result<Standing>> => {
  const newer = newerOf(record.kind, record.home, record.peer);
  if (newer === undefined) {
    return done('drift');
  }
  const older = newer === record.home ? peer : home;
  if (newer.owed === older.region) {
    return done('owed');
  }
  const fence = fenceOfVersion(newer.v);
  if (record.pk === SOURCES_PARTITION) {
    return judgeSource(older, record, fence);
  }
  const source = sourceOfKey(record);
  const isOpen = fence !== undefined && source !== undefined && (committed.get(source) ?? '') < fence;
  return done(isOpen ? 'unacknowledged' : 'drift');
};

const textOrder = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

/** Judges what a recheck left of the differences between two tables, in the order of keys. */
export const judgeRecords = async (
  regions: ComparedRegions,
  table: TableName,
  records: readonly RecheckedRecord[],
): Promise<Result<readonly JudgedDifference[]>> => {
  const sources = new Set(
    (table === 'graph' ? records : []).flatMap((record) =>
      record.pk === SOURCES_PARTITION ? [] : (sourceOfKey(record) ?? []),
    ),
  );
  const committed = await readCommitted(regions, sources);
  if (committed.kind === 'failed') {
    return committed;
  }
  const judged: JudgedDifference[] = [];
  for (const record of records.toSorted(
    (left, right) => textOrder(left.pk, right.pk) || textOrder(left.sk, right.sk),
  )) {
    const standing = await judgeRecord(regions, record, committed.value);
    if (standing.kind === 'failed') {
      return standing;
    }
    judged.push({ store: table, key: [record.pk, record.sk], kind: record.kind, standing: standing.value });
  }
  return done(judged);
};

/** A vector stands as the record that lists it does; where that is equal in both Regions, the difference is a loss. */
export const judgeVectors = (vectors: readonly RecheckedVector[]): readonly JudgedDifference[] =>
  vectors
    .toSorted((left, right) => textOrder(left.key, right.key))
    .map(({ key, kind, document }) => ({
      store: 'vectors',
      key: [key],
      kind,
      standing: document?.standing ?? 'drift',
    }));
