/**
 * One DynamoDB table through bounded calls: what goes over the wire, and nothing of what it means. A failed condition is an
 * outcome; every other trouble is a failure value.
 */
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

import { boundedCall, clientOptions, type ClientTarget } from '../aws/client-options.ts';
import { classifyFailure, done, failed, type Result } from '../domain/failure.ts';
import { LOCAL_PREFIX, type RecordKey } from '../domain/record.ts';
import { type Item, keyItem } from './dynamo-items.ts';

export interface DynamoTableOptions {
  readonly table: string;
  readonly callTimeoutMs: number;
  /** Where bounds come from; absent means real time. */
  readonly deadline?: (timeoutMs: number) => AbortSignal;
}

/** One client per Region; the tables of a Region share it. */
export const openDynamoClient = (target: ClientTarget): DynamoDBClient =>
  // The account-based endpoint mode would put the account id into the host name, which egress rules don't know.
  new DynamoDBClient({ ...clientOptions(target), accountIdEndpointMode: 'disabled' });

export type Conditional = 'applied' | 'condition-failed';

export interface Condition {
  readonly expression: string;
  readonly values?: Item;
  readonly names?: Readonly<Record<string, string>>;
}

export interface KeyRange {
  readonly pk: string;
  readonly isEventual?: true | undefined;
  readonly skPrefix?: string | undefined;
  readonly after?: string | undefined;
  readonly pageItemsMax?: number | undefined;
  readonly projection?: string;
  readonly filter?: string;
}

export interface ItemPage {
  readonly items: readonly Item[];
  readonly next?: string;
}

const encodeToken = (key: Item | undefined): string | undefined =>
  key === undefined ? undefined : Buffer.from(JSON.stringify(key)).toString('base64url');

const isItem = (value: unknown): value is Item => typeof value === 'object' && value !== null;

const startAt = (token: string | undefined): { ExclusiveStartKey?: Item } => {
  if (token === undefined) {
    return {};
  }
  const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
  return isItem(parsed) ? { ExclusiveStartKey: parsed } : {};
};

const limited = (pageItemsMax: number | undefined): { Limit?: number } =>
  pageItemsMax === undefined ? {} : { Limit: pageItemsMax };

const pageOf = (output: {
  readonly Items?: Item[] | undefined;
  readonly LastEvaluatedKey?: Item | undefined;
}): ItemPage => {
  const next = encodeToken(output.LastEvaluatedKey);
  const items = output.Items ?? [];
  return next === undefined ? { items } : { items, next };
};

const conditionInput = ({
  expression,
  values,
  names,
}: Condition): {
  ConditionExpression: string;
  ExpressionAttributeValues?: Item;
  ExpressionAttributeNames?: Record<string, string>;
} => ({
  ConditionExpression: expression,
  ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
  ...(names === undefined ? {} : { ExpressionAttributeNames: { ...names } }),
});

type Bound = { readonly abortSignal: AbortSignal };

export class DynamoTable {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #callTimeoutMs: number;
  readonly #deadline: (timeoutMs: number) => AbortSignal;

  constructor(client: DynamoDBClient, options: DynamoTableOptions) {
    this.#client = client;
    this.#table = options.table;
    this.#callTimeoutMs = options.callTimeoutMs;
    this.#deadline = options.deadline ?? ((timeoutMs) => AbortSignal.timeout(timeoutMs));
  }

