/**
 * What a verification of one Region's copy needs, partition by partition and bounded: for who may query the audit table and not scan
 * it, and has seconds. A log that is too long for that is for `twinmap audit verify`.
 */
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RegionName } from '../domain/region.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import {
  AUDIT_LOCAL_PARTITION,
  chainPartition,
  dayOf,
  eventsPartition,
  headsPartition,
  keysPartition,
} from './keys.ts';
import type { AuditRegion } from './numbered-log.ts';
import { parseLink } from './payloads.ts';
import type { RegionEvidence } from './verify/evidence.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS_AT_ONCE = 8;

export type OwnEvidence =
  | { readonly kind: 'read'; readonly evidence: RegionEvidence }
  | { readonly kind: 'too-long'; readonly records: number };

type Queried = Pick<RecordStore, 'query'>;

const readPartition = async (records: Queried, pk: string): Promise<Result<readonly StoredRecord[]>> =>
  readAllPages(async (after) => records.query(pk, pageAfter(after)));

const readPartitions = async (records: Queried, pks: readonly string[]): Promise<Result<readonly StoredRecord[]>> => {
  const found: StoredRecord[] = [];
  for (let at = 0; at < pks.length && found.length <= LIMITS.auditVerifiedRecordsMax; at += DAYS_AT_ONCE) {
    const batch = await Promise.all(pks.slice(at, at + DAYS_AT_ONCE).map(async (pk) => readPartition(records, pk)));
    for (const part of batch) {
      if (part.kind === 'failed') {
        return part;
      }
      found.push(...part.value);
    }
  }
  return done(found);
};

/** Partitions of events that a link names: also of days long past. */
const partitionsNamed = (links: readonly StoredRecord[]): readonly string[] =>
  links.flatMap(({ data }) => {
    const link = parseLink(data);
    return link.kind === 'valid' ? link.value.events.map(({ pk }) => pk) : [];
  });

/** From tomorrow, as a writer's clock may be ahead, to the oldest day whose events may still be unsealed. */
const recentPartitions = (nowMs: number): readonly string[] =>
  Array.from({ length: LIMITS.auditLookBackDaysMax + 2 }, (_, behind) =>
    eventsPartition(dayOf(nowMs - (behind - 1) * DAY_MS)),
  );

export const readOwnEvidence = async (
  { region, records }: AuditRegion,
  declared: readonly RegionName[],
  nowMs: number,
): Promise<Result<OwnEvidence>> => {
  const logs = await readPartitions(
    records,
    declared.flatMap((one) => [chainPartition(one), headsPartition(one), keysPartition(one)]),
  );
  if (logs.kind === 'failed') {
    return logs;
  }
  const days = [...new Set([...partitionsNamed(logs.value), ...recentPartitions(nowMs)])].toSorted();
  const events = await readPartitions(records, days);
  if (events.kind === 'failed') {
    return events;
  }
  const found = [...logs.value, ...events.value];
  if (found.length > LIMITS.auditVerifiedRecordsMax) {
    return done({ kind: 'too-long', records: found.length });
  }
  // After the records: what a Region remembers can only be behind them then, never ahead.
  const locals = await readAllPages(async (after) => records.queryLocal(AUDIT_LOCAL_PARTITION, pageAfter(after)));
  return locals.kind === 'failed'
    ? locals
    : done({ kind: 'read', evidence: { region, records: found, locals: locals.value } });
};
