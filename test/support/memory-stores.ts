/**
 * The store contracts in memory: complete, and as strict as the services. One item is a bag of attributes, as in DynamoDB,
 * so a claim, a record and a local item under one key meet in the same way here and there. Every operation decides and
 * applies in one step. Pages are small by default, so that callers which forget to ask for the next one are found out.
 */
import { createHash } from 'node:crypto';

import { done, type Failure, failed, type Result } from '../../functions/domain/failure.ts';
import {
  LOCAL_PREFIX,
  type RecordDigest,
  type RecordKey,
  type ReplicatedRecord,
} from '../../functions/domain/record.ts';
import type { RegionName } from '../../functions/domain/region.ts';
import { owedShard } from '../../functions/stores/owed-shard.ts';
import type {
  ClaimOutcome,
  CommitOutcome,
  DigestQueryOptions,
  LocalItem,
  OwedEntry,
  OwedPageOptions,
  Page,
  PutOutcome,
  QueryOptions,
  RecordStore,
  ScanOptions,
  SourceState,
  StoredRecord,
} from '../../functions/stores/record-store.ts';
export { MemoryVectorStore } from './memory-vectors.ts';

export interface MemoryStoreOptions {
  /** Stamps when a tombstone was received; the default is a clock that stands still. */
  readonly now?: () => number;
  /** Asked before every operation, with its name; a failure that it answers with is what the caller gets. */
  readonly fault?: (operation: string) => Failure | undefined;
  readonly pageItemsMax?: number;
}

const PAGE_ITEMS = 100;

/** Spreads keys over segments in the same way in every run. */
const segmentOf = (text: string, segments: number): number =>
  createHash('sha256').update(text).digest().readUInt32BE() % segments;

const byCodeUnit = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

interface Item extends RecordKey {
  v?: string;
  op?: string;
  h?: string;
  data?: string;
  del?: true;
  owed?: RegionName;
  owedShard?: string;
  receivedAt?: number;
  expires?: number;
  f?: string;
  order?: number;
}

const digestOf = (item: Item): RecordDigest | undefined =>
  item.v === undefined
    ? undefined
    : {
        pk: item.pk,
        sk: item.sk,
        v: item.v,
        h: item.h ?? '',
        ...(item.del === undefined ? {} : { del: item.del }),
        ...(item.owed === undefined ? {} : { owed: item.owed }),
        ...(item.receivedAt === undefined ? {} : { receivedAt: item.receivedAt }),
        ...(item.expires === undefined ? {} : { expires: item.expires }),
      };

const recordOf = (item: Item): StoredRecord | undefined => {
  const digest = digestOf(item);
  return digest === undefined
    ? undefined
    : {
        ...digest,
        op: item.op ?? '',
        data: item.data ?? '',
        ...(item.f === undefined ? {} : { f: item.f }),
      };
};

const localOf = ({ pk, sk, order, data }: Item): LocalItem | undefined =>
  order === undefined ? undefined : { pk, sk, order, data: data ?? '' };

const debtOf = (key: RecordKey, owed: RegionName | undefined): { owed?: RegionName; owedShard?: string } =>
  owed === undefined ? {} : { owed, owedShard: owedShard(owed, key.pk) };

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

const encodeToken = ({ pk, sk }: RecordKey): string => Buffer.from(JSON.stringify([pk, sk])).toString('base64url');

const decodeToken = (token: string): RecordKey => {
  const [pk = '', sk = ''] = JSON.parse(Buffer.from(token, 'base64url').toString()) as readonly string[];
  return { pk, sk };
};

const isAfter = (item: RecordKey, token: string | undefined): boolean => {
  if (token === undefined) {
    return true;
  }
  const last = decodeToken(token);
  return byCodeUnit(item.pk, last.pk) > 0 || (item.pk === last.pk && byCodeUnit(item.sk, last.sk) > 0);
};

/** As in DynamoDB, a page is full by what was read, also where nothing of it is a record. */
const pageOf = <T>(items: readonly Item[], itemsMax: number, read: (item: Item) => T | undefined): Page<T> => {
  const page = items.slice(0, itemsMax);
  const last = page.at(-1);
  const found = page.map((item) => read(item)).filter((one) => isPresent(one));
  return items.length > page.length && last !== undefined
    ? { items: found, next: encodeToken(last) }
    : { items: found };
};

export class MemoryRecordStore implements RecordStore {
  /** Partitions and their items, open to tests that damage or inspect them. */
  readonly partitions = new Map<string, Map<string, Item>>();
  readonly #options: MemoryStoreOptions;

  constructor(options: MemoryStoreOptions = {}) {
    this.#options = options;
  }

