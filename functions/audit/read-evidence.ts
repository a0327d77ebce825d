/** Reads what a verification needs from one Region's audit table: every record, as it is stored, and its own local items. */
import { done, type Result } from '../domain/failure.ts';
import type { RecordStore, StoredRecord } from '../stores/record-store.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import { AUDIT_LOCAL_PARTITION } from './keys.ts';
import type { AuditRegion } from './numbered-log.ts';
import type { RegionEvidence } from './verify/evidence.ts';

const SEGMENTS = 4;

const readSegment = async (
  records: Pick<RecordStore, 'scan'>,
  segment: number,
): Promise<Result<readonly StoredRecord[]>> =>
  readAllPages(async (token) => records.scan({ segment, segments: SEGMENTS, ...pageAfter(token) }));

export const readEvidence = async ({ region, records }: AuditRegion): Promise<Result<RegionEvidence>> => {
  const segments = await Promise.all(
    Array.from({ length: SEGMENTS }, async (_, segment) => readSegment(records, segment)),
  );
  const found: StoredRecord[] = [];
  for (const segment of segments) {
    if (segment.kind === 'failed') {
      return segment;
    }
    found.push(...segment.value);
  }
  // After the records: what a Region remembers can only be behind them then, never ahead.
  const locals = await readAllPages(async (token) => records.queryLocal(AUDIT_LOCAL_PARTITION, pageAfter(token)));
  return locals.kind === 'failed' ? locals : done({ region, records: found, locals: locals.value });
};
