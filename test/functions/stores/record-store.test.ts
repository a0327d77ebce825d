/** Records in memory and on DynamoDB keep one contract; on DynamoDB every read is strong and every write conditional. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeRecord } from '../../../functions/stores/envelope.ts';
import { DynamoRecordStore } from '../../../functions/stores/dynamo-record-store.ts';
import { openDynamoClient } from '../../../functions/stores/dynamo-table.ts';
import { recordStoreContract } from '../../contracts/record-store.ts';
import { MemoryRecordStore } from '../../support/memory-stores.ts';
import { CALM, type EmbeddedRegion, openEmbeddedRegion, tableSpec } from './embedded-region.ts';

const NOW_MS = 1_700_000_000_000;

let region: EmbeddedRegion;
let client: DynamoDBClient;
let tables = 0;

const openTable = async (): Promise<DynamoRecordStore> => {
  tables += 1;
  const table = `records-${tables}`;
  await region.services.tables.ensureTable(tableSpec(table));
  return new DynamoRecordStore(client, { table, callTimeoutMs: CALM.callTimeoutMs, now: () => NOW_MS });
};

beforeAll(async () => {
  region = await openEmbeddedRegion();
  client = openDynamoClient(region.target());
});

afterAll(async () => {
  client.destroy();
  await region.close();
});

recordStoreContract('records in memory', async () => ({
  store: new MemoryRecordStore({ pageItemsMax: 5, now: () => NOW_MS }),
  close: async () => undefined,
}));

recordStoreContract('records on DynamoDB', async () => ({
  store: await openTable(),
  close: async () => undefined,
}));

interface Sent {
  readonly command: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What goes out, as the commands say it: consistency and conditions can't be seen in an answer. */
const recordCommands = (recorded: DynamoDBClient): readonly Sent[] => {
  const sent: Sent[] = [];
  recorded.middlewareStack.add(
    (next, context) => async (args) => {
      sent.push({ command: context.commandName ?? '', input: { ...args.input } });
      return next(args);
    },
    { step: 'initialize' },
  );
  return sent;
};

describe('what DynamoDB is asked for', () => {
  it('is strong reads and conditional writes, one item each, without transactions', async () => {
    const recorded = openDynamoClient(region.target());
    const sent = recordCommands(recorded);
    const store = new DynamoRecordStore(recorded, {
      table: region.names.tables.graph,
      callTimeoutMs: CALM.callTimeoutMs,
      now: () => NOW_MS,
    });
    const record = makeRecord({ pk: 'p', sk: 's' }, { v: '1', op: 'o' }, {});
    await store.put(record);
    await store.put(record);
    await store.claim(record, 'f');
    await store.claim(record, 'e');
    await store.commit({ ...record, v: '2' }, 'f');
    await store.commit({ ...record, v: '1' }, 'f');
    await store.putLocal({ pk: 'LOCAL#x', sk: 'x', order: 1, data: '' });
    await store.getLocal({ pk: 'LOCAL#x', sk: 'x' });
    await store.query('p');
    await store.queryDigests('p');
    await store.scan({ segment: 0, segments: 1 });
    recorded.destroy();
    const reads = sent.filter(({ command }) => /^(?:GetItem|Query|Scan)Command$/u.test(command));
    const writes = sent.filter(({ command }) => /^(?:PutItem|UpdateItem)Command$/u.test(command));
    expect(new Set(reads.map(({ command }) => command)).size).toBe(3);
    expect(reads.filter(({ input }) => input['ConsistentRead'] !== true)).toEqual([]);
    expect(writes).toHaveLength(7);
    expect(writes.filter(({ input }) => typeof input['ConditionExpression'] !== 'string')).toEqual([]);
    expect(reads.length + writes.length).toBe(sent.length);
  });

  it('is one call for a write that nobody contests', async () => {
    const store = await openTable();
    const before = region.calls.length;
    await store.put(makeRecord({ pk: 'p', sk: 's' }, { v: '1', op: 'o' }, {}));
    expect(region.calls.slice(before).map(({ operation, status }) => [operation, status])).toEqual([['PutItem', 200]]);
  });
});
