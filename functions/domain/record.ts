/** The replicated record (DESIGN §3): what both Regions hold, and nothing that is local to one of them. */
import type { RegionName } from './region.ts';

/** The three tables of a Region. `graph` holds sources, documents, chunks and edges. */
export type TableName = 'workspaces' | 'audit' | 'graph';

export const TABLE_NAMES: readonly TableName[] = ['workspaces', 'audit', 'graph'];

export interface RecordKey {
  readonly pk: string;
  readonly sk: string;
}

/** What orders and proves a record, without its payload. */
export interface RecordDigest extends RecordKey {
  readonly v: string;
  /** SHA-256 (hex) of the canonical payload, RFC 8785. */
  readonly h: string;
  readonly del?: true;
  /** The Region that has not confirmed it. Local to the Region that holds the mark: outside `h`, `v` and digests. */
  readonly owed?: RegionName;
  /** Only on tombstones: when this Region got it, in ms since 1970 by the writer's clock. Local, like `owed`. */
  readonly receivedAt?: number;
  /** Seconds since 1970 after which the table drops it by itself; such records are outside digests. */
  readonly expires?: number;
}

export interface ReplicatedRecord extends RecordDigest {
  /** The id of the write: the same `op` read back means that it was ours. */
  readonly op: string;
  /** The payload as canonical JSON text: stored, hashed and compared as the same bytes. Empty text for a tombstone. */
  readonly data: string;
}

/** Items whose partition key starts with this belong to one Region only and are outside every digest. */
export const LOCAL_PREFIX = 'LOCAL#';

export const isLocalKey = (key: RecordKey): boolean => key.pk.startsWith(LOCAL_PREFIX);
