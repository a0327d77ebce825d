/** What the sync function does with one message: gate, cycle, and what the outcome means for gate, log and metrics. */
import { parseFence } from '../domain/version.ts';
import type { SourceDefinition } from '../domain/corpus.ts';
import type { GateDecision } from '../gate/decide.ts';
import type { GateDocument } from '../gate/document.ts';
import type { LogFields, Telemetry } from '../telemetry/telemetry.ts';
import type { CycleOutcome } from './cycle-types.ts';
import { parseSyncMessage, type SyncMessage } from './sync-message.ts';

export interface SyncDependencies {
  readonly sources: readonly SourceDefinition[];
  readonly readGate: () => Promise<GateDecision>;
  readonly keepGate: (document: GateDocument) => Promise<void>;
  readonly runCycle: (source: SourceDefinition, message: SyncMessage, inForce: GateDocument) => Promise<CycleOutcome>;
  readonly telemetry: Telemetry;
  readonly region: string;
  readonly now: () => number;
}

export interface Delivery {
  readonly body: string;
  /** An earlier invocation had this message and did not end. */
  readonly redelivered: boolean;
}

export type SyncOutcome =
  | CycleOutcome
  | { readonly kind: 'passive'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly why: string };

const fieldsOf = (outcome: SyncOutcome): LogFields => {
  switch (outcome.kind) {
    case 'acknowledged': {
      const { mode, report } = outcome;
      return { mode, snapshot: report.snapshot, changed: report.changed, deleted: report.deleted, ...report.counts };
    }
    case 'handed-over': {
      return { changed: outcome.changed };
    }
    case 'fenced':
    case 'not-acknowledged': {
      const { step, side, failure } = outcome;
      return { step, side, reason: failure.reason, code: failure.code, message: failure.message };
    }
    case 'source-failed': {
      return { message: outcome.message };
    }
    case 'passive': {
      return { reason: outcome.reason };
    }
    case 'rejected': {
      return { message: outcome.why };
    }
  }
};

const levelOf = (outcome: SyncOutcome): 'info' | 'error' =>
  outcome.kind === 'acknowledged' || outcome.kind === 'handed-over' || outcome.kind === 'passive' ? 'info' : 'error';

/** A refused claim names the fence that won: this Region has now seen its epoch, and must not accept an older document. */
const documentOfFence = (winner: string, changedAt: string): GateDocument | undefined => {
  const fence = parseFence(winner);
  return fence === undefined
    ? undefined
    : {
        is_active_for_scheduled_work: false,
        peer_writes: 'required',
        epoch: fence.epoch,
        changed_at: changedAt,
        changed_by: 'fence',
        reason: `fenced by ${fence.region} under epoch ${fence.epoch}`,
      };
};

const syncOne = async (
  dependencies: SyncDependencies,
  { body, redelivered }: Delivery,
): Promise<{ source: string; outcome: SyncOutcome }> => {
  const parsed = parseSyncMessage(body);
  if (parsed.kind === 'invalid') {
    return { source: '', outcome: { kind: 'rejected', why: `not a sync message (${parsed.why})` } };
  }
  // An invocation that died has used numbers of the checkpoint's fence: going on under it would meet its own writes.
  const message = redelivered ? { ...parsed.message, checkpoint: undefined } : parsed.message;
  const source = dependencies.sources.find(({ id }) => id === message.source);
  if (source === undefined) {
    return { source: message.source, outcome: { kind: 'rejected', why: 'the source is not configured any more' } };
  }
  // Fresh, although dispatch has read it: a message may wait on the queue while people fail over.
  const gate = await dependencies.readGate();
  if (gate.state !== 'active' || gate.inForce === undefined) {
    return { source: source.id, outcome: { kind: 'passive', reason: gate.reason } };
  }
  return { source: source.id, outcome: await dependencies.runCycle(source, message, gate.inForce) };
};

export const syncSource = async (dependencies: SyncDependencies, delivery: Delivery): Promise<SyncOutcome> => {
  const { telemetry, region } = dependencies;
  const startedAt = dependencies.now();
  const { source, outcome } = await syncOne(dependencies, delivery);
  if (outcome.kind === 'fenced') {
    const document = documentOfFence(outcome.failure.fence ?? '', new Date(startedAt).toISOString());
    if (document !== undefined) {
      await dependencies.keepGate(document);
    }
  }
  const durationMs = dependencies.now() - startedAt;
  telemetry.log(levelOf(outcome), 'cycle.finished', {
    source,
    outcome: outcome.kind,
    region,
    durationMs,
    ...fieldsOf(outcome),
  });
  telemetry.count('Cycle', { Region: region, Source: source, Outcome: outcome.kind }, 1);
  telemetry.flush();
  return outcome;
};
