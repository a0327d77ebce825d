/** A person's word that the deletions of one plan may be made: one interactive record for each source. */
import { isJsonFields, parsePayload } from './json-fields.ts';
import type { RecordKey } from './record.ts';

export interface PruneApproval {
  /** Names exactly the documents that it deletes. */
  readonly plan: string;
  readonly approvedBy: string;
  /** In ms since 1970. */
  readonly approvedAt: number;
}

const PLAN_PATTERN = /^[0-9a-f]{16}$/u;

export const isPrunePlan = (text: string): boolean => PLAN_PATTERN.test(text);

export const pruneApprovalKey = (source: string): RecordKey => ({ pk: 'prune-approvals', sk: source });

const isPruneApproval = (value: unknown): value is PruneApproval =>
  isJsonFields(value) &&
  typeof value['plan'] === 'string' &&
  isPrunePlan(value['plan']) &&
  typeof value['approvedBy'] === 'string' &&
  Number.isSafeInteger(value['approvedAt']);

/** Undefined where the text is no such payload: then nothing is approved. */
export const parsePruneApproval = (data: string): PruneApproval | undefined => parsePayload(data, isPruneApproval);
