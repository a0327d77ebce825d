import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetVectorsCommand, PutVectorsCommand } from '@aws-sdk/client-s3vectors';
import { afterEach, describe, expect, test } from 'vitest';

import { RegionUnavailableError } from '../../../functions/domain/errors.ts';
import {
  createClients,
  createDataDirectory,
  openRegion,
  type OpenRegion,
  RECORDS,
  removeDataDirectory,
} from './open-region.ts';

let opened: OpenRegion | undefined;

afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

const SERVER = path.join(import.meta.dirname, 'services-process.ts');

const startServer = async (directory: string) => {
  const child = fork(SERVER, [directory], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [message] = (await once(child, 'message')) as [{ readonly endpoint: string }];
  return { child, endpoint: message.endpoint };
};

describe('a killed process', () => {
  const WRITERS = 8;
  const ACKNOWLEDGED_BEFORE_KILL = 200;

  test('loses no acknowledged record, and every owed record is still in its index', async () => {
    const directory = createDataDirectory();
    const { child, endpoint } = await startServer(directory);
    const { dynamodb, s3vectors } = createClients(endpoint);
    const acknowledged: string[] = [];
    const vectors: string[] = [];
    const writer = async (id: number): Promise<void> => {
      for (let turn = 0; ; turn += 1) {
        const sk = `${id}-${turn}`;
        await dynamodb.send(
          new PutItemCommand({
            TableName: 'records',
            Item: {
              pk: { S: 'p' },
              sk: { S: sk },
              v: { S: 'v1' },
              owed: { S: `r#${id}` },
              data: { S: 'x'.repeat(500) },
            },
          }),
        );
        acknowledged.push(sk);
        if (turn % 10 === 0) {
          const entry = { key: sk, data: { float32: [id + 1, turn] } };
          await s3vectors.send(
            new PutVectorsCommand({ vectorBucketName: 'knowledge', indexName: 'chunks', vectors: [entry] }),
          );
          vectors.push(sk);
        }
        if (acknowledged.length === ACKNOWLEDGED_BEFORE_KILL) {
          child.kill('SIGKILL');
        }
      }
    };
    await Promise.allSettled(Array.from({ length: WRITERS }, async (_, id) => writer(id)));

    opened = await openRegion({ dataDirectory: directory });
    const { Items } = await opened.dynamodb.send(new ScanCommand({ TableName: 'records', ConsistentRead: true }));
    const stored = new Set((Items ?? []).map((item) => item['sk']?.S));
    expect(acknowledged.length).toBeGreaterThanOrEqual(ACKNOWLEDGED_BEFORE_KILL);
    expect(acknowledged.filter((sk) => !stored.has(sk))).toEqual([]);
    const index = await opened.dynamodb.send(new ScanCommand({ TableName: 'records', IndexName: 'owed' }));
    expect(new Set(index.Items?.map((item) => item['sk']?.S))).toEqual(stored);
    const found = await opened.s3vectors.send(
      new GetVectorsCommand({ vectorBucketName: 'knowledge', indexName: 'chunks', keys: vectors }),
    );
    expect(new Set(found.vectors?.map(({ key }) => key))).toEqual(new Set(vectors));
  });
});

/** Changes the first byte of `from` where the file has it, as a disk would: without telling SQLite. */
const flipByte = (file: string, from: string | Buffer, change: (byte: number) => number): void => {
  const bytes = readFileSync(file);
  const position = bytes.indexOf(from);
  expect(position).toBeGreaterThan(0);
  expect(bytes.indexOf(from, position + 1)).toBe(-1);
  bytes.writeUInt8(change(bytes.readUInt8(position)), position);
  writeFileSync(file, bytes);
};

describe('one changed byte in a file', () => {
  const KEYS = ['a', 'b', 'c'];
  const damagedKeys: string[] = [];
  const onDamage = (key: string): void => {
    damagedKeys.push(key);
  };

  const openFilled = async (): Promise<OpenRegion> => {
    const filled = await openRegion({ onDamage });
    await filled.services.tables.ensureTable(RECORDS);
    for (const sk of KEYS) {
      const item = { pk: { S: 'p' }, sk: { S: sk }, v: { S: 'v1' }, data: { S: `payload of ${sk}` } };
      await filled.dynamodb.send(new PutItemCommand({ TableName: 'records', Item: item }));
    }
    await filled.services.close();
    return filled;
  };

  const readAll = async (region: OpenRegion): Promise<readonly (string | undefined)[]> =>
    Promise.all(
      KEYS.map(async (sk) => {
        const key = { pk: { S: 'p' }, sk: { S: sk } };
        const { Item } = await region.dynamodb.send(new GetItemCommand({ TableName: 'records', Key: key }));
        return Item?.['data']?.S;
      }),
    );

  test('shows in exactly one record, which still answers', async () => {
    const { directory } = await openFilled();
    flipByte(path.join(directory, 'dynamodb.sqlite'), 'payload of b', (byte) => byte + 1);
    opened = await openRegion({ dataDirectory: directory });
    await expect(readAll(opened)).resolves.toEqual(['payload of a', 'qayload of b', 'payload of c']);
  });

  test('makes exactly one record missing when it breaks the JSON, and says which', async () => {
    const { directory } = await openFilled();
    flipByte(path.join(directory, 'dynamodb.sqlite'), '"payload of b"', () => 'x'.codePointAt(0) ?? 0);
    opened = await openRegion({ dataDirectory: directory, onDamage });
    await expect(readAll(opened)).resolves.toEqual(['payload of a', undefined, 'payload of c']);
    const { Count } = await opened.dynamodb.send(new ScanCommand({ TableName: 'records', ConsistentRead: true }));
    expect(Count).toBe(2);
    expect(damagedKeys).toHaveLength(1);
    expect(damagedKeys[0]).toContain('item-records~');
  });

  test('changes one component of one vector', async () => {
    const region = await openRegion();
    await region.services.vectors.ensureBucket('knowledge');
    const spec = { bucket: 'knowledge', name: 'chunks', dimension: 2, nonFilterableMetadataKeys: [] };
    await region.services.vectors.ensureIndex({ ...spec, distanceMetric: 'cosine' });
    const target = { vectorBucketName: 'knowledge', indexName: 'chunks' };
    const entries = [1, 2, 3].map((value) => ({ key: `k${value}`, data: { float32: [value, 0.123] } }));
    await region.s3vectors.send(new PutVectorsCommand({ ...target, vectors: entries }));
    await region.services.close();
    const blob = Buffer.alloc(8);
    blob.writeFloatLE(2, 0);
    blob.writeFloatLE(0.123, 4);
    flipByte(path.join(region.directory, 'vectors.sqlite'), blob, () => 1);
    opened = await openRegion({ dataDirectory: region.directory });
    const read = new GetVectorsCommand({ ...target, keys: ['k1', 'k2', 'k3'], returnData: true });
    const { vectors } = await opened.s3vectors.send(read);
    const small = Math.fround(0.123);
    expect(vectors?.map(({ data }) => data?.float32)).toEqual([
      [1, small],
      [2.000_000_238_418_579, small],
      [3, small],
    ]);
  });
});

test.each(['dynamodb.sqlite', 'vectors.sqlite'])(
  'a %s that is no database is named, with the way out',
  async (name) => {
    const { directory, services } = await openRegion();
    await services.close();
    writeFileSync(path.join(directory, name), 'x'.repeat(8192));
    const refused = openRegion({ dataDirectory: directory });
    await expect(refused).rejects.toThrow(RegionUnavailableError);
    await expect(refused).rejects.toThrow(`${path.join(directory, name)}: file is not a database. Put back a copy`);
    rmSync(path.join(directory, name));
    opened = await openRegion({ dataDirectory: directory });
  },
);

test('a data folder that does not exist is made', async () => {
  const directory = createDataDirectory();
  removeDataDirectory(directory);
  opened = await openRegion({ dataDirectory: path.join(directory, 'primary') });
  await opened.services.tables.ensureTable(RECORDS);
  const { Count } = await opened.dynamodb.send(new ScanCommand({ TableName: 'records' }));
  expect(Count).toBe(0);
});
