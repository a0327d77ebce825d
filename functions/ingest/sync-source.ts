/** What the sync function does with one message: gate, cycle or sweep, and what the outcome means for gate, log and metrics. */
import type { AuditWriter } from '../audit/audit-writer.ts';
import { isMutant } from '../domain/mutants.ts';
import { type Fence, parseFence } from '../domain/version.ts';
import type { Result } from '../domain/failure.ts';
import type { ConfiguredSource, SourceDefinition } from '../domain/source-definition.ts';
import type { GateDecision } from '../gate/decide.ts';
import type { GateDocument } from '../gate/document.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type CycleOutcome, type CycleStep, stopAt } from './cycle-types.ts';
import type { PurgeOutcome } from './purge-source.ts';
import type { SweepOutcome } from './sweep-vectors.ts';
import { parseSyncMessage, type SyncMessage } from './sync-message.ts';
import { reportOutcome } from './sync-report.ts';

export interface SyncDependencies {
  /** As it is configured now; undefined where it is not. */
  readonly readSource: (id: string) => Promise<Result<ConfiguredSource | undefined>>;
  readonly readGate: () => Promise<GateDecision>;
  /** Raises the local `GATE` to the fence that won; `obeyed` is the document that the run was under. */
  readonly raiseGate: (obeyed: GateDocument, winner: Fence) => Promise<'raised' | 'kept' | 'failed'>;
  readonly runCycle: (source: SourceDefinition, message: SyncMessage, inForce: GateDocument) => Promise<CycleOutcome>;
  /** Sweeps the source's orphan vectors from a segment of the listing on; a sweep that is paused hands itself over. */
  readonly runSweep: (source: SourceDefinition, segment: number, inForce: GateDocument) => Promise<SweepOutcome>;
  /** Takes everything of a removed source out of both Regions. */
  readonly runPurge?: (source: SourceDefinition, inForce: GateDocument) => Promise<PurgeOutcome>;
  /** Asks the source whether it can be read, and keeps the answer under the id. */
  readonly runCheck?: (source: SourceDefinition, id: string) => Promise<CheckOutcome>;
  /** Keeps how a cycle ended, where somebody will ask. */
  readonly keepStatus?: (source: string, outcome: CycleOutcome) => Promise<void>;
  readonly audit?: Pick<AuditWriter, 'cycleFenced' | 'fenceRaised'> & Partial<Pick<AuditWriter, 'sourcePurged'>>;
  readonly telemetry: Telemetry;
  readonly region: string;
  /** Absent in a single-Region install. */
  readonly peerRegion?: string;
  readonly now: () => number;
}

export interface Delivery {
  readonly body: string;
  /** An earlier invocation had this message and did not end. */
  readonly redelivered: boolean;
}

export type CheckOutcome = Extract<SyncOutcome, { kind: 'checked' }>;

export type SyncOutcome =
  | CycleOutcome
  | PurgeOutcome
  | { readonly kind: 'sweep'; readonly sweep: SweepOutcome }
  | { readonly kind: 'checked'; readonly errors: number; readonly warnings: number }
  | { readonly kind: 'passive'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly why: string };

type FencedOutcome = Extract<CycleOutcome, { kind: 'fenced' }>;

interface Synced {
  readonly source: string;
  readonly outcome: SyncOutcome;
  /** The document that a cycle ran under. */
  readonly obeyed?: GateDocument;
}

/** Under the gate: what is removed is purged or its vectors are swept; what is configured is read or swept. */
const runUnder = async (
  dependencies: SyncDependencies,
  { definition, purge }: ConfiguredSource,
  message: SyncMessage,
  inForce: GateDocument,
): Promise<SyncOutcome> => {
  if (message.sweepFrom !== undefined) {
    // What home alone knows is not enough to call a vector an orphan.
    return inForce.peer_writes === 'deferred' && dependencies.peerRegion !== undefined
      ? { kind: 'passive', reason: 'peer-deferred' }
      : { kind: 'sweep', sweep: await dependencies.runSweep(definition, message.sweepFrom, inForce) };
  }
  if (purge !== undefined) {
    return dependencies.runPurge === undefined
      ? { kind: 'rejected', why: 'the source was removed' }
      : dependencies.runPurge(definition, inForce);
  }
  return definition.enabled
    ? dependencies.runCycle(definition, message, inForce)
    : { kind: 'passive', reason: 'source-off' };
};

