/** What an import never writes: records that allow something. Somebody may have taken the permission back since the export. */
import { KEYS_PARTITION } from '../functions/domain/access.ts';
import { pruneApprovalKey } from '../functions/domain/prune-approval.ts';
import type { RecordKey } from '../functions/domain/record.ts';

const PARTITIONS: ReadonlySet<string> = new Set([KEYS_PARTITION, pruneApprovalKey('').pk]);

export const isPermission = ({ pk }: RecordKey): boolean => PARTITIONS.has(pk);
