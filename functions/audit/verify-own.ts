/** Verifies the copy that one Region holds, as `twinmap audit verify` does with both; what the other holds is not asked. */
import { setTimeout as sleep } from 'node:timers/promises';

import { done, type Result } from '../domain/failure.ts';
import type { RegionName } from '../domain/region.ts';
import type { AuditRegion } from './numbered-log.ts';
import { readOwnEvidence } from './read-own-evidence.ts';
import type { AuditVerdict, Finding } from './verify/evidence.ts';
import { verifyAudit } from './verify/verify-audit.ts';

export type OwnVerdict =
  | { readonly kind: 'verified'; readonly verdict: AuditVerdict }
  /** There is more than a request may read. */
  | { readonly kind: 'too-long'; readonly records: number };

const verifyOnce = async (
  own: AuditRegion,
  declared: readonly RegionName[],
  nowMs: number,
): Promise<Result<OwnVerdict>> => {
  const read = await readOwnEvidence(own, declared, nowMs);
  if (read.kind === 'failed') {
    return read;
  }
  if (read.value.kind === 'too-long') {
    return done(read.value);
  }
  return done({ kind: 'verified', verdict: verifyAudit({ declared, regions: [read.value.evidence], nowMs }) });
};

const nameOf = ({ kind, key }: Finding): string => `${kind} ${key.pk} ${key.sk}`;

const RECHECK_DELAY_MS = 1500;

/** Partitions are not read in one moment: what is wrong is looked at twice, and told where it is wrong both times. */
export const verifyOwnAudit = async (
  own: AuditRegion,
  declared: readonly RegionName[],
  now: () => number,
  recheckDelayMs = RECHECK_DELAY_MS,
): Promise<Result<OwnVerdict>> => {
  const first = await verifyOnce(own, declared, now());
  if (first.kind === 'failed' || first.value.kind === 'too-long' || first.value.verdict.findings.length === 0) {
    return first;
  }
  await sleep(recheckDelayMs);
  const second = await verifyOnce(own, declared, now());
  if (second.kind === 'failed' || second.value.kind === 'too-long') {
    return second;
  }
  const known = new Set(first.value.verdict.findings.map((finding) => nameOf(finding)));
  const findings = second.value.verdict.findings.filter((finding) => known.has(nameOf(finding)));
  return done({ kind: 'verified', verdict: { ...second.value.verdict, findings } });
};
