/** Checks one copy of a numbered log: no number missing, each record naming the hash of the one before. */
import type { RecordKey } from '../../domain/record.ts';
import type { RegionName } from '../../domain/region.ts';
import { GENESIS, numberText } from '../keys.ts';
import { type Finding, nameOf } from './evidence.ts';
import type { AuditCopy, Held } from './read-copy.ts';

interface Numbered {
  readonly n: number;
  readonly prev: string;
}

/** Says whether the other Region still owes this one the record. */
export type IsOwed = (holder: RegionName, key: RecordKey) => boolean;

export const checkNumbered = <T extends Numbered>(
  copy: AuditCopy,
  partition: string,
  held: readonly Held<T>[],
  isOwed: IsOwed,
): Finding[] => {
  const findings: Finding[] = [];
  let expected = 1;
  let prev: string | undefined = GENESIS;
  for (const { record, value, hash } of held) {
    for (; expected < value.n; expected += 1) {
      const key = { pk: partition, sk: numberText(expected) };
      prev = undefined;
      if (!isOwed(copy.region, key)) {
        const sentence =
          `In ${copy.region}, the record ${nameOf(key)} is missing, and ${nameOf(record)} comes after it: ` +
          'it was taken away. Restore it from the other Region, or from a backup.';
        findings.push({ kind: 'gap', region: copy.region, key, sentence });
      }
    }
    if (prev !== undefined && value.prev !== prev) {
      const { pk, sk } = record;
      const sentence =
        `In ${copy.region}, ${nameOf(record)} does not name the hash of the record before it: one of the two was changed. ` +
        'Compare both with the other Region.';
      findings.push({ kind: 'broken-link', region: copy.region, key: { pk, sk }, sentence });
    }
    expected = value.n + 1;
    prev = hash;
  }
  return findings;
};
