/**
 * Reports of what people did to the Regions (failover, failback, drill, preflight): interactive records of the workspaces table,
 * so that either Region shows them to whoever asks afterwards what happened.
 */
import { isJsonFields, type JsonFields, parsePayload } from './json-fields.ts';
import type { RecordKey } from './record.ts';

export const REPORT_KINDS = ['failover', 'failback', 'drill', 'preflight'] as const;

export type ReportKind = (typeof REPORT_KINDS)[number];

export const isReportKind = (text: string): text is ReportKind => REPORT_KINDS.some((kind) => kind === text);

/** All reports share one partition: they are few, and listing them needs no scan. */
export const REPORTS_PARTITION = 'reports';

const ID_PATTERN = /^[0-9A-Z]{26}$/u;

/** A ULID: newer reports sort later. */
export const isReportId = (text: string): boolean => ID_PATTERN.test(text);

export const reportKey = (kind: ReportKind, id: string): RecordKey => ({ pk: REPORTS_PARTITION, sk: `${kind}#${id}` });

export interface ReportName {
  readonly kind: ReportKind;
  readonly id: string;
}

/** Undefined where the sort key names no report. */
export const parseReportKey = (sk: string): ReportName | undefined => {
  const [kind = '', id = '', rest] = sk.split('#');
  return rest === undefined && isReportKind(kind) && isReportId(id) ? { kind, id } : undefined;
};

/** What every report has, whatever else its kind adds. */
export interface ReportPayload extends JsonFields {
  /** `running` while its steps go on: what is left of a move that died. */
  readonly state: string;
  /** When it began, in ms since 1970. */
  readonly at: number;
  readonly by: string;
  /** One sentence. */
  readonly summary: string;
}

const isReport = (fields: unknown): fields is ReportPayload =>
  isJsonFields(fields) &&
  typeof fields['state'] === 'string' &&
  typeof fields['at'] === 'number' &&
  typeof fields['by'] === 'string' &&
  typeof fields['summary'] === 'string';

/** Undefined where the text is no report. */
export const parseReport = (data: string): ReportPayload | undefined => parsePayload(data, isReport);
