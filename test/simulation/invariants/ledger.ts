/**
 * What the checkers know beyond the stores: the highest version that each Region ever held of each key, who applied it last
 * and when, and the runs of each source. It sees every change as it is applied.
 */
import { parseSourcePayload, SOURCES_PARTITION } from '../../../functions/domain/corpus.ts';
import { LIMITS } from '../../../functions/domain/limits.ts';
import type { TableName } from '../../../functions/domain/record.ts';
import { fenceOfVersion } from '../../../functions/domain/version.ts';
import type { Item } from '../stores/expression.ts';
import type { ItemChange } from '../stores/sim-table.ts';
import type { SimProcess } from '../world/process.ts';
import type { SimRegion } from '../world/region.ts';
import type { Watcher, World } from '../world/world.ts';

export const textIn = (item: Item | undefined, name: string): string => item?.[name]?.S ?? '';

export const isDeleted = (item: Item | undefined): boolean => item?.['del']?.BOOL === true;

export const isLive = (item: Item | undefined): item is Item =>
  item !== undefined && textIn(item, 'v') !== '' && !isDeleted(item);

const SOURCE_PARTITION = /^(?:source#(?<documents>[^#]+)|chunks#(?<chunks>[^#]+)#[0-9a-f])$/u;

/** The source that a key of the graph table belongs to; undefined for any other key. */
export const sourceOf = (pk: string, sk: string): string | undefined => {
  if (pk === SOURCES_PARTITION) {
    return sk;
  }
  const groups = SOURCE_PARTITION.exec(pk)?.groups;
  return groups?.['documents'] ?? groups?.['chunks'];
};

export interface Applied {
  readonly v: string;
  readonly atMs: number;
  /** Written by a run after a newer one had claimed the source: record puts are not fenced, so nobody can keep it from that. */
  readonly isStray: boolean;
}

/** One run of one source, from its first claim. */
export interface Run {
  readonly fence: string;
  readonly source: string;
  readonly claimedMs: number;
  readonly claimedBy: string;
  /** By the design it has to compare everything. */
  readonly isFull: boolean;
  /** What the source owed then: Region, key and version. */
  readonly owedAtClaim: readonly { readonly region: SimRegion; readonly item: Item }[];
  /** It runs in a declared outage of its peer. */
  readonly isDeferring: boolean;
  acknowledged: number;
  /** It committed in a declared outage: what it wrote is owed. */
  isDeferred: boolean;
  /** A Region shows it. */
  isCommitted: boolean;
}

const DAY_MS = 24 * 3_600_000;
/** Two clocks of five minutes each. */
const SKEW_MS = 11 * 60_000;

/** DESIGN §4.4: the first cycle under a new (epoch, Region), one a day, and whatever comes after a run that did not finish. */
const hasToCompareAll = (
  judged: readonly (Item | undefined)[],
  fence: string,
  home: Item | undefined,
  nowMs: number,
): boolean => {
  const [epoch, region] = fence.split('/');
  const lastFullAt = parseSourcePayload(textIn(home, 'data'))?.lastFullAt ?? 0;
  return (
    nowMs - lastFullAt > DAY_MS + SKEW_MS ||
    judged.some((item) => {
      const [v, seen] = [textIn(item, 'v'), textIn(item, 'f')];
      const [seenEpoch, seenRegion] = seen.split('/');
      return (
        v === '' ||
        v !== textIn(home, 'v') ||
        fenceOfVersion(v) !== seen ||
        seenEpoch !== epoch ||
        seenRegion !== region
      );
    })
  );
};

export class Ledger implements Watcher {
  readonly world: World;
  readonly runs = new Map<string, Run>();
  /** By Region and source: when the last cycle that compared everything, and committed there, had claimed it. */
  readonly #fullSinceMs = new Map<string, number>();
  /** By Region and source: when a run last wrote a record although a newer one had claimed the source. */
  readonly #strayMs = new Map<string, number>();
  /** By process: the highest fence that it claimed. */
  readonly #claims = new Map<string, string>();
  readonly #highest = new Map<string, string>();
  readonly #applied = new Map<string, Applied>();

  constructor(world: World) {
    this.world = world;
  }

  onItem(region: SimRegion, table: TableName, change: ItemChange, by: SimProcess | undefined): void {
    const v = textIn(change.after, 'v');
    const name = this.#name(region, table, change.pk, change.sk);
    if (v !== '' && v !== textIn(change.before, 'v')) {
      const highest = this.#highest.get(name) ?? '';
      this.#highest.set(name, v > highest ? v : highest);
      const isStray = this.#isStray(region, change, v, by);
      this.#applied.set(name, { v, atMs: this.world.kernel.nowMs, isStray });
      if (isStray) {
        this.#strayMs.set(`${region.name}|${sourceOf(change.pk, change.sk) ?? ''}`, this.world.kernel.nowMs);
      }
    }
    if (change.pk === SOURCES_PARTITION) {
      this.#noteClaim(region, change, by);
    }
  }

  /** The highest version that a Region ever had of a key, collected tombstones included. */
  highest(region: SimRegion, table: TableName, pk: string, sk: string): string {
    return this.#highest.get(this.#name(region, table, pk, sk)) ?? '';
  }

  applied(region: SimRegion, table: TableName, pk: string, sk: string): Applied | undefined {
    return this.#applied.get(this.#name(region, table, pk, sk));
  }

  /**
   * What a run does not answer for: another run wrote it after its claim, or an older run that was long superseded, after the
   * source was last compared whole. Only the next full cycle sees that.
   */
  isForeign(region: SimRegion, pk: string, sk: string, run: Run): boolean {
    const applied = this.applied(region, 'graph', pk, sk);
    if (applied === undefined) {
      return false;
    }
    const isOther = fenceOfVersion(applied.v) !== run.fence;
    const fullSinceMs = run.isFull ? run.claimedMs : this.fullSinceMs(region, run.source);
    // In a declared outage nothing is settled: what the other Region still owed comes when it comes.
    const isLate = applied.atMs >= fullSinceMs && (applied.isStray || (run.isDeferring && isOther));
    return isLate || (applied.atMs >= run.claimedMs && isOther);
  }

  fullSinceMs(region: SimRegion, source: string): number {
    return this.#fullSinceMs.get(`${region.name}|${source}`) ?? 0;
  }

  noteFull(region: SimRegion, run: Run): void {
    this.#fullSinceMs.set(`${region.name}|${run.source}`, run.claimedMs);
  }

  /**
   * A superseded run wrote after the source was last compared whole, and so late that no second comparison was due for it: only
   * the daily one sees that.
   */
  hasLateStray(): boolean {
    return this.world.regions.some((region) =>
      [...this.world.origins.keys()].some((source) => {
        const strayMs = this.#strayMs.get(`${region.name}|${source}`) ?? 0;
        const fullMs = this.fullSinceMs(region, source);
        return strayMs >= fullMs && strayMs - fullMs > LIMITS.overlapMs;
      }),
    );
  }

  /** Written by the run that made the version, not copied by settling, drain or repair. */
  isOfItsRun(version: string, by: SimProcess | undefined): boolean {
    return (
      by?.name.startsWith('sync/') === true && (this.#claims.get(by.name) ?? '') <= (fenceOfVersion(version) ?? '')
    );
  }

  runOf(version: string): Run | undefined {
    return this.runs.get(fenceOfVersion(version) ?? '');
  }

  /** Everything of a source in one Region, its own record left out. */
  *itemsOfSource(region: SimRegion, source: string): IterableIterator<Item> {
    const table = region.table('graph');
    yield* table.itemsOf(`source#${source}`);
    for (let digit = 0; digit < 16; digit += 1) {
      yield* table.itemsOf(`chunks#${source}#${digit.toString(16)}`);
    }
  }

  #name(region: SimRegion, table: TableName, pk: string, sk: string): string {
    return `${region.name}|${table}|${pk}|${sk}`;
  }

  /** Processes that work in a declared outage of their peer. */
  readonly deferring = new Set<string>();

  #noteClaim(region: SimRegion, change: ItemChange, by: SimProcess | undefined): void {
    const fence = textIn(change.after, 'f');
    if (fence > (this.#claims.get(by?.name ?? '') ?? '')) {
      this.#claims.set(by?.name ?? '', fence);
    }
    if (fence === '' || fence === textIn(change.before, 'f') || this.runs.has(fence)) {
      return;
    }
    const claimedMs = this.world.kernel.nowMs;
    const owedAtClaim = this.world.regions.flatMap((one) =>
      [...this.itemsOfSource(one, change.sk), one.peek('graph', change.pk, change.sk)]
        .filter((item) => item?.['owed'] !== undefined)
        .map((item) => ({ region: one, item: item ?? {} })),
    );
    const before = new Map(
      this.world.regions.map((one) => [
        one.name as string,
        one === region ? change.before : one.peek('graph', change.pk, change.sk),
      ]),
    );
    const isDeferring = this.deferring.has(by?.name ?? '');
    const judged = [...before].filter(([name]) => !isDeferring || name === by?.region).map(([, item]) => item);
    const isFull =
      (!isDeferring && owedAtClaim.length > 0) ||
      hasToCompareAll(judged, fence, before.get(by?.region ?? ''), claimedMs);
    const claimedBy = by?.name ?? '';
    this.runs.set(fence, {
      fence,
      source: change.sk,
      claimedMs,
      claimedBy,
      isFull,
      owedAtClaim,
      isDeferring,
      acknowledged: 0,
      isDeferred: false,
      isCommitted: false,
    });
  }

  /** Only a run's own writes: what settling, drain or repair copy was somewhere already, and was judged there. */
  #isStray(region: SimRegion, change: ItemChange, v: string, by: SimProcess | undefined): boolean {
    const source = sourceOf(change.pk, change.sk);
    const fence = fenceOfVersion(v);
    if (source === undefined || fence === undefined || change.pk === SOURCES_PARTITION) {
      return false;
    }
    if (!this.isOfItsRun(v, by)) {
      return false;
    }
    return textIn(region.peek('graph', SOURCES_PARTITION, source), 'f') > fence;
  }
}
