/**
 * The only order between two writes of one key. Ingest-owned keys carry `i|<fence>|<seq>`: no clock in it, so neither
 * skew nor a changed schedule can reorder runs. A fence is (epoch, Region, run, op), padded so that text order is its order.
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
