/** The gate as a run uses it: read both sides fresh, decide, and keep what is the highest epoch seen. */
import { isMutant } from '../domain/mutants.ts';
import { LOCAL_PREFIX, type RecordKey } from '../domain/record.ts';
import type { Fence } from '../domain/version.ts';
import type { LocalItem, RecordStore } from '../stores/record-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { GateSource } from './appconfig-source.ts';
import { decideGate, type GateDecision, type GateReason, type RecordReading } from './decide.ts';
import { type GateDocument, parseGateDocument } from './document.ts';

export const GATE_KEY: RecordKey = { pk: `${LOCAL_PREFIX}GATE`, sk: 'GATE' };

export interface GateDependencies {
  readonly source: GateSource;
  /** The home Region's workspaces table: the `GATE` record is local to it. */
  readonly records: Pick<RecordStore, 'getLocal' | 'putLocal'>;
  readonly telemetry: Telemetry;
  readonly region: string;
}

/**
 * `GATE` is ordered by epoch. What a fence raised stands above the document of its own epoch and below every later one: the
 * half tells the two apart, and an item of either kind never replaces a newer one.
 */
const RAISED = 0.5;

/** What a stored `GATE` says; undefined where none is stored. */
export const recordReadingOf = (stored: Pick<LocalItem, 'order' | 'data'> | undefined): RecordReading => {
  if (stored === undefined) {
    return { kind: 'none' };
  }
  const parsed = parseGateDocument(stored.data);
  if (parsed.kind !== 'valid') {
    return parsed;
  }
  return { kind: Number.isInteger(stored.order) ? 'recorded' : 'raised', document: parsed.document };
};

const readRecorded = async (records: GateDependencies['records']): Promise<RecordReading> => {
  const stored = await records.getLocal(GATE_KEY);
  return stored.kind === 'failed' ? { kind: 'unreadable', failure: stored.failure } : recordReadingOf(stored.value);
};

/**
 * Keeps a document as `GATE`; an older epoch never replaces a newer one, whoever writes last. `stands`: one of the same epoch or a
 * newer one was there already; which of them is in force tells the decision.
 */
export const keepGateDocument = async (
  records: GateDependencies['records'],
  document: GateDocument,
): Promise<'kept' | 'stands' | 'failed'> => {
  const put = await records.putLocal({ ...GATE_KEY, order: document.epoch, data: JSON.stringify(document) });
  if (put.kind === 'failed') {
    return 'failed';
  }
  return put.value === 'written' ? 'kept' : 'stands';
};

/**
 * Raises `GATE` to the epoch of a fence that won, so that this Region is passive until a newer document comes. What the
 * document that the run obeyed says of the peer is kept: nobody ordered anything else.
 */
export const raiseGate = async (
  records: GateDependencies['records'],
  obeyed: GateDocument,
  winner: Pick<Fence, 'epoch' | 'region'>,
  changedAt: string,
): Promise<'raised' | 'kept' | 'failed'> => {
  const floor: GateDocument = {
    is_active_for_scheduled_work: false,
    peer_writes: obeyed.peer_writes,
    epoch: winner.epoch,
    changed_at: changedAt,
    changed_by: 'fence',
    reason: `${winner.region} works under epoch ${winner.epoch}`,
  };
  const put = await records.putLocal({ ...GATE_KEY, order: winner.epoch + RAISED, data: JSON.stringify(floor) });
  if (put.kind === 'failed') {
    return 'failed';
  }
  return put.value === 'written' ? 'raised' : 'kept';
};

/**
 * Reads and decides without writing: what `/v1/status` shows. Both readings are fresh; nothing of an earlier run is used.
 */
export const peekGate = async (dependencies: GateDependencies): Promise<GateDecision> => {
  const [document, recorded] = await Promise.all([dependencies.source.read(), readRecorded(dependencies.records)]);
  return decideGate(document, recorded);
};

const NOT_RECORDED: GateDecision = {
  state: 'passive',
  reason: 'record-unreadable',
  detail: 'the GATE record could not be written',
  alarm: true,
};

/** Decides by what the record holds after the write: somebody newer may have come in between, or a reply was lost. */
const keepAndDecide = async (records: GateDependencies['records'], document: GateDocument): Promise<GateDecision> =>
  (await keepGateDocument(records, document)) === 'failed' && !isMutant('gate-not-recorded')
    ? NOT_RECORDED
    : decideGate({ kind: 'document', document }, await readRecorded(records));

/** What a person must mend, by the reasons that tell of it. */
const TROUBLES: Readonly<Record<string, readonly GateReason[]>> = {
  ignored: ['stale-document'],
  reused: ['epoch-reused'],
  fenced: ['fenced'],
  invalid: ['document-invalid', 'record-invalid'],
  unreadable: ['document-unreadable', 'record-unreadable'],
};

/** Zero for the others: an alarm clears when a gate was read that has not this trouble, and not by silence. */
const countTrouble = (telemetry: Telemetry, region: string, reason: GateReason): void => {
  for (const [trouble, reasons] of Object.entries(TROUBLES)) {
    telemetry.count('GateTrouble', { Region: region, Trouble: trouble }, reasons.includes(reason) ? 1 : 0);
  }
};

/**
 * The decision that a run obeys. An active answer that can't be recorded becomes passive: a Region that forgets the epoch
 * it worked under would take an older document for news.
 */
export const readGate = async (dependencies: GateDependencies): Promise<GateDecision> => {
  const peeked = await peekGate(dependencies);
  const decision = peeked.keep === undefined ? peeked : await keepAndDecide(dependencies.records, peeked.keep);
  const { telemetry, region } = dependencies;
  telemetry.log(decision.alarm ? 'error' : 'info', 'gate.decided', {
    state: decision.state,
    reason: decision.reason,
    detail: decision.detail,
    epoch: decision.inForce?.epoch,
  });
  telemetry.count('GateState', { Region: region, State: decision.state, Reason: decision.reason }, 1);
  countTrouble(telemetry, region, decision.reason);
  return decision;
};
