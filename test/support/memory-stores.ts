/**
 * The store contracts in memory: complete, and as strict as the services. One item is a bag of attributes, as in DynamoDB,
 * so a claim, a record and a local item under one key meet in the same way here and there. Every operation decides and
 * applies in one step. Pages are small by default, so that callers which forget to ask for the next one are found out.
 */
import { createHash } from 'node:crypto';

import { InvariantError } from '../../functions/domain/errors.ts';
import { done, DONE, type Failure, failed, type Result } from '../../functions/domain/failure.ts';
import { LIMITS } from '../../functions/domain/limits.ts';
import {
  LOCAL_PREFIX,
  type RecordDigest,
  type RecordKey,
  type ReplicatedRecord,
} from '../../functions/domain/record.ts';
import type { RegionName } from '../../functions/domain/region.ts';
import type {
  ClaimOutcome,
  CommitOutcome,
  LocalItem,
  Page,
  PutOutcome,
  QueryOptions,
  RecordStore,
  ScanOptions,
  SourceState,
  StoredRecord,
} from '../../functions/stores/record-store.ts';
import type {
  StoredVector,
  VectorHit,
  VectorListOptions,
  VectorQuery,
  VectorStore,
} from '../../functions/stores/vector-store.ts';

export interface MemoryStoreOptions {
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

  async put(record: ReplicatedRecord): Promise<PutOutcome> {
    const failure = this.#options.fault?.('put');
    if (failure !== undefined) {
      return failed(failure);
    }
    const stored = this.#find(record);
    if (stored?.v === undefined || stored.v < record.v) {
      // A Put replaces the whole item: a fence or a debt that was on it is gone.
      const { pk, sk, v, op, h, data, del } = record;
      this.#store({ pk, sk, v, op, h, data, ...(del === undefined ? {} : { del }) });
      return { kind: 'written' };
    }
    return stored.op === record.op && stored.v === record.v ? { kind: 'written' } : { kind: 'superseded', v: stored.v };
  }

  async query(pk: string, options: QueryOptions = {}): Promise<Result<Page<StoredRecord>>> {
    return this.#attempt('query', () => this.#queryPage(pk, options, recordOf));
  }

  async queryDigests(pk: string, options: QueryOptions = {}): Promise<Result<Page<RecordDigest>>> {
    return this.#attempt('queryDigests', () => this.#queryPage(pk, options, digestOf));
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

  async commit(record: ReplicatedRecord, fence: string): Promise<CommitOutcome> {
    const failure = this.#options.fault?.('commit');
    if (failure !== undefined) {
      return failed(failure);
    }
    const stored = this.#find(record);
    if (stored?.f === fence && (stored.v === undefined || stored.v < record.v)) {
      const { pk, sk, v, op, h, data } = record;
      this.#store({ pk, sk, v, op, h, data, f: fence });
      return { kind: 'committed' };
    }
    if (stored?.v === record.v && stored.op === record.op) {
      return { kind: 'committed' };
    }
    return stored?.f === fence ? { kind: 'superseded', v: stored.v ?? '' } : { kind: 'fenced', f: stored?.f ?? '' };
  }

  async getLocal(key: RecordKey): Promise<Result<LocalItem | undefined>> {
    return this.#attempt('getLocal', () => {
      const item = this.#find(key);
      return item?.order === undefined
        ? undefined
        : { pk: item.pk, sk: item.sk, order: item.order, data: item.data ?? '' };
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

  static #sorted(partition: ReadonlyMap<string, Item>): readonly Item[] {
    return [...partition.values()].toSorted((left, right) => byCodeUnit(left.sk, right.sk));
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

  #find(key: RecordKey): Item | undefined {
    return this.partitions.get(key.pk)?.get(key.sk);
  }

  #store(item: Item): void {
    const partition = this.partitions.get(item.pk) ?? new Map<string, Item>();
    this.partitions.set(item.pk, partition);
    partition.set(item.sk, item);
  }
}

const refusal = (message: string): Failure => ({ reason: 'refused', code: 'ValidationException', message });

/** What the service would refuse, in the words of a validation error; undefined for a vector that it takes. */
const refusalOf = (vector: StoredVector, dimensions: number): Failure | undefined => {
  const { key, data, metadata } = vector;
  if (key.length === 0 || key.length > LIMITS.vectorKeyCharsMax) {
    return refusal('a vector key is 1 to 1024 characters long');
  }
  if (data.length !== dimensions) {
    return refusal(`the index takes ${dimensions} dimensions, not ${data.length}`);
  }
  if (data.some((value) => !Number.isFinite(value)) || data.every((value) => value === 0)) {
    return refusal('a vector for cosine distance is finite and not zero');
  }
  const { h: _h, ...filterable } = metadata;
  return Buffer.byteLength(JSON.stringify(filterable)) > LIMITS.vectorFilterableMetadataBytesMax ||
    Buffer.byteLength(JSON.stringify(metadata)) > LIMITS.vectorMetadataBytesMax
    ? refusal('the metadata of a vector is too large')
    : undefined;
};