  async get(key: RecordKey): Promise<Result<Item | undefined>> {
    const read = await this.#bounded((bound) =>
      this.#client.send(new GetItemCommand({ TableName: this.#table, Key: keyItem(key), ConsistentRead: true }), bound),
    );
    return read.kind === 'failed' ? read : done(read.value.Item);
  }

  /** Strongly consistent. The service may leave keys of a large answer for the next call; asks until none is left. */
  async getMany(keys: readonly RecordKey[], projection?: string): Promise<Result<readonly Item[]>> {
    const found: Item[] = [];
    let wanted: Item[] = keys.map((key) => keyItem(key));
    for (let calls = 0; wanted.length > 0 && calls <= keys.length; calls += 1) {
      const shown = projection === undefined ? {} : { ProjectionExpression: projection };
      const request = { [this.#table]: { Keys: wanted, ConsistentRead: true, ...shown } };
      const read = await this.#bounded((bound) =>
        this.#client.send(new BatchGetItemCommand({ RequestItems: request }), bound),
      );
      if (read.kind === 'failed') {
        return read;
      }
      found.push(...(read.value.Responses?.[this.#table] ?? []));
      wanted = read.value.UnprocessedKeys?.[this.#table]?.Keys ?? [];
    }
    return wanted.length === 0
      ? done(found)
      : failed({ reason: 'throttled', code: 'UnprocessedKeys', message: 'the table left keys of a batch unread' });
  }

  /** One partition; strongly consistent unless the range says otherwise. */
  async query(range: KeyRange): Promise<Result<ItemPage>> {
    const { pk, skPrefix, projection, filter } = range;
    const read = await this.#bounded((bound) =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          ConsistentRead: range.isEventual !== true,
          KeyConditionExpression: skPrefix === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :sk)',
          ExpressionAttributeValues: {
            ':pk': { S: pk },
            ...(skPrefix === undefined ? {} : { ':sk': { S: skPrefix } }),
          },
          ...(projection === undefined ? {} : { ProjectionExpression: projection }),
          ...(filter === undefined ? {} : { FilterExpression: filter }),
          ...limited(range.pageItemsMax),
          ...startAt(range.after),
        }),
        bound,
      ),
    );
    return read.kind === 'failed' ? read : done(pageOf(read.value));
  }

  /** One partition of an index, in the order of its sort key. An index is eventually consistent. */
  async queryIndex(
    index: string,
    hashKey: string,
    hash: string,
    page: { readonly after?: string; readonly pageItemsMax?: number },
  ): Promise<Result<ItemPage>> {
    const read = await this.#bounded((bound) =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: index,
          KeyConditionExpression: `${hashKey} = :hash`,
          ExpressionAttributeValues: { ':hash': { S: hash } },
          ...limited(page.pageItemsMax),
          ...startAt(page.after),
        }),
        bound,
      ),
    );
    return read.kind === 'failed' ? read : done(pageOf(read.value));
  }

  /** The replicated records of one segment, strongly consistent. */
  async scan(segment: number, segments: number, after: string | undefined): Promise<Result<ItemPage>> {
    const read = await this.#bounded((bound) =>
      this.#client.send(
        new ScanCommand({
          TableName: this.#table,
          ConsistentRead: true,
          Segment: segment,
          TotalSegments: segments,
          FilterExpression: 'NOT begins_with(pk, :local) AND attribute_exists(v)',
          ExpressionAttributeValues: { ':local': { S: LOCAL_PREFIX } },
          ...startAt(after),
        }),
        bound,
      ),
    );
    return read.kind === 'failed' ? read : done(pageOf(read.value));
  }

  async put(item: Item, condition: Condition): Promise<Result<Conditional>> {
    return this.#conditional((bound) =>
      this.#client.send(
        new PutItemCommand({ TableName: this.#table, Item: item, ...conditionInput(condition) }),
        bound,
      ),
    );
  }

  async update(key: RecordKey, update: string, condition: Condition): Promise<Result<Conditional>> {
    return this.#conditional((bound) =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyItem(key),
          UpdateExpression: update,
          ...conditionInput(condition),
        }),
        bound,
      ),
    );
  }

  async delete(key: RecordKey, condition: Condition): Promise<Result<Conditional>> {
    return this.#conditional((bound) =>
      this.#client.send(
        new DeleteItemCommand({ TableName: this.#table, Key: keyItem(key), ...conditionInput(condition) }),
        bound,
      ),
    );
  }

  async #bounded<T>(send: (bound: Bound) => Promise<T>): Promise<Result<T>> {
    return boundedCall(this.#callTimeoutMs, send, this.#deadline);
  }

  async #conditional(send: (bound: Bound) => Promise<unknown>): Promise<Result<Conditional>> {
    try {
      await send({ abortSignal: this.#deadline(this.#callTimeoutMs) });
      return done('applied');
    } catch (error) {
      return error instanceof ConditionalCheckFailedException
        ? done('condition-failed')
        : failed(classifyFailure(error));
    }
  }
}
