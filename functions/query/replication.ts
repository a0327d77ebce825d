/** How this Region's copy stands towards its peer: what `/v1/status` says of it, read where it is kept, never asserted. */

export interface OwedReading {
  readonly count: number;
  /** Null where nothing is owed. */
  readonly oldestAgeMs: number | null;
}

export interface ReplicationReading {
  readonly state: 'in-sync' | 'down' | 'catching-up' | 'unknown';
  /** When this state was entered, in ms since 1970; absent where it is not known. */
  readonly since?: number;
  /** What this Region owes its peer, the RPO; null where it is not known. */
  readonly owed: OwedReading | null;
  /** Why it is not known. */
  readonly reason?: string;
}

export type ReadReplication = () => Promise<ReplicationReading>;

export const unknownReplication = (reason: string): ReplicationReading => ({ state: 'unknown', owed: null, reason });
