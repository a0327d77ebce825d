/**
 * The record contract: one table of one Region. A Region's failure is a value (`kind: 'failed'`), never an exception.
 * Every write is conditional; there is no batch write (it has no conditions) and no read-modify-write.
 */
import type { Failure, Result } from '../domain/failure.ts';
import type { RecordDigest, RecordKey, ReplicatedRecord } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';

export type PutOutcome =
  /** The record is stored; also when a lost reply made us ask again and the same `op` was found. */
  | { readonly kind: 'written' }
  /** A higher version is stored: this write lost, by the only order that there is. */
  | { readonly kind: 'superseded'; readonly v: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export type ClaimOutcome =
  | { readonly kind: 'claimed' }
  /** The store has seen a higher fence; the same one is the caller's own claim, repeated. */
  | { readonly kind: 'fenced'; readonly f: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'fenced'; readonly f: string }
  | { readonly kind: 'superseded'; readonly v: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface StoredRecord extends ReplicatedRecord {
  /** The local fence of a source record: outside `v`, `h` and every digest. */
  readonly f?: string;
}

/** A source record may exist as a claim only: a fence, and nothing committed yet. */
export interface SourceState {
  readonly f?: string;
  readonly record?: ReplicatedRecord;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly next?: string;
}

export interface QueryOptions {
  readonly skPrefix?: string;
  /** Half the price, and possibly a moment old: for what is shown to people with its time, never for a decision. */
  readonly isEventual?: true;
  /** Opaque token of the page before. */
  readonly after?: string;
  readonly pageItemsMax?: number;
}

export interface GetManyOptions {
  /** Keys of one call where the records are known to be small; above the default for records of any size. */
  readonly batchItemsMax?: number;
}

export interface DigestQueryOptions extends QueryOptions {
  /** Only records that are owed, filtered where they are stored. Strongly consistent, unlike the index. */
  readonly owedOnly?: boolean;
}

export interface ScanOptions {
  readonly segment: number;
  readonly segments: number;
  readonly after?: string;
}

export interface LocalItem extends RecordKey {
  /** Only a higher order replaces an item, so that an older writer never wins. */
  readonly order: number;
  readonly data: string;
}

/** What the index of owed records tells: enough to find the record, and to drain in the order of versions. */
export interface OwedEntry extends RecordKey {
  readonly v: string;
}

export interface OwedPageOptions {
  readonly after?: string;
  readonly pageItemsMax?: number;
}

export interface RecordStore {
  /** Strongly consistent. A key that holds only a claim reads as undefined. */
  get(key: RecordKey): Promise<Result<StoredRecord | undefined>>;
  /** The same for many keys in few calls; what is not there is left out. In no order. */
  getMany(keys: readonly RecordKey[], options?: GetManyOptions): Promise<Result<readonly StoredRecord[]>>;
  /**
   * Merge-max: `Put IF attribute_not_exists(v) OR v < :v`. With `owed`, record and debt become durable in one conditional
   * write; without, the stored item carries no debt, whatever `record.owed` says: a debt is one Region's own.
   * Never for a source record, whose local fence a Put would remove: `mergeSource` is for those.
   */
  put(record: ReplicatedRecord, owed?: RegionName): Promise<PutOutcome>;
  /**
   * Replaces damaged bytes of a version by the healthy ones of the same version: `Update IF v = :v`, which leaves debt and
   * fence alone. Merge-max can't do it. Only for bytes that were checked against their hash. `kept` where `v` moved on.
   */
  mend(record: ReplicatedRecord): Promise<Result<'mended' | 'kept'>>;
  /** For kinds that are written once: `Put IF attribute_not_exists(v)`; whatever else is stored supersedes. */
  putOnce(record: ReplicatedRecord, owed?: RegionName): Promise<PutOutcome>;
  /** `REMOVE owed IF v = :v`. `kept` where another version is stored (or none): its debt is its own. */
  clearOwed(key: RecordKey, v: string): Promise<Result<'cleared' | 'kept'>>;
  /**
   * Keys that are owed, in the order of versions, from one shard of the sparse index (`owedShards`). Eventually consistent,
   * so it only finds work: whether something is owed is read on the item itself.
   */
  listOwed(shard: string, options?: OwedPageOptions): Promise<Result<Page<OwedEntry>>>;
  /** Deletes a tombstone: `IF v = :v AND attribute_exists(del) AND attribute_not_exists(owed)`. */
  collect(key: RecordKey, v: string): Promise<Result<'collected' | 'kept'>>;
  /** One partition in `sk` order, whole records; strongly consistent unless `isEventual`. */
  query(pk: string, options?: QueryOptions): Promise<Result<Page<StoredRecord>>>;
  /** The same without payloads: what a comparison needs, and little to carry between Regions. */
  queryDigests(pk: string, options?: DigestQueryOptions): Promise<Result<Page<RecordDigest>>>;
  /** Some keys without payloads, strongly consistent, in any order; missing ones are left out. */
  getDigests(keys: readonly RecordKey[]): Promise<Result<readonly RecordDigest[]>>;
  /** The whole table but local items, strongly consistent: for the proof of equality. */
  scan(options: ScanOptions): Promise<Result<Page<StoredRecord>>>;
  readSource(key: RecordKey): Promise<Result<SourceState>>;
  /** `SET f = :f IF attribute_not_exists(f) OR f < :f`. */
  claim(key: RecordKey, fence: string): Promise<ClaimOutcome>;
  /** Commits a source record: `IF f = :f AND (attribute_not_exists(v) OR v < :v)`; `f` is left alone. */
  commit(record: ReplicatedRecord, fence: string, owed?: RegionName): Promise<CommitOutcome>;
  /** A source record from the other Region: `Update … IF attribute_not_exists(v) OR v < :v`, which leaves `f` alone. */
  mergeSource(record: ReplicatedRecord): Promise<PutOutcome>;
  getLocal(key: RecordKey): Promise<Result<LocalItem | undefined>>;
  /** Some local items, strongly consistent, in any order; missing ones are left out. */
  getLocals(keys: readonly RecordKey[]): Promise<Result<readonly LocalItem[]>>;
  /** Stores a local item where none of the same or a higher order is stored; says whether it did. */
  putLocal(item: LocalItem): Promise<Result<'written' | 'kept'>>;
  /** The local items of one partition, in `sk` order, strongly consistent. */
  queryLocal(pk: string, options?: QueryOptions): Promise<Result<Page<LocalItem>>>;
  /** Removes a local item where it still has this order. */
  deleteLocal(key: RecordKey, order: number): Promise<Result<'deleted' | 'kept'>>;
}
