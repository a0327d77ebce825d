/** Between records and DynamoDB items. The payload is one string attribute: stored, hashed and compared as the same bytes. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

import { isRegionName } from '../domain/region.ts';
import type { RecordDigest, RecordKey, ReplicatedRecord } from '../domain/record.ts';
import type { LocalItem, StoredRecord } from './record-store.ts';

export type Item = Record<string, AttributeValue>;

const textOf = (item: Item, name: string): string | undefined => item[name]?.S;

export const keyItem = (key: RecordKey): Item => ({ pk: { S: key.pk }, sk: { S: key.sk } });

/** The replicated attributes without the key: for a Put together with `keyItem`, or value by value in an Update. */
export const recordItem = (record: ReplicatedRecord): Item => ({
  ...keyItem(record),
  v: { S: record.v },
  op: { S: record.op },
  h: { S: record.h },
  data: { S: record.data },
  ...(record.del === true ? { del: { BOOL: true } } : {}),
});

/** Undefined where the item carries no version: a claim-only source item, or one that is no replicated record. */
export const readDigest = (item: Item): RecordDigest | undefined => {
  const [pk, sk, v, h, owed] = ['pk', 'sk', 'v', 'h', 'owed'].map((name) => textOf(item, name));
  if (pk === undefined || sk === undefined || v === undefined) {
    return undefined;
  }
  return {
    pk,
    sk,
    v,
    h: h ?? '',
    ...(item['del']?.BOOL === true ? { del: true } : {}),
    ...(owed !== undefined && isRegionName(owed) ? { owed } : {}),
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
