/** What a sync cycle is given and what becomes of it. */
import type { Connector, Cursor } from '../connectors/connector.ts';
import type { SourceCounts, SourceDefinition } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import type { Side } from '../domain/region.ts';
import type { DualWriter } from '../dual-write/dual-writer.ts';
import type { Embedder } from '../embed/embedder.ts';
import type { SyncQueue } from '../stores/sync-queue.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { FullReason } from './cycle-mode.ts';

export interface CycleDependencies {
  readonly source: SourceDefinition;
  readonly connector: Connector;
  readonly writer: DualWriter;
  readonly embedder: Embedder;
  readonly queue: SyncQueue;
  readonly telemetry: Telemetry;
  /** The epoch in force: a cycle runs under exactly one. */
  readonly epoch: number;
  readonly now: () => number;
  /** Time left in this invocation, in ms. */
  readonly remainingMs: () => number;
  /** A new ULID. */
  readonly newOp: () => string;
  readonly signal: AbortSignal;
}

/** Valid only for the fence and the source version that it was made under. */
export interface Checkpoint {
  readonly fence: string;
  /** The committed version of the source when the run claimed it; empty where there was none. */
  readonly committedVersion: string;
  readonly cursor: Cursor | null;
  readonly full: FullReason | null;
  readonly seq: number;
  readonly changed: number;
  readonly deleted: number;
  readonly counts: SourceCounts;
}

/** Which step of DESIGN §4 did not get through. */
export type CycleStep = 'read' | 'claim' | 'list' | 'embed' | 'write' | 'delete' | 'handover' | 'commit';

export interface CycleReport {
  readonly snapshot: string;
  readonly changed: number;
  readonly deleted: number;
  readonly counts: SourceCounts;
}

export type CycleOutcome =
  /** Every declared Region holds it. */
  | {
      readonly kind: 'acknowledged';
      readonly mode: 'unchanged' | 'incremental' | FullReason;
      readonly report: CycleReport;
    }
  /** More than one invocation can do: the rest is on the queue. */
  | { readonly kind: 'handed-over'; readonly changed: number }
  /** Somebody newer holds the source. */
  | { readonly kind: 'fenced'; readonly step: CycleStep; readonly side: Side; readonly failure: Failure }
  | { readonly kind: 'not-acknowledged'; readonly step: CycleStep; readonly side: Side; readonly failure: Failure }
  /** The origin could not be read; nothing was committed. */
  | { readonly kind: 'source-failed'; readonly message: string };

export type CycleStop = Extract<CycleOutcome, { kind: 'fenced' | 'not-acknowledged' }>;

export const stopAt = (step: CycleStep, side: Side, failure: Failure): CycleStop => ({
  kind: failure.reason === 'fenced' ? 'fenced' : 'not-acknowledged',
  step,
  side,
  failure,
});
