/**
 * What a Region owes and does not send. People go on writing: what is on its way right now is owed for a moment, and no debt. How long
 * something is owed is seen by looking again: the time in a record is that of whoever wrote it, and their clock may be wrong.
 */
import { done, type Result } from '../../functions/domain/failure.ts';
import { TABLE_NAMES } from '../../functions/domain/record.ts';
import { owedShards } from '../../functions/stores/owed-shard.ts';
import type { RegionAccess } from './region-access.ts';

/** Of each shard its oldest: a Region that sends nothing keeps those for longest. */
const PAGE_ITEMS = 1000;
const LOOKS = 5;
const REST_MS = 500;

/** Versions that are owed, by table and key. */
const owedNow = async ({ stores }: RegionAccess, to: RegionAccess): Promise<Result<ReadonlySet<string>>> => {
  const names = new Set<string>();
  const pages = await Promise.all(
    TABLE_NAMES.flatMap((table) =>
      owedShards(to.region).map(async (shard) => ({
        table,
        page: await stores.tables[table].listOwed(shard, { pageItemsMax: PAGE_ITEMS }),
      })),
    ),
  );
  for (const { table, page } of pages) {
    if (page.kind === 'failed') {
      return page;
    }
    for (const { pk, sk, v } of page.value.items) {
      names.add(JSON.stringify([table, pk, sk, v]));
    }
  }
  return done(names);
};

/** How many were owed at every look of about two seconds; at once 0 where nothing is. */
export const debtLeft = async (
  from: RegionAccess,
  to: RegionAccess,
  sleep: (ms: number) => Promise<void>,
): Promise<Result<number>> => {
  let left: readonly string[] | undefined;
  for (let looks = 1; ; looks += 1) {
    const owed = await owedNow(from, to);
    if (owed.kind === 'failed') {
      return owed;
    }
    const names = owed.value;
    left = left === undefined ? [...names] : left.filter((name) => names.has(name));
    if (left.length === 0 || looks >= LOOKS) {
      return done(left.length);
    }
    await sleep(REST_MS);
  }
};
