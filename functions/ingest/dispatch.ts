/**
 * A tick of the schedule: read the gate, and put one message per source on the queue; once a day, behind it, one that sweeps the
 * source's orphan vectors. A passive Region does nothing.
 */
import type { Failure, Result } from '../domain/failure.ts';
import { LIMITS } from '../domain/limits.ts';
import { LOCAL_PREFIX } from '../domain/record.ts';
import type { ConfiguredSource } from '../domain/source-definition.ts';
import type { GateDecision } from '../gate/decide.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { DefinitionsRead } from '../stores/source-definitions.ts';
import type { SyncQueue } from '../stores/sync-queue.ts';
import type { LogFields, Telemetry } from '../telemetry/telemetry.ts';
import { sweepMessage } from './sync-message.ts';

export interface DispatchDependencies {
  /** The stack's sources and those that people have added, read now. */
  readonly readSources: () => Promise<Result<DefinitionsRead>>;
  /** Of a source that was removed: whether this Region still holds something of it, or can't say. */
  readonly isLeft?: (source: string) => Promise<boolean>;
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
  /** What is configured can't be read: nothing is guessed. */
  | { readonly kind: 'sources-unread'; readonly failure: Failure }
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

/** What a tick has to do for a source. A purge goes on until nothing is left; then its orphan vectors are swept for some days. */
const workFor = async (
  { isLeft, sweeps }: DispatchDependencies,
  { definition, purge }: ConfiguredSource,
): Promise<'sync' | 'sweep' | 'nothing'> => {
  if (purge === undefined) {
    return definition.enabled ? 'sync' : 'nothing';
  }
  if ((await isLeft?.(definition.id)) !== false) {
    return 'sync';
  }
  return sweeps.now() - purge.at < LIMITS.purgeSweepsMs ? 'sweep' : 'nothing';
};

const dispatchOne = async (
  dependencies: DispatchDependencies,
  source: ConfiguredSource,
  tick: string,
  canSweep: boolean,
): Promise<Failure | 'sent' | 'nothing'> => {
  const { id } = source.definition;
  const work = await workFor(dependencies, source);
  if (work === 'sync') {
    const body = JSON.stringify({ source: id });
    const sent = await dependencies.queue.send({ group: id, dedupe: `${tick}/${id}`, body });
    if (sent.kind === 'failed') {
      return sent.failure;
    }
  }
  if (work !== 'nothing' && canSweep && (await isSweepDue(dependencies, id))) {
    await sendSweep(dependencies, id, tick);
  }
  return work === 'sync' ? 'sent' : 'nothing';
};

/** `tick` names this firing of the schedule: a tick that is delivered twice dispatches once. */
export const dispatch = async (dependencies: DispatchDependencies, tick: string): Promise<DispatchOutcome> => {
  const { telemetry, region } = dependencies;
  const gate = await dependencies.readGate();
  if (gate.state !== 'active') {
    telemetry.count('SkippedPassive', { Region: region, Reason: gate.reason }, 1);
    return { kind: 'passive', reason: gate.reason, detail: gate.detail };
  }
  const read = await dependencies.readSources();
  if (read.kind === 'failed') {
    telemetry.log('error', 'dispatch.sources-unread', { region, code: read.failure.code });
    return { kind: 'sources-unread', failure: read.failure };
  }
  for (const source of read.value.damaged) {
    telemetry.log('error', 'dispatch.source-damaged', { region, source });
  }
  const canSweep = gate.inForce?.peer_writes === 'required';
  let sources = 0;
  for (const source of read.value.sources) {
    const sent = await dispatchOne(dependencies, source, tick, canSweep);
    if (typeof sent !== 'string') {
      const { id } = source.definition;
      telemetry.log('error', 'dispatch.queue-failed', { source: id, code: sent.code });
      return { kind: 'queue-failed', source: id, failure: sent };
    }
    sources += sent === 'sent' ? 1 : 0;
  }
  telemetry.count('Dispatched', { Region: region }, sources);
  return { kind: 'dispatched', sources };
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
    case 'sources-unread': {
      return { kind: outcome.kind, reason: outcome.failure.reason, detail: `the sources: ${outcome.failure.code}` };
    }
    case 'queue-failed': {
      return { kind: outcome.kind, reason: outcome.failure.reason, detail: `the sync queue: ${outcome.failure.code}` };
    }
  }
};
