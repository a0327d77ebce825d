/** What an import never writes: records that allow something. Somebody may have taken the permission back since the export. */
import { KEYS_PARTITION } from '../functions/domain/api-key.ts';
import { pruneApprovalKey } from '../functions/domain/prune-approval.ts';
import type { RecordKey } from '../functions/domain/record.ts';
import { MEMBERS_PARTITION, WORKSPACES_PARTITION } from '../functions/domain/workspace.ts';

const PARTITIONS: ReadonlySet<string> = new Set([
  KEYS_PARTITION,
  // Who may read what: a workspace may have become private since, and a member may have left.
  WORKSPACES_PARTITION,
  MEMBERS_PARTITION,
  pruneApprovalKey('').pk,
]);

export const isPermission = ({ pk }: RecordKey): boolean => PARTITIONS.has(pk);
