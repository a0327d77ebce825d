/**
 * The record contract on DynamoDB. No transactions and no ALL_OLD: after a failed condition the item is read back
 * consistently, and the same `op` means that it was our own write whose reply was lost.
 */
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

import { boundedCall, clientOptions, type ClientTarget } from '../aws/client-options.ts';
import { classifyFailure, done, failed, type Result } from '../domain/failure.ts';
import { LOCAL_PREFIX, type RecordDigest, type RecordKey, type ReplicatedRecord } from '../domain/record.ts';
import { type Item, keyItem, localItem, readDigest, readLocal, readRecord, recordItem } from './dynamo-items.ts';
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
} from './record-store.ts';

export interface DynamoRecordStoreOptions {
  readonly table: string;
  readonly callTimeoutMs: number;
}

/** One client per Region; the tables of a Region share it. */
export const openDynamoClient = (target: ClientTarget): DynamoDBClient =>
  // The account-based endpoint mode would put the account id into the host name, which egress rules don't know.
  new DynamoDBClient({ ...clientOptions(target), accountIdEndpointMode: 'disabled' });

type Conditional = { readonly kind: 'applied' } | { readonly kind: 'condition-failed' };

const encodeToken = (key: Item | undefined): string | undefined =>
  key === undefined ? undefined : Buffer.from(JSON.stringify(key)).toString('base64url');

const isItem = (value: unknown): value is Item => typeof value === 'object' && value !== null;

const decodeToken = (token: string | undefined): Item | undefined => {
  if (token === undefined) {
    return undefined;
  }
  const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
  return isItem(parsed) ? parsed : undefined;
};

const pageOf = <T>(items: readonly T[], last: Item | undefined): Page<T> => {
  const next = encodeToken(last);
  return next === undefined ? { items } : { items, next };
};

const present = <T>(value: T | undefined): value is T => value !== undefined;

