/** The newest events that one Region holds, for people. Partitions are days, so it goes back day by day, bounded. */
import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RecordStore } from '../stores/record-store.ts';
import { dayOf, eventsPartition } from './keys.ts';
import { type EventPayload, parseEvent } from './payloads.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const readDay = async (records: Pick<RecordStore, 'query'>, day: string): Promise<Result<readonly EventPayload[]>> => {
  const events: EventPayload[] = [];
  let after: string | undefined;
  do {
    const page = await records.query(eventsPartition(day), after === undefined ? {} : { after });
    if (page.kind === 'failed') {
      return page;
    }
    for (const { data } of page.value.items) {
      const event = parseEvent(data);
      if (event.kind === 'valid') {
        events.push(event.value);
      }
    }
    after = page.value.next;
  } while (after !== undefined);
  return done(events);
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
