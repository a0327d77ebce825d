/**
 * Where measurements are kept: local items of the workspaces table, one for each function and ten minutes, on a ring of six hours that
 * the next round writes over. They belong to one Region, are in no digest, and nothing decides by them.
 */
import { z } from 'zod';

import { done, type Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { LOCAL_PREFIX, type RecordKey } from '../domain/record.ts';
import type { LocalItem, RecordStore } from '../stores/record-store.ts';
import { mergeSeries, type MetricPoint, type MetricSeries } from './recent-metrics.ts';

const METRICS = `${LOCAL_PREFIX}metrics`;
export const METRIC_SLOT_MS = 10 * 60 * 1000;
const RING_SLOTS = Math.ceil((LIMITS.metricsMinutesMax * 60_000) / METRIC_SLOT_MS) + 1;
/** Writes of one slot: beyond them its samples are CloudWatch's alone. */
const WRITES_PER_SLOT_MAX = 1000;

/** Those that keep what they measure. The others' numbers are counted by these too, or are their own alarms. */
export const MEASURING_FUNCTIONS = ['api', 'dispatch', 'sync', 'repair'] as const;

export type MeasuringFunction = (typeof MEASURING_FUNCTIONS)[number];

const slotOf = (atMs: number): number => Math.floor(atMs / METRIC_SLOT_MS);

const keyOf = (name: MeasuringFunction, slot: number): RecordKey => ({
  pk: METRICS,
  sk: `${name}#${(slot % RING_SLOTS).toString().padStart(3, '0')}`,
});

const itemSchema = z.object({
  slot: z.int(),
  series: z.array(
    z.object({
      metric: z.string(),
      dimensions: z.record(z.string(), z.string()),
      points: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
    }),
  ),
});

/** Undefined where the item is of another round of the ring, or damaged. */
const parseItem = (item: LocalItem | undefined, slot: number): readonly MetricSeries[] | undefined => {
  try {
    const parsed = itemSchema.safeParse(JSON.parse(item?.data ?? ''));
    return parsed.success && parsed.data.slot === slot ? parsed.data.series : undefined;
  } catch {
    // What can't be read is measured anew.
    return undefined;
  }
};

/** The same series with some of their points; without those that have none left. */
const pointsOf = (all: readonly MetricSeries[], isWanted: (point: MetricPoint) => boolean): readonly MetricSeries[] =>
  all.flatMap(({ metric, dimensions, points }) => {
    const wanted = points.filter((point) => isWanted(point));
    return wanted.length === 0 ? [] : [{ metric, dimensions, points: wanted }];
  });

interface Keeper {
  readonly records: Pick<RecordStore, 'getLocal' | 'putLocal'>;
  readonly name: MeasuringFunction;
  /** True as soon as no further call may begin. */
  readonly isOver: () => boolean;
}

const keepSlot = async (
  { records, name, isOver }: Keeper,
  slot: number,
  series: readonly MetricSeries[],
): Promise<boolean> => {
  const key = keyOf(name, slot);
  const item = isOver() ? undefined : await records.getLocal(key);
  if (item === undefined || item.kind === 'failed') {
    return false;
  }
  const first = slot * WRITES_PER_SLOT_MAX;
  const order = item.value !== undefined && item.value.order >= first ? item.value.order + 1 : first;
  if (order >= first + WRITES_PER_SLOT_MAX) {
    return true;
  }
  const data = JSON.stringify({ slot, series: mergeSeries([...(parseItem(item.value, slot) ?? []), ...series]) });
  if (isOver()) {
    return false;
  }
  const put = await records.putLocal({ ...key, order, data });
  // Another run of the same function wrote in between: its numbers stand, ours wait for the next time.
  return put.kind === 'done' && put.value === 'written';
};

export interface KeepingTime {
  readonly now: () => number;
  /** Calls begin within this time and not after it, however many slots there are. */
  readonly beginMs: number;
}

/**
 * Answers what could not be kept now. The first slot that can't be kept ends it: whoever waits for an answer meanwhile would wait
 * once more for each slot of a table that hangs.
 */
export const keepMetrics = async (
  records: Pick<RecordStore, 'getLocal' | 'putLocal'>,
  name: MeasuringFunction,
  all: readonly MetricSeries[],
  time?: KeepingTime,
): Promise<readonly MetricSeries[]> => {
  const endMs = time === undefined ? Number.POSITIVE_INFINITY : time.now() + time.beginMs;
  const keeper: Keeper = { records, name, isOver: () => time !== undefined && time.now() >= endMs };
  const slots = [...new Set(all.flatMap(({ points }) => points.map(([minute]) => slotOf(minute))))];
  for (const slot of slots.toSorted((a, b) => a - b)) {
    const series = pointsOf(all, ([minute]) => slotOf(minute) === slot);
    if (!(await keepSlot(keeper, slot, series))) {
      return pointsOf(all, ([minute]) => slotOf(minute) >= slot);
    }
  }
  return [];
};

/** What the functions of a Region have kept of a time, at most six hours back. */
export const readMetrics = async (
  records: Pick<RecordStore, 'queryLocal'>,
  fromMs: number,
  toMs: number,
): Promise<Result<readonly MetricSeries[]>> => {
  const found: MetricSeries[] = [];
  let after: string | undefined;
  do {
    const page = await records.queryLocal(METRICS, after === undefined ? {} : { after });
    if (page.kind === 'failed') {
      return page;
    }
    for (const item of page.value.items) {
      const slot = Math.floor(item.order / WRITES_PER_SLOT_MAX);
      found.push(...(slot >= slotOf(fromMs) && slot <= slotOf(toMs) ? (parseItem(item, slot) ?? []) : []));
    }
    after = page.value.next;
  } while (after !== undefined);
  const shown = pointsOf(found, ([minute]) => minute >= fromMs && minute <= toMs);
  return done(mergeSeries(shown));
};
