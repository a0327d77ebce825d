/** Whether a Region holds anything of a source: its record is the last thing that a purge takes. */
import { fenceOfVersion } from '../domain/version.ts';
import type { SourceState } from './record-store.ts';

/**
 * A run that claimed a source may have written documents without ever committing, and so may one that claimed it again after a purge:
 * nothing is left only where no run has claimed it since its tombstone.
 */
export const isLeft = ({ f, record }: SourceState): boolean =>
  record === undefined
    ? f !== undefined
    : record.del !== true || (f !== undefined && f > (fenceOfVersion(record.v) ?? ''));
