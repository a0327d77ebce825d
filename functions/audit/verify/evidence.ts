/**
 * What a verification works on: everything that the audit tables of the declared Regions hold, read as it is stored, and
 * what is wrong, as findings. Pure: no store, no clock.
 */
import type { RecordKey } from '../../domain/record.ts';
import type { RegionName } from '../../domain/region.ts';
import type { LocalItem, StoredRecord } from '../../stores/record-store.ts';

/** The audit table of one Region. */
export interface RegionEvidence {
  readonly region: RegionName;
  readonly records: readonly StoredRecord[];
  /** The local items of `LOCAL#audit`: positions, and what was witnessed of the other Region. */
  readonly locals: readonly LocalItem[];
}

export interface AuditEvidence {
  /** Every Region that there is, also those that could not be read. */
  readonly declared: readonly RegionName[];
  readonly regions: readonly RegionEvidence[];
  readonly nowMs: number;
  /** Public keys (SubjectPublicKeyInfo, DER) that a person vouches for. With them, no other key counts. */
  readonly pinnedKeys?: readonly Uint8Array[];
}

export type FindingKind =
  /** The bytes of a record do not match their hash, or its envelope is not what its writer wrote. */
  | 'altered'
  | 'unreadable'
  /** A number is missing in a log. */
  | 'gap'
  /** A record does not name the hash of the one before. */
  | 'broken-link'
  | 'missing-event'
  /** A sealed event is not the one that was sealed. */
  | 'changed-event'
  | 'sealed-twice'
  | 'unsealed'
  | 'bad-signature'
  | 'unknown-key'
  /** A chain does not hold what was signed or remembered of it. */
  | 'rewritten'
  | 'truncated'
  /** The Regions differ, and nothing is owed. */
  | 'drift';

export interface Finding {
  readonly kind: FindingKind;
  /** The Region whose table shows it. */
  readonly region: RegionName;
  readonly key: RecordKey;
  /** What is wrong, for a person. */
  readonly sentence: string;
}

export const nameOf = ({ pk, sk }: RecordKey): string => `${pk} / ${sk}`;

export interface AuditCounts {
  readonly events: number;
  readonly links: number;
  readonly heads: number;
  /** Events that no link has sealed yet and that are young enough. */
  readonly unsealed: number;
  /** Records that one Region owes the other. */
  readonly owed: number;
}

export interface AuditVerdict {
  /** In the order in which to read them: the first divergence first. */
  readonly findings: readonly Finding[];
  /** What could not be checked, and what is worth knowing without being wrong. */
  readonly notes: readonly string[];
  readonly counts: AuditCounts;
  /** Fingerprints of the keys that sign, for a person to compare with what KMS says. */
  readonly keys: readonly { readonly region: RegionName; readonly fingerprint: string }[];
}
