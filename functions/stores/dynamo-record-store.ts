/**
 * The record contract on DynamoDB. No transactions and no ALL_OLD: after a failed condition the item is read back
 * consistently, and the same `op` means that it was our own write whose reply was lost.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import type { RecordDigest, RecordKey, ReplicatedRecord } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';
import { claimCondition, commitCondition, newerThanStored, NOTHING_STORED } from './dynamo-conditions.ts';
import {
  debtItem,
  type Item,
  keyItem,
  localItem,
  readDigest,
  readLocal,
  readOwedEntry,
  readRecord,
  recordItem,
  sourceUpdate,
} from './dynamo-items.ts';
import { type Condition, DynamoTable, type DynamoTableOptions, type ItemPage } from './dynamo-table.ts';
import type {
  ClaimOutcome,
  CommitOutcome,
  DigestQueryOptions,
  GetManyOptions,
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
} from './record-store.ts';
import { batchesOf } from './vector-batches.ts';

export interface DynamoRecordStoreOptions extends DynamoTableOptions {
  /** Stamps when this Region got a tombstone. */
  readonly now: () => number;
}

const present = <T>(value: T | undefined): value is T => value !== undefined;

const pageOf = <T>({ items, next }: ItemPage, read: (item: Item) => T | undefined): Page<T> => {
  const found = items.map((item) => read(item)).filter((one) => present(one));
  return next === undefined ? { items: found } : { items: found, next };
};

const DIGEST_PROJECTION = 'pk, sk, v, h, del, owed, receivedAt, expires';

export class DynamoRecordStore implements RecordStore {
  readonly #table: DynamoTable;
  readonly #now: () => number;

  constructor(client: DynamoDBClient, options: DynamoRecordStoreOptions) {
    this.#table = new DynamoTable(client, options);
    this.#now = options.now;
  }

  async get(key: RecordKey): Promise<Result<StoredRecord | undefined>> {
    const item = await this.#table.get(key);
    return item.kind === 'failed' ? item : done(item.value === undefined ? undefined : readRecord(item.value));
  }

  async getMany(keys: readonly RecordKey[], options: GetManyOptions = {}): Promise<Result<readonly StoredRecord[]>> {
    return this.#readMany(batchesOf(keys, options.batchItemsMax ?? LIMITS.recordGetItemsMax), readRecord);
  }

  async getDigests(keys: readonly RecordKey[]): Promise<Result<readonly RecordDigest[]>> {
    return this.#readMany(batchesOf(keys, LIMITS.digestGetItemsMax), readDigest, DIGEST_PROJECTION);
  }

  async put(record: ReplicatedRecord, owed?: RegionName): Promise<PutOutcome> {
    return this.#putIf(record, owed, newerThanStored(record));
  }

  async putOnce(record: ReplicatedRecord, owed?: RegionName): Promise<PutOutcome> {
    return this.#putIf(record, owed, NOTHING_STORED);
  }

