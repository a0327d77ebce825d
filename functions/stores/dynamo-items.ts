/** Between records and DynamoDB items. The payload is one string attribute: stored, hashed and compared as the same bytes. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

import { isRegionName, type RegionName } from '../domain/region.ts';
import type { RecordDigest, RecordKey, ReplicatedRecord } from '../domain/record.ts';
import { owedShard } from './owed-shard.ts';
import type { LocalItem, OwedEntry, StoredRecord } from './record-store.ts';

export type Item = Record<string, AttributeValue>;

const textOf = (item: Item, name: string): string | undefined => item[name]?.S;

export const keyItem = (key: RecordKey): Item => ({ pk: { S: key.pk }, sk: { S: key.sk } });

/** The replicated attributes without the key. A tombstone says when this Region got it: only then can it be collected. */
export const recordItem = (record: ReplicatedRecord, nowMs: number): Item => ({
  v: { S: record.v },
  op: { S: record.op },
  h: { S: record.h },
  data: { S: record.data },
  ...(record.del === true ? { del: { BOOL: true }, receivedAt: { N: nowMs.toString() } } : {}),
  ...(record.expires === undefined ? {} : { expires: { N: record.expires.toString() } }),
});

/** The mark of a debt, and the shard of the sparse index that finds it; empty where nothing is owed. */
export const debtItem = (
  key: RecordKey,
  owed: RegionName | undefined,
): { owed?: AttributeValue; owedShard?: AttributeValue } =>
  owed === undefined ? {} : { owed: { S: owed }, owedShard: { S: owedShard(owed, key.pk) } };

/** What the index of owed records projects: keys only. */
export const readOwedEntry = (item: Item): OwedEntry | undefined => {
  const [pk, sk, v] = ['pk', 'sk', 'v'].map((name) => textOf(item, name));
  return pk === undefined || sk === undefined || v === undefined ? undefined : { pk, sk, v };
};

const numberOf = (item: Item, name: string): number | undefined => {
  const value = Number(item[name]?.N);
  return Number.isNaN(value) ? undefined : value;
};

/** Undefined where the item carries no version: a claim-only source item, or one that is no replicated record. */
export const readDigest = (item: Item): RecordDigest | undefined => {
  const [pk, sk, v, h, owed] = ['pk', 'sk', 'v', 'h', 'owed'].map((name) => textOf(item, name));
  if (pk === undefined || sk === undefined || v === undefined) {
    return undefined;
  }
  const [receivedAt, expires] = ['receivedAt', 'expires'].map((name) => numberOf(item, name));
  return {
    pk,
    sk,
    v,
    h: h ?? '',
    ...(item['del']?.BOOL === true ? { del: true } : {}),
    ...(owed !== undefined && isRegionName(owed) ? { owed } : {}),
    ...(receivedAt === undefined ? {} : { receivedAt }),
    ...(expires === undefined ? {} : { expires }),
  };
};

export const readRecord = (item: Item): StoredRecord | undefined => {
  const digest = readDigest(item);
  if (digest === undefined) {
    return undefined;
  }
  const f = textOf(item, 'f');
  return {
    ...digest,
    op: textOf(item, 'op') ?? '',
    data: textOf(item, 'data') ?? '',
    ...(f === undefined ? {} : { f }),
  };
};

export const localItem = (local: LocalItem): Item => ({
  ...keyItem(local),
  order: { N: local.order.toString() },
  data: { S: local.data },
});

export const readLocal = (item: Item): LocalItem | undefined => {
  const [pk, sk, data] = ['pk', 'sk', 'data'].map((name) => textOf(item, name));
  const order = Number(item['order']?.N);
  return pk === undefined || sk === undefined || data === undefined || Number.isNaN(order)
    ? undefined
    : { pk, sk, data, order };
};

/** Sets everything but the fence of a source record; a debt that was on it is gone, or replaced by this write's own. */
export const sourceUpdate = (
  record: ReplicatedRecord,
  owed: RegionName | undefined,
): { update: string; values: Item } => {
  const debt = debtItem(record, owed);
  const isDeleted = record.del === true;
  const set = ['v = :v', 'op = :op', 'h = :h', '#data = :data'];
  const remove: string[] = [];
  (isDeleted ? set : remove).push(isDeleted ? 'del = :del' : 'del');
  if (owed === undefined) {
    remove.push('owed', 'owedShard');
  } else {
    set.push('owed = :owed', 'owedShard = :shard');
  }
  return {
    update: `SET ${set.join(', ')}${remove.length === 0 ? '' : ` REMOVE ${remove.join(', ')}`}`,
    values: {
      ':v': { S: record.v },
      ':op': { S: record.op },
      ':h': { S: record.h },
      ':data': { S: record.data },
      ...(isDeleted ? { ':del': { BOOL: true } } : {}),
      ...(debt.owed === undefined || debt.owedShard === undefined
        ? {}
        : { ':owed': debt.owed, ':shard': debt.owedShard }),
    },
  };
};