export class DynamoRecordStore implements RecordStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #callTimeoutMs: number;

  constructor(client: DynamoDBClient, options: DynamoRecordStoreOptions) {
    this.#client = client;
    this.#table = options.table;
    this.#callTimeoutMs = options.callTimeoutMs;
  }

  async get(key: RecordKey): Promise<Result<StoredRecord | undefined>> {
    const item = await this.#getItem(key);
    return item.kind === 'failed' ? item : done(item.value === undefined ? undefined : readRecord(item.value));
  }

  async put(record: ReplicatedRecord): Promise<PutOutcome> {
    const put = await this.#conditional({
      Item: recordItem(record),
      ConditionExpression: 'attribute_not_exists(v) OR v < :v',
      ExpressionAttributeValues: { ':v': { S: record.v } },
    });
    if (put.kind === 'failed') {
      return put;
    }
    if (put.value.kind === 'applied') {
      return { kind: 'written' };
    }
    const stored = await this.get(record);
    if (stored.kind === 'failed') {
      return stored;
    }
    // The same version from the same write: ours, whose reply was lost, or a repetition. Both mean that it is stored.
    return stored.value?.op === record.op && stored.value.v === record.v
      ? { kind: 'written' }
      : { kind: 'superseded', v: stored.value?.v ?? '' };
  }

  async query(pk: string, options: QueryOptions = {}): Promise<Result<Page<StoredRecord>>> {
    const page = await this.#queryItems(pk, options);
    return page.kind === 'failed'
      ? page
      : done(pageOf(page.value.items.map((item) => readRecord(item)).filter(present), page.value.last));
  }

  async queryDigests(pk: string, options: QueryOptions = {}): Promise<Result<Page<RecordDigest>>> {
    const page = await this.#queryItems(pk, options, 'pk, sk, v, h, del, owed');
    return page.kind === 'failed'
      ? page
      : done(pageOf(page.value.items.map((item) => readDigest(item)).filter(present), page.value.last));
  }

  async scan(options: ScanOptions): Promise<Result<Page<StoredRecord>>> {
    const after = decodeToken(options.after);
    const page = await boundedCall(this.#callTimeoutMs, (bound) =>
      this.#client.send(
        new ScanCommand({
          TableName: this.#table,
          ConsistentRead: true,
          Segment: options.segment,
          TotalSegments: options.segments,
          FilterExpression: 'NOT begins_with(pk, :local) AND attribute_exists(v)',
          ExpressionAttributeValues: { ':local': { S: LOCAL_PREFIX } },
          ...(after === undefined ? {} : { ExclusiveStartKey: after }),
        }),
        bound,
      ),
    );
    return page.kind === 'failed'
      ? page
      : done(
          pageOf((page.value.Items ?? []).map((item) => readRecord(item)).filter(present), page.value.LastEvaluatedKey),
        );
  }

  async readSource(key: RecordKey): Promise<Result<SourceState>> {
    const item = await this.#getItem(key);
    if (item.kind === 'failed') {
      return item;
    }
    const record = item.value === undefined ? undefined : readRecord(item.value);
    const f = item.value?.['f']?.S;
    return done({ ...(f === undefined ? {} : { f }), ...(record === undefined ? {} : { record }) });
  }

  async claim(key: RecordKey, fence: string): Promise<ClaimOutcome> {
    const claimed = await this.#update(key, 'SET f = :f', 'attribute_not_exists(f) OR f < :f', { ':f': { S: fence } });
    if (claimed.kind === 'failed') {
      return claimed;
    }
    if (claimed.value.kind === 'applied') {
      return { kind: 'claimed' };
    }
    const state = await this.readSource(key);
    if (state.kind === 'failed') {
      return state;
    }
    // A fence carries its run's own id: equality means our own claim, whose reply was lost.
    return state.value.f === fence ? { kind: 'claimed' } : { kind: 'fenced', f: state.value.f ?? '' };
  }

  async commit(record: ReplicatedRecord, fence: string): Promise<CommitOutcome> {
    const committed = await this.#update(
      record,
      'SET v = :v, op = :op, h = :h, #data = :data REMOVE del, owed',
      'f = :f AND (attribute_not_exists(v) OR v < :v)',
      {
        ':f': { S: fence },
        ':v': { S: record.v },
        ':op': { S: record.op },
        ':h': { S: record.h },
        ':data': { S: record.data },
      },
      { '#data': 'data' },
    );
    if (committed.kind === 'failed') {
      return committed;
    }
    if (committed.value.kind === 'applied') {
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

  async getLocal(key: RecordKey): Promise<Result<LocalItem | undefined>> {
    const item = await this.#getItem(key);
    return item.kind === 'failed' ? item : done(item.value === undefined ? undefined : readLocal(item.value));
  }

  async putLocal(item: LocalItem): Promise<Result<'written' | 'kept'>> {
    const put = await this.#conditional({
      Item: localItem(item),
      ConditionExpression: 'attribute_not_exists(#order) OR #order < :order',
      ExpressionAttributeNames: { '#order': 'order' },
      ExpressionAttributeValues: { ':order': { N: item.order.toString() } },
    });
    return put.kind === 'failed' ? put : done(put.value.kind === 'applied' ? 'written' : 'kept');
  }

  async #getItem(key: RecordKey): Promise<Result<Item | undefined>> {
    const read = await boundedCall(this.#callTimeoutMs, (bound) =>
      this.#client.send(new GetItemCommand({ TableName: this.#table, Key: keyItem(key), ConsistentRead: true }), bound),
    );
    return read.kind === 'failed' ? read : done(read.value.Item);
  }

  async #queryItems(
    pk: string,
    options: QueryOptions,
    projection?: string,
  ): Promise<Result<{ items: readonly Item[]; last: Item | undefined }>> {
    const after = decodeToken(options.after);
    const prefixed = options.skPrefix !== undefined;
    const read = await boundedCall(this.#callTimeoutMs, (bound) =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          ConsistentRead: true,
          KeyConditionExpression: prefixed ? 'pk = :pk AND begins_with(sk, :sk)' : 'pk = :pk',
          ExpressionAttributeValues: {
            ':pk': { S: pk },
            ...(options.skPrefix === undefined ? {} : { ':sk': { S: options.skPrefix } }),
          },
          ...(projection === undefined ? {} : { ProjectionExpression: projection }),
          ...(options.pageItemsMax === undefined ? {} : { Limit: options.pageItemsMax }),
          ...(after === undefined ? {} : { ExclusiveStartKey: after }),
        }),
        bound,
      ),
    );
    return read.kind === 'failed' ? read : done({ items: read.value.Items ?? [], last: read.value.LastEvaluatedKey });
  }

  async #conditional(input: Omit<PutItemCommandInput, 'TableName'>): Promise<Result<Conditional>> {
    return this.#settle((bound) => this.#client.send(new PutItemCommand({ TableName: this.#table, ...input }), bound));
  }

  async #update(
    key: RecordKey,
    update: string,
    condition: string,
    values: Item,
    names?: Record<string, string>,
  ): Promise<Result<Conditional>> {
    return this.#settle((bound) =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyItem(key),
          UpdateExpression: update,
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
          ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
        }),
        bound,
      ),
    );
  }

  async #settle(
    send: (bound: { readonly abortSignal: AbortSignal }) => Promise<unknown>,
  ): Promise<Result<Conditional>> {
    try {
      await send({ abortSignal: AbortSignal.timeout(this.#callTimeoutMs) });
      return done({ kind: 'applied' });
    } catch (error) {
      return error instanceof ConditionalCheckFailedException
        ? done({ kind: 'condition-failed' })
        : failed(classifyFailure(error));
    }
  }
}
