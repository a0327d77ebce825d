/**
 * DynamoDB of one local Region: `dynalite` in process on one SQLite file. It has no transactions, no ALL_OLD on a failed
 * condition, no TTL and no PITR calls; the product must not need them.
 */
import type { EventEmitter } from 'node:events';

import { ConfigError, InvariantError, TwinmapError } from '../../../functions/domain/errors.ts';
import type { TableSpec } from '../../region/services.ts';
import {
  isJsonObject,
  type JsonObject,
  parseJsonObject,
  partitionOf,
  type Permission,
  type ServiceBackend,
  type ServiceHead,
  type ServiceReply,
  type ServiceRequest,
  WireError,
} from '../service.ts';
import { SqliteLevel } from '../sqlite-level.ts';
import { callDynalite, createDynalite } from './dynalite.ts';
import { createTableInput, tableDifference } from './table-definition.ts';
import type { OnDamage } from './value-rows.ts';

const BODY_BYTES_MAX = 16 * 1024 * 1024;
const ACTIVE_POLLS_MAX = 200;

export interface DynamoOptions {
  readonly region: string;
  readonly accountId: string;
  readonly file: string;
  readonly onDamage: OnDamage;
}

export interface DynamoStandIn {
  readonly backend: ServiceBackend;
  ensureTable(spec: TableSpec): Promise<void>;
  close(): Promise<void>;
}

const operationOf = (head: ServiceHead): string => {
  const target = head.headers['x-amz-target'];
  return typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : 'Unknown';
};

const namedTables = (input: JsonObject): readonly (readonly [table: string, index: string | undefined])[] => {
  const { TableName: table, IndexName: index, RequestItems: batch } = input;
  if (typeof table === 'string') {
    return [[table, typeof index === 'string' ? index : undefined]];
  }
  return isJsonObject(batch) ? Object.keys(batch).map((name) => [name, undefined] as const) : [];
};

class DynamoDbStandIn implements DynamoStandIn {
  readonly #options: DynamoOptions;
  readonly #level: SqliteLevel;
  readonly #dynalite: EventEmitter;

  constructor(options: DynamoOptions) {
    this.#options = options;
    this.#level = new SqliteLevel(options.file, options.onDamage);
    this.#dynalite = createDynalite(this.#level, options.file, options);
  }

  get backend(): ServiceBackend {
    return {
      service: 'dynamodb',
      bodyBytesMax: BODY_BYTES_MAX,
      operationOf,
      permissionsOf: (operation, request) => this.#permissionsOf(operation, request),
      handle: async (_operation, request) => this.#handle(request),
    };
  }

  /** A kill in the middle of a table's creation or deletion would leave it in between for ever: nothing else ends that. */
  async open(): Promise<void> {
    await this.#openLevel();
    for await (const [key, table] of this.#level.iterator({ gte: 'table~', lt: 'table~\u{FF}' })) {
      const status = isJsonObject(table) ? table['TableStatus'] : undefined;
      if (isJsonObject(table) && status === 'CREATING') {
        await this.#level.batch([{ type: 'put', key, value: { ...table, TableStatus: 'ACTIVE' } }]);
      } else if (status === 'DELETING') {
        await this.#removeTable(key.slice('table~'.length));
      }
    }
  }

  async #openLevel(): Promise<void> {
    try {
      await this.#level.open();
    } catch (error) {
      // abstract-level says only that the database failed to open; its cause names the file and the way out.
      throw error instanceof Error && error.cause instanceof TwinmapError ? error.cause : error;
    }
  }

  async #removeTable(name: string): Promise<void> {
    for (const prefix of [`item-${name}~`, `index-global~${name}~`, `index-local~${name}~`, `tag-${name}~`]) {
      await this.#level.clear({ gte: prefix, lt: `${prefix}\u{FF}` });
    }
    await this.#level.batch([{ type: 'del', key: `table~${name}` }]);
  }

  async close(): Promise<void> {
    await this.#level.close();
  }

  async ensureTable(spec: TableSpec): Promise<void> {
    const existing = await this.#describe(spec.name);
    if (existing === undefined) {
      await this.#expect('CreateTable', createTableInput(spec));
      await this.#untilActive(spec.name);
      return;
    }
    const difference = tableDifference(spec, existing);
    if (difference !== undefined) {
      throw new ConfigError(
        `Table ${spec.name} in ${this.#options.file} differs from its declaration: it has ${difference.found}; declared are ` +
          `${difference.declared}. A key or an index can't be changed in place: start with an empty data folder, or declare another name.`,
      );
    }
  }

  async #untilActive(name: string): Promise<void> {
    for (let poll = 0; poll < ACTIVE_POLLS_MAX; poll += 1) {
      const table = await this.#describe(name);
      if (table?.['TableStatus'] === 'ACTIVE') {
        return;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
    throw new InvariantError(`Table ${name} did not become active.`);
  }

  async #describe(name: string): Promise<JsonObject | undefined> {
    const reply = await this.#call('DescribeTable', { TableName: name });
    if (reply.status !== 200) {
      return undefined;
    }
    const body = parseJsonObject(Buffer.from(reply.body));
    return isJsonObject(body?.['Table']) ? body['Table'] : undefined;
  }

  async #expect(operation: string, input: JsonObject): Promise<void> {
    const reply = await this.#call(operation, input);
    if (reply.status !== 200) {
      throw new ConfigError(`The local DynamoDB refused ${operation}: ${reply.body.toString()}`);
    }
  }

  async #call(operation: string, input: JsonObject): Promise<ServiceReply> {
    const scope = `Credential=local/20250101/${this.#options.region}/dynamodb/aws4_request`;
    return callDynalite(this.#dynalite, {
      method: 'POST',
      url: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20250101T000000Z',
        authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`,
      },
      body: Buffer.from(JSON.stringify(input)),
    });
  }

  async #handle(request: ServiceRequest): Promise<ServiceReply> {
    const { method, headers, body } = request;
    const url = request.query.size === 0 ? request.path : `${request.path}?${request.query.toString()}`;
    try {
      return await callDynalite(this.#dynalite, { method, url, headers, body });
    } catch (error) {
      if (!(error instanceof TypeError)) {
        throw error;
      }
      // dynalite trips over values like `"sk": null`, which DynamoDB refuses as not serializable.
      throw new WireError(400, 'com.amazon.coral.service#SerializationException', error.message);
    }
  }

  #permissionsOf(operation: string, request: ServiceRequest): readonly Permission[] {
    const { region, accountId } = this.#options;
    const prefix = `arn:${partitionOf(region)}:dynamodb:${region}:${accountId}:table/`;
    return namedTables(parseJsonObject(request.body) ?? {}).map(([table, index]) => ({
      action: `dynamodb:${operation}`,
      resource: `${prefix}${table}${index === undefined ? '' : `/index/${index}`}`,
    }));
  }
}

export const openDynamo = async (options: DynamoOptions): Promise<DynamoStandIn> => {
  const standIn = new DynamoDbStandIn(options);
  await standIn.open();
  return standIn;
};
