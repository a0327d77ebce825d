/** The newest events that one Region holds, for people. Partitions are days, so it goes back day by day, bounded. */
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { dayOf, eventsPartition, parseEventName } from './keys.ts';
import { type EventPayload, parseEvent } from './payloads.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** With its key: of two events of the same millisecond it says which comes first. */
export interface ReadEvent extends EventPayload {
  readonly key: string;
}

/** Where reading begins; absent means with the newest. */
export interface ReadFrom {
  /** Newer ones are left out. In ms since 1970. */
  readonly untilMs?: number;
  /** The key of an event: it and newer ones are left out. */
  readonly before?: string;
}

const readDay = async (records: Pick<RecordStore, 'query'>, day: string): Promise<Result<readonly ReadEvent[]>> => {
  const read = await readAllPages((after) => records.query(eventsPartition(day), pageAfter(after)));
  return read.kind === 'failed'
    ? read
    : done(
        read.value.flatMap(({ sk, data }) => {
          const event = parseEvent(data);
          return event.kind === 'valid' ? [{ ...event.value, key: sk }] : [];
        }),
      );
};

/** The moment of the newest event that is wanted. A writer's clock may be ahead, by a day at most. */
const beginOf = (nowMs: number, { untilMs = Number.POSITIVE_INFINITY, before }: ReadFrom): number => {
  const beforeMs = Date.parse(parseEventName(before ?? '')?.time ?? '');
  return Math.max(0, Math.min(nowMs + DAY_MS, untilMs, Number.isNaN(beforeMs) ? Number.POSITIVE_INFINITY : beforeMs));
};

export interface ReadEvents {
  /** Newest first. */
  readonly events: readonly ReadEvent[];
  /** The days before were looked at, and hold none. */
  readonly isEnd: boolean;
}

const SILENT_DAYS = LIMITS.auditLookBackDaysMax;
/** Each day is a call: who wants more of a log with few events goes on from the last of them. */
const DAYS_MAX = 2 * SILENT_DAYS;

/** What can't be read as an event is left out here; `twinmap audit verify` names it. */
export const readNewestEvents = async (
  records: Pick<RecordStore, 'query'>,
  nowMs: number,
  itemsMax: number,
  from: ReadFrom = {},
): Promise<Result<ReadEvents>> => {
  const { untilMs, before } = from;
  const newest: ReadEvent[] = [];
  const beginMs = beginOf(nowMs, from);
  let silent = 0;
  for (let behind = 0; behind < DAYS_MAX && silent <= SILENT_DAYS && newest.length < itemsMax; behind += 1) {
    const day = await readDay(records, dayOf(beginMs - behind * DAY_MS));
    if (day.kind === 'failed') {
      return day;
    }
    const wanted = day.value.filter(
      ({ at, key }) => (untilMs === undefined || at <= untilMs) && (before === undefined || key < before),
    );
    silent = wanted.length === 0 ? silent + 1 : 0;
    newest.push(...wanted.toReversed());
  }
  return done({ events: newest.slice(0, itemsMax), isEnd: silent > SILENT_DAYS });
};
