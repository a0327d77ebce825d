/** What somebody with table access can do: change, delete, put back. Items are edited below the store's own conditions. */
import { parseEvent, parseLink } from '../../../functions/audit/payloads.ts';
import { canonicalText, sha256Hex } from '../../../functions/stores/envelope.ts';
import type { RecordKey } from '../../../functions/domain/record.ts';
import type { StoredRecord } from '../../../functions/stores/record-store.ts';
import type { AuditRegionWorld } from './audit-world.ts';

export const remove = (home: AuditRegionWorld, { pk, sk }: RecordKey): void => {
  home.table.partitions.get(pk)?.delete(sk);
};

export const store = (home: AuditRegionWorld, record: StoredRecord): void => {
  const partition = home.table.partitions.get(record.pk) ?? new Map<string, StoredRecord>();
  partition.set(record.sk, { ...record });
  home.table.partitions.set(record.pk, partition);
};

/** The record with another payload and the hash that fits it: as careful a forger as there is. */
export const withPayload = (record: StoredRecord, payload: unknown): StoredRecord => {
  const data = canonicalText(payload);
  return { ...record, data, h: sha256Hex(data) };
};

const partitionOf = (home: AuditRegionWorld, pk: string): StoredRecord[] =>
  [...(home.table.partitions.get(pk)?.values() ?? [])]
    .map(({ pk: partition, sk, v = '', op = '', h = '', data = '' }) => ({ pk: partition, sk, v, op, h, data }))
    .toSorted((left, right) => (left.sk < right.sk ? -1 : 1));

/**
 * Rewrites the first event of a chain and every link after it, with hashes that fit: what is left are signatures and what
 * the other Region remembers.
 */
export const rewriteChain = (tables: readonly AuditRegionWorld[], chain: string): void => {
  for (const home of tables) {
    let prev = '0'.repeat(64);
    for (const record of partitionOf(home, chain)) {
      const parsed = parseLink(record.data);
      if (parsed.kind !== 'valid') {
        throw new TypeError(`${record.sk} is no link`);
      }
      const events = parsed.value.events.map((entry, at) => {
        const stored = partitionOf(home, entry.pk).find(({ sk }) => sk === entry.sk);
        const event = parseEvent(stored?.data ?? '');
        if (parsed.value.n !== 1 || at !== 0 || stored === undefined || event.kind !== 'valid') {
          return entry;
        }
        const forged = withPayload(stored, { ...event.value, actor: 'operator:nobody' });
        store(home, forged);
        return Object.assign({}, entry, { h: forged.h });
      });
      const forged = withPayload(record, { ...parsed.value, prev, events });
      store(home, forged);
      prev = forged.h;
    }
  }
};
