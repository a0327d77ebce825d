import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ConfigError } from '../../../functions/domain/errors.ts';
import { ACCOUNT, openRegion, type OpenRegion, RECORDS, REGION } from './open-region.ts';

let region: OpenRegion;

beforeEach(async () => {
  region = await openRegion();
  await region.services.tables.ensureTable(RECORDS);
});

afterEach(async () => {
  await region.close();
});

interface Written {
  readonly sk: string;
  readonly v: string;
  readonly owed?: string;
  readonly data?: string;
}

const put = async ({ sk, v, owed, data }: Written): Promise<string> => {
  const item = { pk: { S: 'p' }, sk: { S: sk }, v: { S: v }, data: { S: data ?? `${sk}@${v}` } };
  try {
    await region.dynamodb.send(
      new PutItemCommand({
        TableName: 'records',
        Item: owed === undefined ? item : { ...item, owed: { S: owed } },
        ConditionExpression: 'attribute_not_exists(v) OR v < :v',
        ExpressionAttributeValues: { ':v': { S: v } },
      }),
    );
    return 'applied';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  }
};

const get = async (sk: string): Promise<string | undefined> => {
  const key = { pk: { S: 'p' }, sk: { S: sk } };
  const { Item } = await region.dynamodb.send(
    new GetItemCommand({ TableName: 'records', Key: key, ConsistentRead: true }),
  );
  return Item?.['data']?.S;
};

const owedKeys = async (owed: string): Promise<readonly (string | undefined)[]> => {
  const { Items } = await region.dynamodb.send(
    new QueryCommand({
      TableName: 'records',
      IndexName: 'owed',
      KeyConditionExpression: 'owed = :owed',
      ExpressionAttributeValues: { ':owed': { S: owed } },
    }),
  );
  return (Items ?? []).map((item) => item['sk']?.S);
};

const claim = async (f: string): Promise<string> => {
  try {
    await region.dynamodb.send(
      new UpdateItemCommand({
        TableName: 'records',
        Key: { pk: { S: 'p' }, sk: { S: 'source' } },
        UpdateExpression: 'SET f = :f',
        ConditionExpression: 'attribute_not_exists(f) OR f < :f',
        ExpressionAttributeValues: { ':f': { S: f } },
      }),
    );
    return 'claimed';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  }
};

const scanAll = async (segment?: { Segment: number; TotalSegments: number }): Promise<string[]> => {
  const found: string[] = [];
  let after: Record<string, { S: string }> | undefined;
  do {
    const page = await region.dynamodb.send(
      new ScanCommand({ TableName: 'records', ConsistentRead: true, ...segment, ExclusiveStartKey: after }),
    );
    found.push(...(page.Items ?? []).map((item) => item['sk']?.S ?? ''));
    after = page.LastEvaluatedKey as typeof after;
  } while (after !== undefined);
  return found;
};

const queryAll = async (index: boolean, forward: boolean): Promise<string[]> => {
  const found: string[] = [];
  let after: Record<string, { S: string }> | undefined;
  do {
    const page = await region.dynamodb.send(
      new QueryCommand({
        TableName: 'records',
        ...(index ? { IndexName: 'owed' } : { ConsistentRead: true }),
        KeyConditionExpression: index ? 'owed = :key' : 'pk = :key',
        ExpressionAttributeValues: { ':key': { S: index ? 'r#1' : 'many' } },
        ScanIndexForward: forward,
        ExclusiveStartKey: after,
        Limit: index ? 300 : undefined,
      }),
    );
    found.push(...(page.Items ?? []).map((item) => item['sk']?.S ?? ''));
    after = page.LastEvaluatedKey as typeof after;
  } while (after !== undefined);
  return found;
};

describe('records', () => {
  test('a merge-max put keeps the highest version whatever the order', async () => {
    await expect(put({ sk: 'a', v: 'v2' })).resolves.toBe('applied');
    await expect(put({ sk: 'a', v: 'v1' })).resolves.toBe('ConditionalCheckFailedException');
    await expect(put({ sk: 'a', v: 'v2' })).resolves.toBe('ConditionalCheckFailedException');
    await expect(put({ sk: 'a', v: 'v3' })).resolves.toBe('applied');
    await expect(get('a')).resolves.toBe('a@v3');
  });

  test('of fifty racing puts of one key the highest version stays and the losers are refused', async () => {
    const versions = Array.from({ length: 50 }, (_, position) => `v${String((position * 37) % 50).padStart(2, '0')}`);
    const outcomes = await Promise.all(versions.map(async (v) => put({ sk: 'raced', v })));
    await expect(get('raced')).resolves.toBe('raced@v49');
    expect(new Set(outcomes)).toEqual(new Set(['applied', 'ConditionalCheckFailedException']));
  });

  test('a claim raises the fence once and refuses a lower one', async () => {
    await expect(claim('0002')).resolves.toBe('claimed');
    await expect(claim('0001')).resolves.toBe('ConditionalCheckFailedException');
    await expect(claim('0003')).resolves.toBe('claimed');
  });

  test('the sparse index follows a debt from its mark to its removal', async () => {
    await put({ sk: 'b', v: 'v2', owed: 'us-west-2#1' });
    await put({ sk: 'a', v: 'v1', owed: 'us-west-2#1' });
    await put({ sk: 'c', v: 'v1' });
    await expect(owedKeys('us-west-2#1')).resolves.toEqual(['a', 'b']);
    await region.dynamodb.send(
      new UpdateItemCommand({
        TableName: 'records',
        Key: { pk: { S: 'p' }, sk: { S: 'a' } },
        UpdateExpression: 'REMOVE owed',
        ConditionExpression: 'v = :v',
        ExpressionAttributeValues: { ':v': { S: 'v1' } },
      }),
    );
    await expect(owedKeys('us-west-2#1')).resolves.toEqual(['b']);
    await region.dynamodb.send(
      new DeleteItemCommand({ TableName: 'records', Key: { pk: { S: 'p' }, sk: { S: 'b' } } }),
    );
    await expect(owedKeys('us-west-2#1')).resolves.toEqual([]);
  });

  test('a KEYS_ONLY index shows keys and nothing else', async () => {
    await put({ sk: 'a', v: 'v1', owed: 'r#0' });
    const { Items } = await region.dynamodb.send(new ScanCommand({ TableName: 'records', IndexName: 'owed' }));
    expect(Items).toEqual([{ pk: { S: 'p' }, sk: { S: 'a' }, owed: { S: 'r#0' }, v: { S: 'v1' } }]);
  });

  test('items over 400 KB and unknown tables are refused', async () => {
    await expect(put({ sk: 'big', v: 'v1', data: 'x'.repeat(400 * 1024) })).resolves.toBe('ValidationException');
    const unknown = region.dynamodb.send(new ScanCommand({ TableName: 'nobody' }));
    await expect(unknown).rejects.toThrow('Requested resource not found');
  });
});

