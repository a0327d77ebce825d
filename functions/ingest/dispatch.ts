/** A tick of the schedule: read the gate, and put one message per source on the queue. A passive Region does nothing. */
import type { SourceDefinition } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import type { GateDecision } from '../gate/decide.ts';
import type { SyncQueue } from '../stores/sync-queue.ts';
import type { LogFields, Telemetry } from '../telemetry/telemetry.ts';

export interface DispatchDependencies {
  readonly sources: readonly SourceDefinition[];
  readonly readGate: () => Promise<GateDecision>;
  readonly queue: SyncQueue;
  readonly telemetry: Telemetry;
  readonly region: string;
}

export type DispatchOutcome =
  | { readonly kind: 'passive'; readonly reason: string; readonly detail: string }
  | { readonly kind: 'dispatched'; readonly sources: number }
  | { readonly kind: 'queue-failed'; readonly source: string; readonly failure: Failure };

/** `tick` names this firing of the schedule: a tick that is delivered twice dispatches once. */
export const dispatch = async (dependencies: DispatchDependencies, tick: string): Promise<DispatchOutcome> => {
  const { telemetry, queue, region } = dependencies;
  const gate = await dependencies.readGate();
  if (gate.state !== 'active') {
    telemetry.count('SkippedPassive', { Region: region, Reason: gate.reason }, 1);
    return { kind: 'passive', reason: gate.reason, detail: gate.detail };
  }
  for (const source of dependencies.sources) {
    const sent = await queue.send({
      group: source.id,
      dedupe: `${tick}/${source.id}`,
      body: JSON.stringify({ source: source.id }),
    });
    if (sent.kind === 'failed') {
      telemetry.log('error', 'dispatch.queue-failed', { source: source.id, code: sent.failure.code });
      return { kind: 'queue-failed', source: source.id, failure: sent.failure };
    }
  }
  telemetry.count('Dispatched', { Region: region }, dependencies.sources.length);
  return { kind: 'dispatched', sources: dependencies.sources.length };
};

/** The outcome as log fields. */
export const describeDispatch = (outcome: DispatchOutcome): LogFields => {
  switch (outcome.kind) {
    case 'passive': {
      return { kind: outcome.kind, reason: outcome.reason, detail: outcome.detail };
    }
    case 'dispatched': {
      return { kind: outcome.kind, sources: outcome.sources };
    }
    case 'queue-failed': {
      return { kind: outcome.kind, reason: outcome.failure.reason, detail: `the sync queue: ${outcome.failure.code}` };
    }
  }
};
