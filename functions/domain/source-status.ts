/**
 * How a source fares in one Region, beside what its last commit says: what failed last, since when, how often, and what to do; what
 * its last check found; and when the schedule ticked. Local items: a Region tells of its own attempts.
 */
import { isJsonFields, parsePayload } from './json-fields.ts';
import { LOCAL_PREFIX, type RecordKey } from './record.ts';

export interface SourceFailure {
  /** How its cycle ended. */
  readonly outcome: string;
  /** The kind of trouble, or the reason of a Region's failure. */
  readonly trouble: string;
  readonly message: string;
  readonly next: string;
  /** When the first of these attempts failed, in ms since 1970. */
  readonly since: number;
  readonly attempts: number;
}

export interface SourceStatusItem {
  readonly state: 'ok' | 'failing';
  /** In ms since 1970. */
  readonly at: number;
  readonly failure?: SourceFailure;
}

export interface SourceFinding {
  readonly level: 'ok' | 'warning' | 'error';
  readonly message: string;
}

export interface SourceCheck {
  /** Of the question that it answers. */
  readonly id: string;
  /** In ms since 1970. */
  readonly at: number;
  readonly findings: readonly SourceFinding[];
}

export const STATUS_PARTITION = `${LOCAL_PREFIX}source-status`;

export const statusKey = (source: string): RecordKey => ({ pk: STATUS_PARTITION, sk: source });

export const checkKey = (source: string): RecordKey => ({ pk: `${LOCAL_PREFIX}source-checks`, sk: source });

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const isFailure = (value: unknown): value is SourceFailure =>
  isJsonFields(value) &&
  ['outcome', 'trouble', 'message', 'next'].every((name) => isText(value[name])) &&
  ['since', 'attempts'].every((name) => isNumber(value[name]));

const isStatus = (value: unknown): value is SourceStatusItem =>
  isJsonFields(value) &&
  (value['state'] === 'ok' || value['state'] === 'failing') &&
  isNumber(value['at']) &&
  (value['failure'] === undefined || isFailure(value['failure']));

const isFinding = (value: unknown): value is SourceFinding =>
  isJsonFields(value) &&
  (value['level'] === 'ok' || value['level'] === 'warning' || value['level'] === 'error') &&
  isText(value['message']);

const isCheck = (value: unknown): value is SourceCheck =>
  isJsonFields(value) &&
  isText(value['id']) &&
  isNumber(value['at']) &&
  Array.isArray(value['findings']) &&
  value['findings'].every((one) => isFinding(one));

/** Undefined where the text is of another program, or damaged: then nothing is known. */
export const parseStatus = (data: string): SourceStatusItem | undefined => parsePayload(data, isStatus);

export const parseCheck = (data: string): SourceCheck | undefined => parsePayload(data, isCheck);

/** When it is read next, from when it was last and how far apart ticks are; null where one of them is not known. */
export const nextRunOf = (lastMs: number | undefined, everyMs: number | undefined, nowMs: number): number | null => {
  if (lastMs === undefined || everyMs === undefined) {
    return null;
  }
  const missed = Math.max(0, Math.ceil((nowMs - lastMs) / everyMs) - 1);
  return lastMs + everyMs * (missed + 1);
};
