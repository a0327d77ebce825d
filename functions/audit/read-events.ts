/** The newest events that one Region holds, for people. Partitions are days, so it goes back day by day, bounded. */
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { pageAfter, readAllPages } from '../stores/all-pages.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { dayOf, eventsPartition } from './keys.ts';
import { type EventPayload, parseEvent } from './payloads.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const readDay = async (records: Pick<RecordStore, 'query'>, day: string): Promise<Result<readonly EventPayload[]>> => {
  const read = await readAllPages((after) => records.query(eventsPartition(day), pageAfter(after)));
  return read.kind === 'failed'
    ? read
    : done(
        read.value.flatMap(({ data }) => {
          const event = parseEvent(data);
          return event.kind === 'valid' ? [event.value] : [];
        }),
      );
};

/** Newest first. What can't be read as an event is left out here; `twinmap audit verify` names it. */
export const readNewestEvents = async (
  records: Pick<RecordStore, 'query'>,
  nowMs: number,
  itemsMax: number,
): Promise<Result<readonly EventPayload[]>> => {
  const newest: EventPayload[] = [];
  // From tomorrow: a writer's clock may be ahead.
  for (let behind = -1; behind <= LIMITS.auditLookBackDaysMax && newest.length < itemsMax; behind += 1) {
    const day = await readDay(records, dayOf(nowMs - behind * DAY_MS));
    if (day.kind === 'failed') {
      return day;
    }
    newest.push(...day.value.toReversed());
  }
  return done(newest.slice(0, itemsMax));
};
