/**
 * The clients that the production stores are given: `send` of the AWS SDK, for the commands that the stores use. A call goes
 * through a link, which decides whether and when it arrives; a command that is not known is refused loudly.
 */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteVectorsCommand,
  GetVectorsCommand,
  ListVectorsCommand,
  PutVectorsCommand,
  QueryVectorsCommand,
  type S3VectorsClient,
} from '@aws-sdk/client-s3vectors';

import type { SimIndex } from './sim-index.ts';
import type { SimTable } from './sim-table.ts';

/** One call as the network sees it. `apply` runs where and when it arrives, once per arrival. */
export interface Call {
  readonly operation: string;
  readonly isWrite: boolean;
  /** What it is about, for a history that people read: made only where one is kept. */
  readonly about: () => string;
  readonly apply: () => unknown;
  /** What a batch that is not atomic leaves when its service fails in the middle. */
  readonly applyPart?: () => unknown;
}

/** Carries a call to a service and its answer back; rejects as the SDK does. */
export type Link = (call: Call) => Promise<unknown>;

interface Keyed {
  readonly pk?: { readonly S?: string };
  readonly sk?: { readonly S?: string };
}

const keyText = (key: unknown): string => {
  const { pk, sk } = (key ?? {}) as Keyed;
  return `${pk?.S ?? ''} / ${sk?.S ?? ''}`;
};

const dynamoCall = (tables: ReadonlyMap<string, SimTable>, command: unknown, by: string): Call => {
  const tableOf = (name: string | undefined): SimTable => {
    const table = tables.get(name ?? '');
    if (table === undefined) {
      throw new Error(`there is no simulated table ${name ?? ''}`);
    }
    return table;
  };
  if (command instanceof GetItemCommand) {
    const { input } = command;
    const apply = (): unknown => tableOf(input.TableName).get(input);
    return { operation: 'GetItem', isWrite: false, about: () => keyText(input.Key), apply };
  }
  if (command instanceof BatchGetItemCommand) {
    const { RequestItems: requests = {} } = command.input;
    const apply = (): unknown => ({
      Responses: Object.fromEntries(
        Object.entries(requests).map(([name, request]) => [name, tableOf(name).batchGet(request)]),
      ),
    });
    return { operation: 'BatchGetItem', isWrite: false, about: () => Object.keys(requests).join(' '), apply };
  }
  if (command instanceof QueryCommand) {
    const { input } = command;
    const about = (): string => Object.values(input.ExpressionAttributeValues ?? {})[0]?.S ?? '';
    return { operation: 'Query', isWrite: false, about, apply: () => tableOf(input.TableName).query(input) };
  }
  if (command instanceof ScanCommand) {
    const { input } = command;
    const about = (): string => `segment ${input.Segment ?? 0}`;
    return { operation: 'Scan', isWrite: false, about, apply: () => tableOf(input.TableName).scan(input) };
  }
  if (command instanceof PutItemCommand) {
    const { input } = command;
    const about = (): string => `${keyText(input.Item)} v=${input.Item?.['v']?.S ?? ''}`;
    return { operation: 'PutItem', isWrite: true, about, apply: () => tableOf(input.TableName).put(input, by) };
  }
  if (command instanceof UpdateItemCommand) {
    const { input } = command;
    const about = (): string =>
      `${keyText(input.Key)} ${input.UpdateExpression ?? ''} IF ${input.ConditionExpression ?? ''}`;
    return { operation: 'UpdateItem', isWrite: true, about, apply: () => tableOf(input.TableName).update(input, by) };
  }
  if (command instanceof DeleteItemCommand) {
    const { input } = command;
    const apply = (): unknown => tableOf(input.TableName).delete(input, by);
    return { operation: 'DeleteItem', isWrite: true, about: () => keyText(input.Key), apply };
  }
  throw new Error('the simulated DynamoDB does not know this command');
};

const vectorsCall = (index: SimIndex, command: unknown, by: string): Call => {
  if (command instanceof PutVectorsCommand) {
    const { input } = command;
    const about = (): string => (input.vectors ?? []).map(({ key }) => key).join(' ');
    const vectors = input.vectors ?? [];
    const half = { ...input, vectors: vectors.slice(0, Math.ceil(vectors.length / 2)) };
    const applyPart = (): unknown => index.put(half, by);
    return { operation: 'PutVectors', isWrite: true, about, apply: () => index.put(input, by), applyPart };
  }
  if (command instanceof GetVectorsCommand) {
    const { input } = command;
    return { operation: 'GetVectors', isWrite: false, about: () => '', apply: () => index.get(input) };
  }
  if (command instanceof DeleteVectorsCommand) {
    const { input } = command;
    const about = (): string => (input.keys ?? []).join(' ');
    return { operation: 'DeleteVectors', isWrite: true, about, apply: () => index.delete(input, by) };
  }
  if (command instanceof ListVectorsCommand) {
    const { input } = command;
    return { operation: 'ListVectors', isWrite: false, about: () => '', apply: () => index.list(input) };
  }
  if (command instanceof QueryVectorsCommand) {
    const { input } = command;
    return { operation: 'QueryVectors', isWrite: false, about: () => '', apply: () => index.query(input) };
  }
  throw new Error('the simulated S3 Vectors does not know this command');
};

/** Only `send` of the real client is used by the stores. */
export const simDynamoClient = (tables: ReadonlyMap<string, SimTable>, link: Link, by: string): DynamoDBClient =>
  ({ send: async (command: unknown) => link(dynamoCall(tables, command, by)) }) as unknown as DynamoDBClient;

export const simVectorsClient = (index: SimIndex, link: Link, by: string): S3VectorsClient =>
  ({ send: async (command: unknown) => link(vectorsCall(index, command, by)) }) as unknown as S3VectorsClient;
