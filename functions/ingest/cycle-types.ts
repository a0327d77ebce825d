/** What a sync cycle is given and what becomes of it. */
import type { Connector, Cursor } from '../connectors/connector.ts';
import type { TroubleKind } from '../connectors/source-trouble.ts';
import type { HeldDeletions, SourceCounts, SourceFailures } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import type { Side } from '../domain/region.ts';
import type { SourceDefinition } from '../domain/source-definition.ts';
import type { DualWriter } from '../dual-write/dual-writer.ts';
import type { Embedder } from '../embed/embedder.ts';
import type { PeerWrites } from '../gate/document.ts';
import type { OwedDebt } from '../repair/owed-debt.ts';
import type { SyncQueue } from '../stores/sync-queue.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { FullReason, ModeName } from './cycle-mode.ts';
import type { DerivationPoint } from './derive/derive-records.ts';
import type { Derivation } from './derive/derivation.ts';
import type { PersonalDataDetector } from './redact/detector.ts';

export interface CycleDependencies {
  readonly source: SourceDefinition;
  readonly connector: Connector;
  readonly writer: DualWriter;
  readonly embedder: Embedder;
  /** Looks for personal data that no rule finds; absent where the stack has none. */
  readonly detector?: PersonalDataDetector;
  /** What else is made of the source, in this order; absent where nothing is. */
  readonly derivations?: readonly Derivation[];
  readonly queue: SyncQueue;
  readonly telemetry: Telemetry;
  /** The epoch in force: a cycle runs under exactly one. */
  readonly epoch: number;
  /** From the document in force; without a peer it makes no difference. */
  readonly peerWrites: PeerWrites;
  readonly now: () => number;
  /** Time left in this invocation, in ms. */
  readonly remainingMs: () => number;
  /** The plan of deletions that a person has approved last for this source; absent where nobody can. */
  readonly readApprovedPlan?: () => Promise<string | undefined>;
  /** A new ULID. */
  readonly newOp: () => string;
  readonly signal: AbortSignal;
}

/** Valid only for the fence, the source version and the making that it was made under. */
export interface Checkpoint {
  readonly fence: string;
  /** What the run is made by (`makingName`); absent in a message of an older version, which then begins anew. */
  readonly making?: string;
  /** When the run claimed the source, in ms since 1970. */
  readonly startedAt: number;
  /** The committed version of the source when the run claimed it; empty where there was none. */
  readonly committedVersion: string;
  readonly cursor: Cursor | null;
  readonly full: FullReason | null;
  readonly seq: number;
  readonly changed: number;
  readonly deleted: number;
  readonly counts: SourceCounts;
  readonly failures?: SourceFailures;
  /** Set where everything was pulled, and a derivation is under way. */
  readonly derive?: DerivationPoint;
}

/** Which step of DESIGN §4 did not get through. */
export type CycleStep =
  'read' | 'claim' | 'settle' | 'list' | 'embed' | 'write' | 'delete' | 'derive' | 'handover' | 'commit';

export interface CycleReport {
  readonly snapshot: string;
  readonly changed: number;
  readonly deleted: number;
  readonly counts: SourceCounts;
  /** Deletions that wait for a person. */
  readonly held?: HeldDeletions;
  /** Documents and parts that could not be read. */
  readonly failures?: number;
  /** Why nothing was compared, and so nothing was deleted. */
  readonly uncompared?: string;
}

export type CycleOutcome =
  /** Every declared Region holds it. */
  | {
      readonly kind: 'acknowledged';
      readonly mode: ModeName;
      readonly report: CycleReport;
    }
  /** A declared outage of the peer: home holds it, and owes it. Degraded, and never acknowledged. */
  | {
      readonly kind: 'deferred';
      readonly mode: ModeName;
      readonly report: CycleReport;
      /** Read from the records that are owed; absent where they could not be read. */
      readonly rpo?: OwedDebt;
    }
  /** More than one invocation can do: the rest is on the queue. */
  | { readonly kind: 'handed-over'; readonly changed: number }
  /** Somebody newer holds the source. */
  | {
      readonly kind: 'fenced';
      readonly step: CycleStep;
      readonly side: Side;
      readonly failure: Failure;
      /** The one that this run asked for, or ran under. */
      readonly fence?: string;
    }
  | { readonly kind: 'not-acknowledged'; readonly step: CycleStep; readonly side: Side; readonly failure: Failure }
  /** The origin could not be read; nothing was committed. */
  | { readonly kind: 'source-failed'; readonly message: string; readonly trouble: SourceFault };

/** What kind of trouble a source is in: of its own, or of what is configured for it. */
export type SourceFault = TroubleKind | 'configuration';

export type CycleStop = Extract<CycleOutcome, { kind: 'fenced' | 'not-acknowledged' }>;

export const stopAt = (step: CycleStep, side: Side, failure: Failure, fence?: string): CycleStop =>
  failure.reason === 'fenced'
    ? { kind: 'fenced', step, side, failure, ...(fence === undefined ? {} : { fence }) }
    : { kind: 'not-acknowledged', step, side, failure };
