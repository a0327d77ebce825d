/**
 * The port of interactive writes (DESIGN §4): settings, audit events, keys, votes. Whoever writes one knows no Region: the
 * answer says whether both hold it, or one holds it and owes it to the other.
 */
import type { Failure } from './failure.ts';
import type { RecordKey, TableName } from './record.ts';

export type InteractiveContent =
  /** JSON, stored as its canonical text. */
  { readonly kind: 'payload'; readonly payload: unknown } | { readonly kind: 'tombstone' };

export interface InteractiveWrite {
  readonly table: TableName;
  readonly key: RecordKey;
  readonly content: InteractiveContent;
  /** For append-only kinds, whose key holds the `op`: where something is stored under the key, it is this write. */
  readonly once?: true;
  /**
   * What makes two requests under one `op` the same, for instance the field and its value without the time of writing; absent
   * means key and content. A repetition stores nothing: the first write's own bytes are sent again.
   */
  readonly identity?: string;
  /**
   * For a key that one person alone writes, from one place: when that person did, in ms since 1970. It becomes the clock of the
   * version, so that a request that was given up and arrives late loses against the newer one, in either Region, instead of
   * taking a clock beyond it.
   */
  readonly madeAt?: number;
  /** No attempt at the peer now: it is owed, and drained within a minute. For who has waited for the peer already. */
  readonly later?: true;
  /** From the caller's `Idempotency-Key`; absent means a new one. Sent twice, to one Region or to both, it is one write. */
  readonly op?: string;
}

export type InteractiveOutcome =
  | {
      readonly kind: 'held';
      /** `both`: every declared Region holds it. `owed`: one does, and durably marked it for the other. */
      readonly replication: 'both' | 'owed';
      readonly v: string;
      readonly op: string;
      /** True where this `op` had been written before: nothing was written again. */
      readonly repeated: boolean;
    }
  /** No Region took it; nothing is claimed (it may have arrived all the same, so a retry needs the same `op`). */
  | { readonly kind: 'unavailable'; readonly op: string; readonly home: Failure; readonly peer?: Failure };

export type InteractiveConflict =
  /** The caller's `op` had been used for another record or other content. */
  | { readonly kind: 'op-reused'; readonly op: string }
  /** A write that was `madeAt` a later time stands. */
  | { readonly kind: 'overtaken'; readonly op: string };

export interface InteractiveWrites {
  write(request: InteractiveWrite): Promise<InteractiveOutcome | InteractiveConflict>;
}
