/** The production stores over the simulated services keep the same contracts as over DynamoDB and S3 Vectors. */
import { describe, expect, it } from 'vitest';

import { DynamoRecordStore } from '../../../functions/stores/dynamo-record-store.ts';
import { S3VectorStore } from '../../../functions/stores/s3-vector-store.ts';
import { recordStoreContract } from '../../contracts/record-store.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';
import { type Call, simDynamoClient, simVectorsClient } from './clients.ts';
import { parseCondition, parseProjection, parseUpdate } from './expression.ts';
import { SimIndex } from './sim-index.ts';
import { SimTable } from './sim-table.ts';

/** Everything arrives at once. */
const direct = async (call: Call): Promise<unknown> => call.apply();

const never = new AbortController().signal;
const BOUNDS = { callTimeoutMs: 1000, deadline: () => never };

const openTable = (indexLagMs = 0, now: () => number = () => 1000): SimTable =>
  new SimTable({
    now,
    indexLagMs: () => indexLagMs,
    onChange: () => undefined,
    pageItemsMax: 5,
  });

const storeOver = (table: SimTable): DynamoRecordStore =>
  new DynamoRecordStore(simDynamoClient(new Map([['t', table]]), direct, 'test'), {
    ...BOUNDS,
    table: 't',
    now: () => 1000,
  });

recordStoreContract('records over the simulated DynamoDB', async () => ({
  store: storeOver(openTable()),
  close: async () => undefined,
}));

vectorStoreContract('vectors over the simulated S3 Vectors', async () => {
  const index = new SimIndex({ dimensions: 4, onChange: () => undefined, pageItemsMax: 40 });
  const client = simVectorsClient(index, direct, 'test');
  return {
    store: new S3VectorStore(client, { ...BOUNDS, bucket: 'b', index: 'i' }),
    close: async () => undefined,
  };
});

const item = { pk: { S: 'p' }, sk: { S: 's' }, v: { S: '5' }, n: { N: '10' }, del: { BOOL: true } };
const holds = (text: string, values = {}, names = {}): boolean => parseCondition(text)(item, { values, names });

describe('conditions', () => {
  it.each([
    ['attribute_exists(v)', true],
    ['attribute_not_exists(v)', false],
    ['NOT attribute_exists(v) OR attribute_exists(del)', true],
    ['attribute_exists(v) AND attribute_exists(x)', false],
    ['attribute_exists(x) OR attribute_exists(v) AND attribute_exists(del)', true],
    ['(attribute_exists(v) OR attribute_exists(v)) AND attribute_exists(x)', false],
  ])('%s is %s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  it('compare texts by code unit and numbers as numbers', () => {
    expect(holds('v < :v', { ':v': { S: '50' } })).toBe(true);
    expect(holds('n > :n', { ':n': { N: '9' } })).toBe(true);
    expect(holds('n BETWEEN :a AND :b', { ':a': { N: '9' }, ':b': { N: '11' } })).toBe(true);
    expect(holds('v IN (:a, :b)', { ':a': { S: '4' }, ':b': { S: '5' } })).toBe(true);
    expect(holds('#n >= :n', { ':n': { N: '10' } }, { '#n': 'n' })).toBe(true);
    expect(holds('begins_with(pk, :p)', { ':p': { S: 'p' } })).toBe(true);
  });

  it('are false where an attribute is not there, whatever the comparison', () => {
    expect(holds('x < :v', { ':v': { S: '9' } })).toBe(false);
    expect(holds('x <> :v', { ':v': { S: '9' } })).toBe(false);
    expect(holds('v < :n', { ':n': { N: '9' } })).toBe(false);
  });

  it.each(['size(v) > :n', 'v < :v +', 'v <', 'contains(v, :v)', 'data = :v', 'v = :v;', ''])(
    'that are not understood are refused: %s',
    (text) => {
      expect(() => holds(text, { ':v': { S: '1' }, ':n': { N: '1' } })).toThrow('does not understand');
    },
  );

  it('refuse a value that was not given', () => {
    expect(() => holds('v = :v')).toThrow('not given');
  });
});

describe('updates and projections', () => {
  it('set from the item as it was, and remove', () => {
    const update = parseUpdate('SET v = :v, was = v, #d = if_not_exists(first, :v) REMOVE del, n');
    const after = update(item, { values: { ':v': { S: '6' } }, names: { '#d': 'first' } });
    expect(after).toEqual({ pk: item.pk, sk: item.sk, v: { S: '6' }, was: { S: '5' }, first: { S: '6' } });
    expect(item.v).toEqual({ S: '5' });
  });

  it('give only what is named', () => {
    expect(parseProjection('pk, v, x')(item, { values: {}, names: {} })).toEqual({ pk: item.pk, v: item.v });
  });

  it('that are not understood are refused', () => {
    expect(() => parseUpdate('ADD n :n')).toThrow('does not understand');
    expect(() => parseUpdate('SET data = :d')).toThrow('does not understand');
  });
});

describe('the index of debts', () => {
  const owed = (table: SimTable, sk: string, v: string): void => {
    const Item = { pk: { S: 'p' }, sk: { S: sk }, v: { S: v }, owedShard: { S: 'x#1' } };
    table.put({ TableName: 't', Item, ConditionExpression: 'attribute_not_exists(q)' }, 'test');
  };

  const found = (table: SimTable): readonly (string | undefined)[] =>
    table
      .query({
        TableName: 't',
        IndexName: 'owed',
        KeyConditionExpression: 'owedShard = :s',
        ExpressionAttributeValues: { ':s': { S: 'x#1' } },
      })
      .Items.map(({ v }) => v?.S);

  it('lags behind, and never goes back', () => {
    const clock = { now: 1000 };
    const table = openTable(500, () => clock.now);
    owed(table, 'a', '2');
    owed(table, 'b', '1');
    expect(found(table)).toEqual([]);
    clock.now = 1500;
    expect(found(table)).toEqual(['1', '2']);
    owed(table, 'a', '3');
    expect(found(table)).toEqual(['1', '2']);
    clock.now = 2000;
    expect(found(table)).toEqual(['1', '3']);
  });
});

describe('the simulated table', () => {
  it('refuses reads that are not strong, and writes without a condition', () => {
    const table = openTable();
    expect(() => table.get({ TableName: 't', Key: { pk: { S: 'p' }, sk: { S: 's' } } })).toThrow('not strong');
    expect(() => table.put({ TableName: 't', Item: { pk: { S: 'p' }, sk: { S: 's' } } }, 'test')).toThrow('condition');
  });
});
