/** The same bytes in both Regions. What one owes the other may be missing there; anything else is drift. */
import type { RecordKey } from '../../domain/record.ts';
import type { RegionName } from '../../domain/region.ts';
import type { StoredRecord } from '../../stores/record-store.ts';
import { parsePartition } from '../keys.ts';
import { type Finding, nameOf } from './evidence.ts';
import type { AuditCopy } from './read-copy.ts';

export interface Comparison {
  readonly findings: readonly Finding[];
  readonly owed: number;
}

const isSame = (left: StoredRecord, right: StoredRecord): boolean =>
  left.v === right.v &&
  left.op === right.op &&
  left.h === right.h &&
  left.data === right.data &&
  left.del === right.del &&
  left.expires === right.expires;

/** Whether any copy holds the record marked as owed to `holder`. */
export const owedBetween =
  (copies: readonly AuditCopy[]) =>
  (holder: RegionName, key: RecordKey): boolean =>
    copies.some((copy) => copy.region !== holder && copy.byName.get(nameOf(key))?.owed === holder);

const compareWith = (copy: AuditCopy, other: AuditCopy): Comparison => {
  const findings: Finding[] = [];
  let owed = 0;
  for (const record of copy.records.filter(({ pk }) => parsePartition(pk) !== undefined)) {
    const { pk, sk } = record;
    const there = other.byName.get(nameOf(record));
    if (there === undefined && record.owed === other.region) {
      owed += 1;
    } else if (there === undefined) {
      const sentence =
        `${copy.region} holds ${nameOf(record)}, ${other.region} does not, and it is not owed: it was taken away there, or put here. ` +
        'If it belongs there, repair restores it.';
      findings.push({ kind: 'drift', region: other.region, key: { pk, sk }, sentence });
    } else if (!isSame(record, there) && copy.region < other.region) {
      const sentence = `${copy.region} and ${other.region} hold other bytes under ${nameOf(record)}: one of them was changed.`;
      findings.push({ kind: 'drift', region: copy.region, key: { pk, sk }, sentence });
    }
  }
  return { findings, owed };
};

export const compareCopies = (copies: readonly AuditCopy[]): Comparison => {
  const findings: Finding[] = [];
  let owed = 0;
  for (const copy of copies) {
    for (const other of copies.filter(({ region }) => region !== copy.region)) {
      const compared = compareWith(copy, other);
      findings.push(...compared.findings);
      owed += compared.owed;
    }
  }
  return { findings, owed };
};
