/**
 * The only order between two writes of one key. Ingest-owned keys carry `i|<fence>|<seq>`: no clock in it, so neither
 * skew nor a changed schedule can reorder runs. A fence is (epoch, Region, run, op), padded so that text order is its order.
 * Interactive keys carry `u|<hybrid logical clock>|<region>|<op>`. A key belongs to one class for ever.
 */
import { isRegionName, type RegionName } from './region.ts';

export interface Fence {
  /** The gate document's number, +1 on every flip. */
  readonly epoch: number;
  readonly region: RegionName;
  /** 1 + the highest run that any Region had seen for the source when it was claimed. */
  readonly run: number;
  /** The id (ULID) of the run: tells two runs apart that claimed from the same reading. */
  readonly op: string;
}

const EPOCH_DIGITS = 12;
const RUN_DIGITS = 12;
const SEQ_DIGITS = 9;
const FENCE_PATTERN = /^(?<epoch>\d{12})\/(?<region>[a-z0-9-]+)\/(?<run>\d{12})\/(?<op>[0-9A-Z]{26})$/u;

const pad = (value: number, digits: number): string => value.toString().padStart(digits, '0');

export const encodeFence = (fence: Fence): string =>
  `${pad(fence.epoch, EPOCH_DIGITS)}/${fence.region}/${pad(fence.run, RUN_DIGITS)}/${fence.op}`;

/** Reads a fence back; undefined where the text is no fence. */
export const parseFence = (text: string): Fence | undefined => {
  const groups = FENCE_PATTERN.exec(text)?.groups;
  const { epoch, region, run, op } = groups ?? {};
  if (epoch === undefined || region === undefined || run === undefined || op === undefined || !isRegionName(region)) {
    return undefined;
  }
  return { epoch: Number(epoch), region, run: Number(run), op };
};

/** The version of an ingest-owned record: one fence, one number per record written under it. */
export const ingestVersion = (fence: string, seq: number): string => `i|${fence}|${pad(seq, SEQ_DIGITS)}`;

/** The fence inside an ingest-owned version; undefined for any other version. */
export const fenceOfVersion = (version: string): string | undefined => {
  const parts = version.split('|');
  return parts[0] === 'i' && parts.length === 3 ? parts[1] : undefined;
};

/** A hybrid logical clock: wall-clock ms, and a counter for what happens within one, or behind a clock that is ahead. */
export interface HybridClock {
  readonly ms: number;
  readonly counter: number;
}

const CLOCK_MS_DIGITS = 13;
const CLOCK_COUNTER_DIGITS = 6;
const COUNTER_MAX = 10 ** CLOCK_COUNTER_DIGITS - 1;
const INTERACTIVE_PATTERN = /^u\|(?<ms>\d{13})(?<counter>\d{6})\|(?<region>[a-z0-9-]+)\|(?<op>[^|]+)$/u;

/** The version of an interactive record. */
export const interactiveVersion = (clock: HybridClock, region: RegionName, op: string): string =>
  `u|${pad(clock.ms, CLOCK_MS_DIGITS)}${pad(clock.counter, CLOCK_COUNTER_DIGITS)}|${region}|${op}`;

/** The clock inside an interactive version; undefined for any other version. */
export const clockOfVersion = (version: string): HybridClock | undefined => {
  const { ms, counter } = INTERACTIVE_PATTERN.exec(version)?.groups ?? {};
  return ms === undefined || counter === undefined ? undefined : { ms: Number(ms), counter: Number(counter) };
};

/** The id of the write inside a version; the whole text where it is none. */
export const opOfVersion = (version: string): string => version.slice(version.lastIndexOf('|') + 1);

/** A clock that is not behind `nowMs` and beyond everything in `seen`: a later write wins, however slow its own clock is. */
export const clockBeyond = (nowMs: number, ...seen: readonly (HybridClock | undefined)[]): HybridClock => {
  let clock: HybridClock = { ms: nowMs, counter: 0 };
  for (const one of seen) {
    if (one !== undefined && (one.ms > clock.ms || (one.ms === clock.ms && one.counter >= clock.counter))) {
      clock = one.counter < COUNTER_MAX ? { ms: one.ms, counter: one.counter + 1 } : { ms: one.ms + 1, counter: 0 };
    }
  }
  return clock;
};