const copyOf = ({ key, data, metadata }: StoredVector): StoredVector => ({
  key,
  data: Float32Array.from(data),
  metadata: { ...metadata },
});

const isSame = (left: StoredVector, right: StoredVector): boolean =>
  left.metadata.h === right.metadata.h &&
  left.data.length === right.data.length &&
  left.data.every((value, at) => Object.is(value, right.data[at]));

const cosineDistance = (left: Float32Array, right: Float32Array): number => {
  let dot = 0;
  let leftSquare = 0;
  let rightSquare = 0;
  for (const [at, value] of left.entries()) {
    const other = right[at] ?? 0;
    dot += value * other;
    leftSquare += value * value;
    rightSquare += other * other;
  }
  return 1 - dot / Math.sqrt(leftSquare * rightSquare);
};

export class MemoryVectorStore implements VectorStore {
  /** Open to tests that damage or inspect them. */
  readonly vectors = new Map<string, StoredVector>();
  readonly #dimensions: number;
  readonly #options: MemoryStoreOptions;

  constructor(dimensions: number, options: MemoryStoreOptions = {}) {
    this.#dimensions = dimensions;
    this.#options = options;
  }

  async put(vectors: readonly StoredVector[]): Promise<Result<void>> {
    const failure =
      this.#options.fault?.('put') ??
      vectors.map((one) => refusalOf(one, this.#dimensions)).find((one) => isPresent(one));
    if (failure !== undefined) {
      return failed(failure);
    }
    for (const vector of vectors) {
      const stored = this.vectors.get(vector.key);
      if (stored !== undefined && !isSame(stored, vector)) {
        // The service would overwrite it in silence; no caller may ever ask for that.
        throw new InvariantError(`the vector key ${vector.key} was used again for other bytes`);
      }
      this.vectors.set(vector.key, copyOf(vector));
    }
    return DONE;
  }

  async get(keys: readonly string[]): Promise<Result<readonly StoredVector[]>> {
    return this.#attempt('get', () =>
      keys
        .map((key) => this.vectors.get(key))
        .filter((vector) => isPresent(vector))
        .map((vector) => copyOf(vector)),
    );
  }

  async delete(keys: readonly string[]): Promise<Result<void>> {
    return this.#attempt('delete', () => {
      for (const key of keys) {
        this.vectors.delete(key);
      }
    });
  }

  async list(options: VectorListOptions): Promise<Result<Page<StoredVector>>> {
    return this.#attempt('list', () => {
      const after = options.after === undefined ? undefined : decodeToken(options.after).sk;
      const found = [...this.vectors.values()]
        .filter(({ key }) => segmentOf(key, options.segments) === options.segment)
        .filter(({ key }) => after === undefined || byCodeUnit(key, after) > 0)
        .toSorted((left, right) => byCodeUnit(left.key, right.key));
      const items = found.slice(0, this.#options.pageItemsMax ?? PAGE_ITEMS).map((vector) => copyOf(vector));
      const last = items.at(-1);
      return found.length > items.length && last !== undefined
        ? { items, next: encodeToken({ pk: '', sk: last.key }) }
        : { items };
    });
  }

  async query(query: VectorQuery): Promise<Result<readonly VectorHit[]>> {
    if (query.vector.length !== this.#dimensions || query.vector.every((value) => value === 0)) {
      return failed(refusal('the query vector does not fit the index'));
    }
    return this.#attempt('query', () =>
      [...this.vectors.values()]
        .filter(({ metadata }) => query.sources === undefined || query.sources.includes(metadata.src))
        .map(({ key, data, metadata }) => ({
          key,
          distance: cosineDistance(query.vector, data),
          metadata: { ...metadata },
        }))
        .toSorted((left, right) => left.distance - right.distance || byCodeUnit(left.key, right.key))
        .slice(0, Math.min(query.topK, LIMITS.vectorQueryTopKMax)),
    );
  }

  async #attempt<T>(operation: string, run: () => T): Promise<Result<T>> {
    const failure = this.#options.fault?.(operation);
    return failure === undefined ? done(run()) : failed(failure);
  }
}
