/**
 * Which of a Region's own events no link has sealed yet, and the marks that tell. A mark is a small local item: without it
 * a late event could be told from a sealed one only by reading every link of the days behind. Marks stay, like the events:
 * so the function that seals needs no permission to delete anything from this table.
 */
import { DONE, done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordDigest } from '../domain/record.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import { dayOf, eventsPartition, parseEventName, parsePartition, sealedPartition, sweptKey } from './keys.ts';
import type { AuditRegion } from './numbered-log.ts';
import { parseLink, type SealedEvent } from './payloads.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A link's events are marked before the chain is remembered to reach it, so that no crash can seal one twice. */
export const markSealed = async (home: AuditRegion, data: string): Promise<Result<void>> => {
  const link = parseLink(data);
  for (const { pk, sk } of link.kind === 'valid' ? link.value.events : []) {
    const partition = parsePartition(pk);
    if (partition?.kind === 'events') {
      const marked = await home.records.putLocal({ pk: sealedPartition(partition.day), sk, order: 1, data: '' });
      if (marked.kind === 'failed') {
        return marked;
      }
    }
  }
  return DONE;
};

const isOwn = (event: RecordDigest, home: AuditRegion): boolean =>
  event.del !== true && parseEventName(event.sk)?.region === home.region;

const unsealedOfDay = async (home: AuditRegion, day: string): Promise<Result<readonly SealedEvent[]>> => {
  const events = await readAllPages(async (after) => home.records.queryDigests(eventsPartition(day), pageAfter(after)));
  if (events.kind === 'failed') {
    return events;
  }
  const own = events.value.filter((event) => isOwn(event, home));
  if (own.length === 0) {
    return done([]);
  }
  const marks = await readAllPages(async (after) => home.records.queryLocal(sealedPartition(day), pageAfter(after)));
  if (marks.kind === 'failed') {
    return marks;
  }
  const sealed = new Set(marks.value.map(({ sk }) => sk));
  return done(own.filter(({ sk }) => !sealed.has(sk)).map(({ pk, sk, v, h }) => ({ pk, sk, v, h })));
};

export interface Sweep {
  readonly days: readonly string[];
  /** All days that are looked back to, not only the last two. */
  readonly whole: boolean;
}

/** Two days each time; all days behind once an hour. */
export const chooseDays = async (home: AuditRegion, nowMs: number): Promise<Result<Sweep>> => {
  const swept = await home.records.getLocal(sweptKey);
  if (swept.kind === 'failed') {
    return swept;
  }
  const whole = swept.value === undefined || nowMs - swept.value.order >= LIMITS.auditSweepIntervalMs;
  const behind = whole ? LIMITS.auditLookBackDaysMax : 1;
  const days = Array.from({ length: behind + 1 }, (_, at) => dayOf(nowMs - (behind - at) * DAY_MS));
  return done({ days, whole });
};

export const findUnsealed = async (
  home: AuditRegion,
  days: readonly string[],
): Promise<Result<readonly SealedEvent[]>> => {
  const found: SealedEvent[] = [];
  for (const day of days) {
    const unsealed = await unsealedOfDay(home, day);
    if (unsealed.kind === 'failed') {
      return unsealed;
    }
    found.push(...unsealed.value);
  }
  return done(found);
};

/** Remembers that a whole sweep left nothing behind. */
export const finishSweep = async (home: AuditRegion, nowMs: number): Promise<Result<void>> => {
  const kept = await home.records.putLocal({ ...sweptKey, order: nowMs, data: '' });
  return kept.kind === 'failed' ? kept : DONE;
};