describe('paging', () => {
  const ITEMS = 20_000;
  const BATCH = 25;

  const fill = async (): Promise<void> => {
    const starts = Array.from({ length: ITEMS / BATCH }, (_, batch) => batch * BATCH);
    const work = starts.values();
    const writer = async (): Promise<void> => {
      for (const start of work) {
        const requests = Array.from({ length: BATCH }, (_, offset) => {
          const sk = String(start + offset).padStart(5, '0');
          const item = { pk: { S: 'many' }, sk: { S: sk }, v: { S: sk }, data: { S: 'x'.repeat(150) } };
          return { PutRequest: { Item: (start + offset) % 10 === 0 ? { ...item, owed: { S: 'r#1' } } : item } };
        });
        await region.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { records: requests } }));
      }
    };
    await Promise.all(Array.from({ length: 8 }, async () => writer()));
  };

  test('scans, segments, queries both ways and the index page through 20,000 items without loss or repetition', async () => {
    await fill();
    const all = Array.from({ length: ITEMS }, (_, position) => String(position).padStart(5, '0'));
    expect((await scanAll()).toSorted()).toEqual(all);
    const segments = await Promise.all([0, 1, 2, 3].map(async (Segment) => scanAll({ Segment, TotalSegments: 4 })));
    expect(segments.flat().toSorted()).toEqual(all);
    await expect(queryAll(false, true)).resolves.toEqual(all);
    await expect(queryAll(false, false)).resolves.toEqual(all.toReversed());
    await expect(queryAll(true, true)).resolves.toEqual(all.filter((_, position) => position % 10 === 0));
  }, 120_000);

  test('a query by key range and a filter page like DynamoDB', async () => {
    for (const sk of ['a#1', 'a#2', 'a#3', 'b#1']) {
      await put({ sk, v: 'v1', owed: sk });
    }
    const page = await region.dynamodb.send(
      new QueryCommand({
        TableName: 'records',
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': { S: 'p' }, ':sk': { S: 'a#' } },
        Limit: 2,
      }),
    );
    expect(page.Items?.map((item) => item['sk']?.S)).toEqual(['a#1', 'a#2']);
    expect(page.LastEvaluatedKey).toEqual({ pk: { S: 'p' }, sk: { S: 'a#2' } });
    const filtered = await region.dynamodb.send(
      new ScanCommand({
        TableName: 'records',
        FilterExpression: 'NOT begins_with(sk, :b)',
        ExpressionAttributeValues: { ':b': { S: 'b#' } },
      }),
    );
    expect([filtered.Count, filtered.ScannedCount]).toEqual([3, 4]);
  });
});

describe('tables', () => {
  test('the same declaration again changes nothing, another one is refused with both shapes named', async () => {
    await put({ sk: 'a', v: 'v1' });
    await region.services.tables.ensureTable(RECORDS);
    await expect(get('a')).resolves.toBe('a@v1');
    const changed = { ...RECORDS, indexes: [] };
    await expect(region.services.tables.ensureTable(changed)).rejects.toThrow(ConfigError);
    await expect(region.services.tables.ensureTable(changed)).rejects.toThrow(/declared are .*indexes none/u);
  });

  test('a table names its Region and account in its ARN', async () => {
    const { Table } = await region.dynamodb.send(new DescribeTableCommand({ TableName: 'records' }));
    expect(Table?.TableArn).toBe(`arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/records`);
    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexStatus }) => IndexStatus)).toEqual(['ACTIVE']);
  });

  test('a deleted table takes its items and index entries with it', async () => {
    await put({ sk: 'a', v: 'v1', owed: 'r#0' });
    await region.dynamodb.send(new DeleteTableCommand({ TableName: 'records' }));
    await expect.poll(async () => put({ sk: 'b', v: 'v1' })).toBe('ResourceNotFoundException');
    region = await region.restart();
    await region.services.tables.ensureTable(RECORDS);
    await expect(get('a')).resolves.toBeUndefined();
    await expect(owedKeys('r#0')).resolves.toEqual([]);
  });

  test('items, indexes and tables are there after a restart', async () => {
    await put({ sk: 'a', v: 'v1', owed: 'r#0' });
    region = await region.restart();
    await region.services.tables.ensureTable(RECORDS);
    await expect(get('a')).resolves.toBe('a@v1');
    await expect(owedKeys('r#0')).resolves.toEqual(['a']);
    await expect(put({ sk: 'a', v: 'v0' })).resolves.toBe('ConditionalCheckFailedException');
  });
});
