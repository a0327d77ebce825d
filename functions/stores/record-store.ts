/**
 * The record contract: one table of one Region. A Region's failure is a value (`kind: 'failed'`), never an exception.
 * Every write is conditional; there is no batch write (it has no conditions) and no read-modify-write.
 */
import type { Failure, Result } from '../domain/failure.ts';
import type { RecordDigest, RecordKey, ReplicatedRecord } from '../domain/record.ts';

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
  /** Opaque token of the page before. */
  readonly after?: string;
  readonly pageItemsMax?: number;
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

export interface RecordStore {
  /** Strongly consistent. A key that holds only a claim reads as undefined. */
  get(key: RecordKey): Promise<Result<StoredRecord | undefined>>;
  /** Merge-max: `Put IF attribute_not_exists(v) OR v < :v`. */
  put(record: ReplicatedRecord): Promise<PutOutcome>;
  /** One partition in `sk` order, strongly consistent, whole records. */
  query(pk: string, options?: QueryOptions): Promise<Result<Page<StoredRecord>>>;
  /** The same without payloads: what a comparison needs, and little to carry between Regions. */
  queryDigests(pk: string, options?: QueryOptions): Promise<Result<Page<RecordDigest>>>;
  /** The whole table but local items, strongly consistent: for the proof of equality. */
  scan(options: ScanOptions): Promise<Result<Page<StoredRecord>>>;
  readSource(key: RecordKey): Promise<Result<SourceState>>;
  /** `SET f = :f IF attribute_not_exists(f) OR f < :f`. */
  claim(key: RecordKey, fence: string): Promise<ClaimOutcome>;
  /** Commits a source record: `IF f = :f AND (attribute_not_exists(v) OR v < :v)`; `f` is left alone. */
  commit(record: ReplicatedRecord, fence: string): Promise<CommitOutcome>;
  getLocal(key: RecordKey): Promise<Result<LocalItem | undefined>>;
  /** Stores a local item where none of the same or a higher order is stored; says whether it did. */
  putLocal(item: LocalItem): Promise<Result<'written' | 'kept'>>;
}