  async mend(record: ReplicatedRecord): Promise<Result<'mended' | 'kept'>> {
    const isDeleted = record.del === true;
    const update = `SET op = :op, h = :h, #data = :data${isDeleted ? ', del = :del' : ' REMOVE del'}`;
    const { values } = sourceUpdate(record, undefined);
    const mended = await this.#table.update(record, update, {
      expression: 'v = :v',
      values: { ...values, ...(isDeleted ? { ':del': { BOOL: true } } : {}) },
      names: { '#data': 'data' },
    });
    return mended.kind === 'failed' ? mended : done(mended.value === 'applied' ? 'mended' : 'kept');
  }

  async clearOwed(key: RecordKey, v: string): Promise<Result<'cleared' | 'kept'>> {
    const cleared = await this.#table.update(key, 'REMOVE owed, owedShard', {
      expression: isMutant('clear-without-version') ? 'NOT pk = :v' : 'v = :v',
      values: { ':v': { S: v } },
    });
    return cleared.kind === 'failed' ? cleared : done(cleared.value === 'applied' ? 'cleared' : 'kept');
  }

  async listOwed(shard: string, options: OwedPageOptions = {}): Promise<Result<Page<OwedEntry>>> {
    const page = await this.#table.queryIndex('owed', 'owedShard', shard, options);
    return page.kind === 'failed' ? page : done(pageOf(page.value, readOwedEntry));
  }

  async collect(key: RecordKey, v: string): Promise<Result<'collected' | 'kept'>> {
    const deleted = await this.#table.delete(key, {
      // A source item carries a fence, which outlives every record: it is never collected.
      expression: 'v = :v AND attribute_exists(del) AND attribute_not_exists(owed) AND attribute_not_exists(f)',
      values: { ':v': { S: v } },
    });
    return deleted.kind === 'failed' ? deleted : done(deleted.value === 'applied' ? 'collected' : 'kept');
  }

  async query(pk: string, options: QueryOptions = {}): Promise<Result<Page<StoredRecord>>> {
    const page = await this.#table.query({ pk, ...options });
    return page.kind === 'failed' ? page : done(pageOf(page.value, readRecord));
  }

  async queryDigests(pk: string, options: DigestQueryOptions = {}): Promise<Result<Page<RecordDigest>>> {
    const { owedOnly, ...range } = options;
    const page = await this.#table.query({
      pk,
      ...range,
      projection: DIGEST_PROJECTION,
      ...(owedOnly === true ? { filter: 'attribute_exists(owed)' } : {}),
    });
    return page.kind === 'failed' ? page : done(pageOf(page.value, readDigest));
  }

  async scan(options: ScanOptions): Promise<Result<Page<StoredRecord>>> {
    const page = await this.#table.scan(options.segment, options.segments, options.after);
    return page.kind === 'failed' ? page : done(pageOf(page.value, readRecord));
  }

  async readSource(key: RecordKey): Promise<Result<SourceState>> {
    const item = await this.#table.get(key);
    if (item.kind === 'failed') {
      return item;
    }
    const record = item.value === undefined ? undefined : readRecord(item.value);
    const f = item.value?.['f']?.S;
    return done({ ...(f === undefined ? {} : { f }), ...(record === undefined ? {} : { record }) });
  }

  async claim(key: RecordKey, fence: string): Promise<ClaimOutcome> {
    const claimed = await this.#table.update(key, 'SET f = :f', {
      expression: claimCondition(),
      values: { ':f': { S: fence } },
    });
    if (claimed.kind === 'failed') {
      return claimed;
    }
    if (claimed.value === 'applied') {
      return { kind: 'claimed' };
    }
    const state = await this.readSource(key);
    if (state.kind === 'failed') {
      return state;
    }
    // A fence carries its run's own id: equality means our own claim, whose reply was lost.
    return state.value.f === fence ? { kind: 'claimed' } : { kind: 'fenced', f: state.value.f ?? '' };
  }

  async commit(record: ReplicatedRecord, fence: string, owed?: RegionName): Promise<CommitOutcome> {
    const { update, values } = sourceUpdate(record, owed);
    const committed = await this.#table.update(record, update, {
      expression: commitCondition(),
      values: { ...values, ':f': { S: fence } },
      names: { '#data': 'data' },
    });
    if (committed.kind === 'failed') {
      return committed;
    }
    if (committed.value === 'applied') {
      return { kind: 'committed' };
    }
    const state = await this.readSource(record);
    if (state.kind === 'failed') {
      return state;
    }
    const stored = state.value.record;
    if (stored?.op === record.op && stored.v === record.v) {
      return { kind: 'committed' };
    }
    return state.value.f === fence
      ? { kind: 'superseded', v: stored?.v ?? '' }
      : { kind: 'fenced', f: state.value.f ?? '' };
  }

  async mergeSource(record: ReplicatedRecord): Promise<PutOutcome> {
    const { update, values } = sourceUpdate(record, undefined);
    const { expression } = newerThanStored(record);
    const merged = await this.#table.update(record, update, { expression, values, names: { '#data': 'data' } });
    return merged.kind === 'failed' ? merged : this.#putOutcome(record, merged.value === 'applied');
  }

  async getLocal(key: RecordKey): Promise<Result<LocalItem | undefined>> {
    const item = await this.#table.get(key);
    return item.kind === 'failed' ? item : done(item.value === undefined ? undefined : readLocal(item.value));
  }

  async getLocals(keys: readonly RecordKey[]): Promise<Result<readonly LocalItem[]>> {
    return this.#readMany(batchesOf(keys, LIMITS.recordGetItemsMax), readLocal);
  }

  async putLocal(item: LocalItem): Promise<Result<'written' | 'kept'>> {
    const put = await this.#table.put(localItem(item), {
      expression: 'attribute_not_exists(#order) OR #order < :order',
      names: { '#order': 'order' },
      values: { ':order': { N: item.order.toString() } },
    });
    return put.kind === 'failed' ? put : done(put.value === 'applied' ? 'written' : 'kept');
  }

  async queryLocal(pk: string, options: QueryOptions = {}): Promise<Result<Page<LocalItem>>> {
    const page = await this.#table.query({ pk, ...options });
    return page.kind === 'failed' ? page : done(pageOf(page.value, readLocal));
  }

  async deleteLocal(key: RecordKey, order: number): Promise<Result<'deleted' | 'kept'>> {
    const deleted = await this.#table.delete(key, {
      expression: '#order = :order',
      names: { '#order': 'order' },
      values: { ':order': { N: order.toString() } },
    });
    return deleted.kind === 'failed' ? deleted : done(deleted.value === 'applied' ? 'deleted' : 'kept');
  }

  async #readMany<T>(
    batches: readonly (readonly RecordKey[])[],
    read: (item: Item) => T | undefined,
    projection?: string,
  ): Promise<Result<readonly T[]>> {
    const found: T[] = [];
    for (const batch of batches) {
      const items = await this.#table.getMany(batch, projection);
      if (items.kind === 'failed') {
        return items;
      }
      found.push(...items.value.map((item) => read(item)).filter((one) => present(one)));
    }
    return done(found);
  }

  async #putIf(record: ReplicatedRecord, owed: RegionName | undefined, condition: Condition): Promise<PutOutcome> {
    if (isMutant('tombstone-only-where-record') && record.del === true) {
      const stored = await this.get(record);
      if (stored.kind === 'done' && stored.value === undefined) {
        return { kind: 'written' };
      }
    }
    const debt = debtItem(record, owed);
    const item: Item = {
      ...keyItem(record),
      ...recordItem(record, this.#now()),
      ...(isMutant('owed-in-second-write') ? {} : debt),
    };
    const put = await this.#table.put(item, condition);
    if (isMutant('owed-in-second-write') && debt.owed !== undefined && debt.owedShard !== undefined) {
      const values: Item = { ':v': { S: record.v }, ':owed': debt.owed, ':shard': debt.owedShard };
      await this.#table.update(record, 'SET owed = :owed, owedShard = :shard', { expression: 'v = :v', values });
    }
    return put.kind === 'failed' ? put : this.#putOutcome(record, put.value === 'applied');
  }

  async #putOutcome(record: ReplicatedRecord, applied: boolean): Promise<PutOutcome> {
    if (applied) {
      return { kind: 'written' };
    }
    const stored = await this.get(record);
    if (stored.kind === 'failed') {
      return stored;
    }
    // The same version from the same write: ours, whose reply was lost, or a repetition. Both mean that it is stored.
    // Other bytes under them are another write, whose caller used an `op` twice.
    return stored.value?.op === record.op && stored.value.v === record.v && stored.value.h === record.h
      ? { kind: 'written' }
      : { kind: 'superseded', v: stored.value?.v ?? '' };
  }
}
