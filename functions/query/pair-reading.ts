/**
 * Both Regions side by side, as this one sees them: what each was told by its gate, where each source stands in it, and what it has
 * proven. The peer is asked within a person's patience; where it does not answer, that is what is said of it.
 */
import type { Failure, Result } from '../domain/failure.ts';
import type { RegionName } from '../domain/region.ts';
import type { SourceStanding } from './home-view.ts';

/** The gate document of the highest epoch that a Region has seen. */
export interface ToldGate {
  readonly active: boolean;
  readonly epoch: number;
  readonly peerWrites: 'required' | 'deferred';
  readonly changedAt: string;
  readonly changedBy: string;
  readonly reason: string;
}

export interface ShownProof {
  readonly root: string;
  /** When its Region began to read, in ms since 1970. */
  readonly at: number;
  /** Recomputed from the stored bytes. */
  readonly deep: boolean;
}

export interface ShownVerdict {
  readonly verdict: 'identical' | 'owed-only' | 'drift';
  /** By the names of the Regions. */
  readonly roots: Readonly<Record<string, string>>;
  readonly counts: { readonly owed: number; readonly unacknowledged: number; readonly drift: number };
  readonly by: string;
  readonly at: number;
  readonly deep: boolean;
}

export interface RegionReading {
  readonly region: RegionName;
  readonly gate: Result<ToldGate | undefined>;
  readonly sources: Result<readonly SourceStanding[]>;
  readonly proof: ShownProof | undefined;
  readonly verdict: ShownVerdict | undefined;
}

export type PeerReading =
  | ({ readonly kind: 'read' } & RegionReading)
  | { readonly kind: 'failed'; readonly region: RegionName; readonly failure: Failure };

export interface PairReading {
  readonly home: RegionReading;
  /** Absent in a single-Region install. */
  readonly peer?: PeerReading;
}

export type ReadPair = () => Promise<PairReading>;