  async get(key: RecordKey): Promise<Result<StoredRecord | undefined>> {
    return this.#attempt('get', () => {
      const item = this.#find(key);
      return item === undefined ? undefined : recordOf(item);
    });
  }

  async getMany(keys: readonly RecordKey[]): Promise<Result<readonly StoredRecord[]>> {
    return this.#attempt('getMany', () => this.#many(keys, recordOf));
  }

  async getDigests(keys: readonly RecordKey[]): Promise<Result<readonly RecordDigest[]>> {
    return this.#attempt('getDigests', () => this.#many(keys, digestOf));
  }

  async put(record: ReplicatedRecord, owed?: RegionName): Promise<PutOutcome> {
    return this.#putIf('put', record, owed, (stored) => stored === undefined || stored < record.v);
  }

  async putOnce(record: ReplicatedRecord, owed?: RegionName): Promise<PutOutcome> {
    return this.#putIf('putOnce', record, owed, (stored) => stored === undefined);
  }

  async mend(record: ReplicatedRecord): Promise<Result<'mended' | 'kept'>> {
    return this.#attempt('mend', () => {
      const stored = this.#find(record);
      if (stored?.v !== record.v) {
        return 'kept';
      }
      const { op, h, data, del } = record;
      const { del: _del, ...rest } = stored;
      this.#store({ ...rest, op, h, data, ...(del === undefined ? {} : { del }) });
      return 'mended';
    });
  }

  async clearOwed(key: RecordKey, v: string): Promise<Result<'cleared' | 'kept'>> {
    return this.#attempt('clearOwed', () => {
      const stored = this.#find(key);
      if (stored?.v !== v) {
        return 'kept';
      }
      const { owed: _owed, owedShard: _shard, ...rest } = stored;
      this.#store(rest);
      return 'cleared';
    });
  }

  async listOwed(shard: string, options: OwedPageOptions = {}): Promise<Result<Page<OwedEntry>>> {
    return this.#attempt('listOwed', () => {
      const order = (item: Item): string => `${item.v ?? ''}\0${item.pk}\0${item.sk}`;
      const owed = [...this.partitions.values()]
        .flatMap((partition) => Array.from(partition.values()))
        .filter((item) => item.owedShard === shard && (options.after === undefined || order(item) > options.after))
        .toSorted((left, right) => byCodeUnit(order(left), order(right)));
      const page = owed.slice(0, this.#pageItemsMax(options.pageItemsMax));
      const last = page.at(-1);
      const items = page.map(({ pk, sk, v }) => ({ pk, sk, v: v ?? '' }));
      return owed.length > page.length && last !== undefined ? { items, next: order(last) } : { items };
    });
  }

  async collect(key: RecordKey, v: string): Promise<Result<'collected' | 'kept'>> {
    return this.#attempt('collect', () => {
      const stored = this.#find(key);
      if (stored?.v !== v || stored.del !== true || stored.owed !== undefined || stored.f !== undefined) {
        return 'kept';
      }
      this.partitions.get(key.pk)?.delete(key.sk);
      return 'collected';
    });
  }

  async query(pk: string, options: QueryOptions = {}): Promise<Result<Page<StoredRecord>>> {
    return this.#attempt('query', () => this.#queryPage(pk, options, recordOf));
  }

  async queryDigests(pk: string, options: DigestQueryOptions = {}): Promise<Result<Page<RecordDigest>>> {
    // A page is full by what was read, so a filtered one may be empty and still have a next one.
    const wanted = (item: Item): boolean => options.owedOnly !== true || item.owed !== undefined;
    return this.#attempt('queryDigests', () =>
      this.#queryPage(pk, options, (item) => (wanted(item) ? digestOf(item) : undefined)),
    );
  }

  async scan(options: ScanOptions): Promise<Result<Page<StoredRecord>>> {
    return this.#attempt('scan', () => {
      const items = [...this.partitions]
        .filter(([pk]) => !pk.startsWith(LOCAL_PREFIX) && segmentOf(pk, options.segments) === options.segment)
        .toSorted(([left], [right]) => byCodeUnit(left, right))
        .flatMap(([, partition]) => MemoryRecordStore.#sorted(partition))
        .filter((item) => isAfter(item, options.after));
      return pageOf(items, this.#pageItemsMax(), recordOf);
    });
  }

  async readSource(key: RecordKey): Promise<Result<SourceState>> {
    return this.#attempt('readSource', () => {
      const item = this.#find(key);
      const record = item === undefined ? undefined : recordOf(item);
      return {
        ...(item?.f === undefined ? {} : { f: item.f }),
        ...(record === undefined ? {} : { record }),
      };
    });
  }

  async claim(key: RecordKey, fence: string): Promise<ClaimOutcome> {
    const failure = this.#options.fault?.('claim');
    if (failure !== undefined) {
      return failed(failure);
    }
    const stored = this.#find(key) ?? { pk: key.pk, sk: key.sk };
    // The same fence is this very run, whose reply was lost: a fence carries the run's own id.
    if (stored.f !== undefined && stored.f > fence) {
      return { kind: 'fenced', f: stored.f };
    }
    this.#store({ ...stored, f: fence });
    return { kind: 'claimed' };
  }

  async commit(record: ReplicatedRecord, fence: string, owed?: RegionName): Promise<CommitOutcome> {
    const failure = this.#options.fault?.('commit');
    if (failure !== undefined) {
      return failed(failure);
    }
    const stored = this.#find(record);
    if (stored?.f === fence && (stored.v === undefined || stored.v < record.v)) {
      const { pk, sk, v, op, h, data, del } = record;
      const dead = del === undefined ? {} : { del };
      this.#store({ pk, sk, v, op, h, data, f: fence, ...dead, ...debtOf(record, owed) });
      return { kind: 'committed' };
    }
    if (stored?.v === record.v && stored.op === record.op) {
      return { kind: 'committed' };
    }
    return stored?.f === fence ? { kind: 'superseded', v: stored.v ?? '' } : { kind: 'fenced', f: stored?.f ?? '' };
  }

  async mergeSource(record: ReplicatedRecord): Promise<PutOutcome> {
    const failure = this.#options.fault?.('mergeSource');
    if (failure !== undefined) {
      return failed(failure);
    }
    const stored = this.#find(record);
    if (stored?.v === undefined || stored.v < record.v) {
      const { pk, sk, v, op, h, data, del } = record;
      const dead = del === undefined ? {} : { del };
      this.#store({ pk, sk, v, op, h, data, ...dead, ...(stored?.f === undefined ? {} : { f: stored.f }) });
      return { kind: 'written' };
    }
    return stored.op === record.op && stored.v === record.v ? { kind: 'written' } : { kind: 'superseded', v: stored.v };
  }

  async getLocals(keys: readonly RecordKey[]): Promise<Result<readonly LocalItem[]>> {
    return this.#attempt('getLocals', () => this.#many(keys, localOf));
  }

  async getLocal(key: RecordKey): Promise<Result<LocalItem | undefined>> {
    return this.#attempt('getLocal', () => {
      const item = this.#find(key);
      return item === undefined ? undefined : localOf(item);
    });
  }

  async putLocal(item: LocalItem): Promise<Result<'written' | 'kept'>> {
    return this.#attempt('putLocal', () => {
      const stored = this.#find(item);
      if (stored?.order !== undefined && stored.order >= item.order) {
        return 'kept';
      }
      const { pk, sk, order, data } = item;
      this.#store({ pk, sk, order, data });
      return 'written';
    });
  }

  async queryLocal(pk: string, options: QueryOptions = {}): Promise<Result<Page<LocalItem>>> {
    return this.#attempt('queryLocal', () => this.#queryPage(pk, options, localOf));
  }

  async deleteLocal(key: RecordKey, order: number): Promise<Result<'deleted' | 'kept'>> {
    return this.#attempt('deleteLocal', () => {
      if (this.#find(key)?.order !== order) {
        return 'kept';
      }
      this.partitions.get(key.pk)?.delete(key.sk);
      return 'deleted';
    });
  }

  static #sorted(partition: ReadonlyMap<string, Item>): readonly Item[] {
    return [...partition.values()].toSorted((left, right) => byCodeUnit(left.sk, right.sk));
  }

  #putIf(
    operation: string,
    record: ReplicatedRecord,
    owed: RegionName | undefined,
    wins: (stored: string | undefined) => boolean,
  ): PutOutcome {
    const failure = this.#options.fault?.(operation);
    if (failure !== undefined) {
      return failed(failure);
    }
    const stored = this.#find(record);
    if (wins(stored?.v)) {
      // A Put replaces the whole item: a fence or a debt that was on it is gone.
      const { pk, sk, v, op, h, data, del, expires } = record;
      this.#store({
        pk,
        sk,
        v,
        op,
        h,
        data,
        ...(del === undefined ? {} : { del, receivedAt: this.#options.now?.() ?? 0 }),
        ...(expires === undefined ? {} : { expires }),
        ...debtOf(record, owed),
      });
      return { kind: 'written' };
    }
    return stored?.op === record.op && stored.v === record.v && stored.h === record.h
      ? { kind: 'written' }
      : { kind: 'superseded', v: stored?.v ?? '' };
  }

  async #attempt<T>(operation: string, run: () => T): Promise<Result<T>> {
    const failure = this.#options.fault?.(operation);
    return failure === undefined ? done(run()) : failed(failure);
  }

  #pageItemsMax(asked?: number): number {
    return Math.min(asked ?? Number.MAX_SAFE_INTEGER, this.#options.pageItemsMax ?? PAGE_ITEMS);
  }

  #queryPage<T>(pk: string, options: QueryOptions, read: (item: Item) => T | undefined): Page<T> {
    const items = MemoryRecordStore.#sorted(this.partitions.get(pk) ?? new Map())
      .filter((item) => item.sk.startsWith(options.skPrefix ?? ''))
      .filter((item) => isAfter(item, options.after));
    return pageOf(items, this.#pageItemsMax(options.pageItemsMax), read);
  }

  #many<T>(keys: readonly RecordKey[], read: (item: Item) => T | undefined): readonly T[] {
    return keys
      .map((key) => this.#find(key))
      .map((item) => (item === undefined ? undefined : read(item)))
      .filter((one) => isPresent(one));
  }

  #find(key: RecordKey): Item | undefined {
    return this.partitions.get(key.pk)?.get(key.sk);
  }

  #store(item: Item): void {
    const partition = this.partitions.get(item.pk) ?? new Map<string, Item>();
    this.partitions.set(item.pk, partition);
    partition.set(item.sk, item);
  }
}