const syncOne = async (dependencies: SyncDependencies, { body, redelivered }: Delivery): Promise<Synced> => {
  const parsed = parseSyncMessage(body);
  if (parsed.kind === 'invalid') {
    return { source: '', outcome: { kind: 'rejected', why: `not a sync message (${parsed.why})` } };
  }
  // An invocation that died has used numbers of the checkpoint's fence: going on under it would meet its own writes.
  const message =
    redelivered && !isMutant('resume-redelivered') ? { ...parsed.message, checkpoint: undefined } : parsed.message;
  const { source: id, check } = message;
  const read = await dependencies.readSource(id);
  if (read.kind === 'failed') {
    return { source: id, outcome: stopAt('read', 'home', read.failure) };
  }
  const source = read.value;
  if (source === undefined) {
    return { source: id, outcome: { kind: 'rejected', why: 'the source is not configured any more' } };
  }
  // A check asks the origin only, so that people may ask in either Region, whatever the gate says.
  if (check !== undefined && dependencies.runCheck !== undefined) {
    return { source: id, outcome: await dependencies.runCheck(source.definition, check) };
  }
  // Fresh, although dispatch has read it: a message may wait on the queue while people fail over.
  const { state, reason, inForce } = await dependencies.readGate();
  return state !== 'active' || inForce === undefined
    ? { source: id, outcome: { kind: 'passive', reason } }
    : { source: id, outcome: await runUnder(dependencies, source, message, inForce), obeyed: inForce };
};

/** Reading, listing and settling refuse nobody: a cycle is fenced where it claims, writes or commits. */
const fencedStep = (step: CycleStep): 'claim' | 'write' | 'commit' =>
  step === 'claim' || step === 'commit' ? step : 'write';

/**
 * The other Region's fence, where it is above this run's own: a newer run of this Region is no reason to stop it, and a
 * lower fence is a table that was restored.
 */
const winnerOf = ({ failure, fence }: FencedOutcome, region: string): Fence | undefined => {
  const winner = parseFence(failure.fence ?? '');
  return winner === undefined || winner.region === region || (failure.fence ?? '') <= (fence ?? '')
    ? undefined
    : winner;
};

const stopHere = async (
  dependencies: SyncDependencies,
  source: string,
  outcome: FencedOutcome,
  obeyed: GateDocument,
): Promise<void> => {
  const { audit, telemetry, region, peerRegion } = dependencies;
  const { step, side, failure, fence } = outcome;
  const winner = winnerOf(outcome, region);
  // The gate first: it is what keeps this Region from going on.
  const raised = winner === undefined ? undefined : await dependencies.raiseGate(obeyed, winner);
  if (raised === 'failed') {
    telemetry.log('error', 'gate.not-raised', { source, epoch: winner?.epoch });
  }
  await audit?.cycleFenced({
    source,
    fence: fence ?? '',
    step: fencedStep(step),
    atRegion: side === 'home' ? region : (peerRegion ?? ''),
    ...(failure.fence === undefined ? {} : { winner: failure.fence }),
  });
  if (raised === 'raised' && winner !== undefined) {
    telemetry.log('warn', 'gate.raised', { epoch: winner.epoch, by: winner.region });
    await audit?.fenceRaised(winner.epoch, `${winner.region} works under epoch ${winner.epoch}`);
  }
};

const CYCLES: ReadonlySet<SyncOutcome['kind']> = new Set([
  'acknowledged',
  'deferred',
  'fenced',
  'not-acknowledged',
  'source-failed',
]);

const isCycle = (outcome: SyncOutcome): outcome is CycleOutcome => CYCLES.has(outcome.kind);

export const syncSource = async (dependencies: SyncDependencies, delivery: Delivery): Promise<SyncOutcome> => {
  const startedAt = dependencies.now();
  const { source, outcome, obeyed } = await syncOne(dependencies, delivery);
  if (outcome.kind === 'fenced' && obeyed !== undefined) {
    await stopHere(dependencies, source, outcome, obeyed);
  }
  if (outcome.kind === 'purged') {
    await dependencies.audit?.sourcePurged?.(source, outcome);
  }
  if (isCycle(outcome)) {
    await dependencies.keepStatus?.(source, outcome);
  }
  reportOutcome(dependencies, source, outcome, dependencies.now() - startedAt);
  return outcome;
};
