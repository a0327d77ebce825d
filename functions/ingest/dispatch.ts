/**
 * A tick of the schedule: read the gate, and put one message per source on the queue; once a day, behind it, one that sweeps the
 * source's orphan vectors. A passive Region does nothing.
 */
import type { SourceDefinition } from '../domain/corpus.ts';
import type { Failure } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { LOCAL_PREFIX } from '../domain/record.ts';
import type { GateDecision } from '../gate/decide.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { SyncQueue } from '../stores/sync-queue.ts';
import type { LogFields, Telemetry } from '../telemetry/telemetry.ts';
import { sweepMessage } from './sync-message.ts';

export interface DispatchDependencies {
  readonly sources: readonly SourceDefinition[];
  readonly readGate: () => Promise<GateDecision>;
  readonly queue: SyncQueue;
  readonly telemetry: Telemetry;
  readonly region: string;
  readonly sweeps: {
    /** The home Region's workspaces table: which day a source was swept last is local to it. */
    readonly records: Pick<RecordStore, 'getLocal' | 'putLocal'>;
    readonly now: () => number;
  };
}

export type DispatchOutcome =
  | { readonly kind: 'passive'; readonly reason: string; readonly detail: string }
  | { readonly kind: 'dispatched'; readonly sources: number }
  | { readonly kind: 'queue-failed'; readonly source: string; readonly failure: Failure };

/**
 * Whether this tick is the first of a new day for the source. A Region that begins sweeps from tomorrow on: nothing can be old
 * enough before. A day whose item can't be kept is left out; an orphan that waits a day longer does no harm.
 */
const isSweepDue = async ({ sweeps }: DispatchDependencies, source: string): Promise<boolean> => {
  const { records, now } = sweeps;
  const day = Math.floor(now() / LIMITS.sweepIntervalMs);
  const key = { pk: `${LOCAL_PREFIX}sweeps`, sk: source };
  const last = await records.getLocal(key);
  if (last.kind === 'failed' || (last.value !== undefined && last.value.order >= day)) {
    return false;
  }
  const kept = await records.putLocal({ ...key, order: day, data: '' });
  return last.value !== undefined && kept.kind === 'done' && kept.value === 'written';
};

const sendSweep = async (dependencies: DispatchDependencies, source: string, tick: string): Promise<void> => {
  const sent = await dependencies.queue.send({
    group: source,
    dedupe: `${tick}/${source}/sweep`,
    body: sweepMessage(source),
  });
  if (sent.kind === 'failed') {
    dependencies.telemetry.log('warn', 'dispatch.sweep-not-queued', { source, code: sent.failure.code });
  }
};

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
    if (gate.inForce?.peer_writes === 'required' && (await isSweepDue(dependencies, source.id))) {
      await sendSweep(dependencies, source.id, tick);
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
