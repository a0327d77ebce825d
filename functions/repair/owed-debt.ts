/**
 * How much a Region owes, read from the records themselves: the RPO of a declared peer outage is this reading and never an
 * assertion. The index lists the oldest versions first; a time stands in each: a clock, or the id of the run that wrote it.
 */
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { TABLE_NAMES, type TableName } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';
import { clockOfVersion, fenceOfVersion, parseFence } from '../domain/version.ts';
import type { RegionStores } from '../dual-write/regions.ts';
import { owedShards } from '../stores/owed-shard.ts';
import { decodeUlidTime } from './ulid-time.ts';

export interface OwedDebt {
  readonly count: number;
  /** False where counting ended early: then it is at least so many. */
  readonly isExact: boolean;
  /** Absent where nothing is owed, or nothing that is owed tells its time. */
  readonly oldestAgeMs?: number;
}

interface ShardDebt {
  readonly count: number;
  readonly isExact: boolean;
  readonly oldestAt: number | undefined;
}

/** When a version was made, in ms since 1970; undefined where it does not tell. */
export const timeOfVersion = (v: string): number | undefined => {
  const fence = fenceOfVersion(v);
  return fence === undefined ? clockOfVersion(v)?.ms : decodeUlidTime(parseFence(fence)?.op ?? '');
};

const readShard = async (stores: RegionStores, table: TableName, shard: string): Promise<Result<ShardDebt>> => {
  const countMax = LIMITS.owedCountMax / owedShards(stores.region).length;
  let count = 0;
  let oldestAt: number | undefined;
  let after: string | undefined;
  do {
    const page = await stores.tables[table].listOwed(shard, after === undefined ? {} : { after });
    if (page.kind === 'failed') {
      return page;
    }
    count += page.value.items.length;
    const [first] = page.value.items;
    oldestAt ??= first === undefined ? undefined : timeOfVersion(first.v);
    after = page.value.next;
  } while (after !== undefined && count < countMax);
  return done({ count, isExact: after === undefined, oldestAt });
};

/** Over all tables, from the index of owed records: eventually consistent, as the index is. */
export const readOwedDebt = async (
  stores: RegionStores,
  owed: RegionName,
  nowMs: number,
): Promise<Result<OwedDebt>> => {
  const shards = await Promise.all(
    TABLE_NAMES.flatMap((table) => owedShards(owed).map(async (shard) => readShard(stores, table, shard))),
  );
  let count = 0;
  let isExact = true;
  let oldestAt = Infinity;
  for (const shard of shards) {
    if (shard.kind === 'failed') {
      return shard;
    }
    count += shard.value.count;
    isExact &&= shard.value.isExact;
    oldestAt = Math.min(oldestAt, shard.value.oldestAt ?? Infinity);
  }
  return done({ count, isExact, ...(oldestAt === Infinity ? {} : { oldestAgeMs: Math.max(0, nowMs - oldestAt) }) });
};
