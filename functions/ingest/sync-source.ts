/** What the sync function does with one message: gate, cycle or sweep, and what the outcome means for gate, log and metrics. */
import type { AuditWriter } from '../audit/audit-writer.ts';
import type { SourceDefinition } from '../domain/corpus.ts';
import { isMutant } from '../domain/mutants.ts';
import { type Fence, parseFence } from '../domain/version.ts';
import type { GateDecision } from '../gate/decide.ts';
import type { GateDocument } from '../gate/document.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { CycleOutcome, CycleStep } from './cycle-types.ts';
import type { SweepOutcome } from './sweep-vectors.ts';
import { parseSyncMessage, type SyncMessage } from './sync-message.ts';
import { reportOutcome } from './sync-report.ts';

export interface SyncDependencies {
  readonly sources: readonly SourceDefinition[];
  readonly readGate: () => Promise<GateDecision>;
  /** Raises the local `GATE` to the fence that won; `obeyed` is the document that the run was under. */
  readonly raiseGate: (obeyed: GateDocument, winner: Fence) => Promise<'raised' | 'kept' | 'failed'>;
  readonly runCycle: (source: SourceDefinition, message: SyncMessage, inForce: GateDocument) => Promise<CycleOutcome>;
  /** Sweeps the source's orphan vectors from a segment of the listing on; a sweep that is paused hands itself over. */
  readonly runSweep: (source: SourceDefinition, segment: number, inForce: GateDocument) => Promise<SweepOutcome>;
  readonly audit?: Pick<AuditWriter, 'cycleFenced' | 'fenceRaised'>;
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

export type SyncOutcome =
  | CycleOutcome
  | { readonly kind: 'sweep'; readonly sweep: SweepOutcome }
  | { readonly kind: 'passive'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly why: string };

type FencedOutcome = Extract<CycleOutcome, { kind: 'fenced' }>;

interface Synced {
  readonly source: string;
  readonly outcome: SyncOutcome;
  /** The document that a cycle ran under. */
  readonly obeyed?: GateDocument;
}

const syncOne = async (dependencies: SyncDependencies, { body, redelivered }: Delivery): Promise<Synced> => {
  const parsed = parseSyncMessage(body);
  if (parsed.kind === 'invalid') {
    return { source: '', outcome: { kind: 'rejected', why: `not a sync message (${parsed.why})` } };
  }
  // An invocation that died has used numbers of the checkpoint's fence: going on under it would meet its own writes.
  const message =
    redelivered && !isMutant('resume-redelivered') ? { ...parsed.message, checkpoint: undefined } : parsed.message;
  const source = dependencies.sources.find(({ id }) => id === message.source);
  if (source === undefined) {
    return { source: message.source, outcome: { kind: 'rejected', why: 'the source is not configured any more' } };
  }
  // Fresh, although dispatch has read it: a message may wait on the queue while people fail over.
  const { state, reason, inForce } = await dependencies.readGate();
  if (state !== 'active' || inForce === undefined) {
    return { source: source.id, outcome: { kind: 'passive', reason } };
  }
  if (message.sweepFrom === undefined) {
    return { source: source.id, outcome: await dependencies.runCycle(source, message, inForce), obeyed: inForce };
  }
  // What home alone knows is not enough to call a vector an orphan.
  if (inForce.peer_writes === 'deferred' && dependencies.peerRegion !== undefined) {
    return { source: source.id, outcome: { kind: 'passive', reason: 'peer-deferred' } };
  }
  const sweep = await dependencies.runSweep(source, message.sweepFrom, inForce);
  return { source: source.id, outcome: { kind: 'sweep', sweep } };
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

export const syncSource = async (dependencies: SyncDependencies, delivery: Delivery): Promise<SyncOutcome> => {
  const startedAt = dependencies.now();
  const { source, outcome, obeyed } = await syncOne(dependencies, delivery);
  if (outcome.kind === 'fenced' && obeyed !== undefined) {
    await stopHere(dependencies, source, outcome, obeyed);
  }
  reportOutcome(dependencies, source, outcome, dependencies.now() - startedAt);
  return outcome;
};
