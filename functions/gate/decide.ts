/**
 * May this Region do scheduled work now? A pure decision table (DESIGN §5): unknown is passive, a document with a lower
 * epoch than the Region has seen is ignored, and every answer carries its reason.
 */
import type { Failure } from '../domain/failure.ts';
import { isMutant } from '../domain/mutants.ts';
import type { GateDocument } from './document.ts';

/** What the AppConfig data plane answered, in a fresh session. */
export type DocumentReading =
  | { readonly kind: 'document'; readonly document: GateDocument }
  | { readonly kind: 'invalid'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly failure: Failure };

/** What the Region's own `GATE` record holds: the whole document of the highest epoch that it has seen. */
export type RecordReading =
  | { readonly kind: 'recorded'; readonly document: GateDocument }
  /** A store refused this Region: the other one works under the epoch that stands here. A floor, not somebody's order. */
  | { readonly kind: 'raised'; readonly document: GateDocument }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly failure: Failure };

export type GateReason =
  | 'document-active'
  | 'document-passive'
  | 'stale-document'
  | 'epoch-reused'
  /** A store told this Region that the other one works under a newer fence, and no newer document has come since. */
  | 'fenced'
  | 'document-unreadable'
  | 'document-invalid'
  | 'record-unreadable'
  | 'record-invalid';

export interface GateDecision {
  readonly state: 'active' | 'passive';
  readonly reason: GateReason;
  /** One sentence for a person. */
  readonly detail: string;
  /** The document in force; absent where none could be established. */
  readonly inForce?: GateDocument;
  /** Set where the document must be kept as `GATE`, because its epoch is the highest seen. */
  readonly keep?: GateDocument;
  /** True where a person must look: a stale or reused epoch, or a fence of the other Region. */
  readonly alarm: boolean;
}

const UNKNOWN: ReadonlySet<GateReason> = new Set([
  'document-unreadable',
  'document-invalid',
  'record-unreadable',
  'record-invalid',
]);

/** True where the decision is passive because nothing could be established, not because somebody said so. */
export const isUnknown = (decision: GateDecision): boolean => UNKNOWN.has(decision.reason);

const passive = (reason: GateReason, detail: string, alarm = false): GateDecision => ({
  state: 'passive',
  reason,
  detail,
  alarm,
});

const inForce = (document: GateDocument, keep: boolean): GateDecision => ({
  state: document.is_active_for_scheduled_work ? 'active' : 'passive',
  reason: document.is_active_for_scheduled_work ? 'document-active' : 'document-passive',
  detail: `epoch ${document.epoch} says ${document.is_active_for_scheduled_work ? 'active' : 'passive'}`,
  inForce: document,
  ...(keep ? { keep: document } : {}),
  alarm: false,
});

const sameOrders = (left: GateDocument, right: GateDocument): boolean =>
  left.is_active_for_scheduled_work === right.is_active_for_scheduled_work && left.peer_writes === right.peer_writes;

const decideBetween = (document: GateDocument, recorded: GateDocument): GateDecision => {
  if (document.epoch > recorded.epoch || isMutant('stale-gate')) {
    return inForce(document, true);
  }
  if (document.epoch === recorded.epoch) {
    return sameOrders(document, recorded) || isMutant('reused-epoch')
      ? inForce(document, false)
      : passive(
          'epoch-reused',
          `epoch ${document.epoch} was already used with other values; raise it: ` +
            `pulumi config set twinmap:gateEpoch ${recorded.epoch + 1}, then pulumi up`,
          true,
        );
  }
  const active = recorded.is_active_for_scheduled_work;
  return {
    state: active ? 'active' : 'passive',
    reason: 'stale-document',
    detail: `AppConfig serves epoch ${document.epoch}, this Region has seen ${recorded.epoch}; epoch ${recorded.epoch} stays in force`,
    inForce: recorded,
    alarm: true,
  };
};

/**
 * Above the floor, a document is news. At the floor only one that agrees is obeyed: the winner's epoch, deployed here too, says
 * passive. Anything else is from before the other Region took over.
 */
const decideAboveFloor = (document: GateDocument, floor: GateDocument): GateDecision => {
  if (document.epoch > floor.epoch) {
    return inForce(document, true);
  }
  if (document.epoch === floor.epoch && !document.is_active_for_scheduled_work) {
    return inForce(document, false);
  }
  return {
    state: 'passive',
    reason: 'fenced',
    detail:
      `${floor.reason}, and AppConfig serves epoch ${document.epoch} here; to take over, raise it: ` +
      `pulumi config set twinmap:gateEpoch ${floor.epoch + 1}, then pulumi up`,
    inForce: floor,
    alarm: true,
  };
};

/** The decision for one run. Reading order does not matter; both readings are of now. */
export const decideGate = (document: DocumentReading, recorded: RecordReading): GateDecision => {
  switch (document.kind) {
    case 'unreadable': {
      if (isMutant('active-on-unknown') && recorded.kind === 'recorded') {
        return inForce(recorded.document, false);
      }
      return passive('document-unreadable', `AppConfig did not answer (${document.failure.code})`);
    }
    case 'invalid': {
      return passive('document-invalid', `the gate document is invalid: ${document.why}`, true);
    }
    case 'document': {
      switch (recorded.kind) {
        case 'unreadable': {
          return passive('record-unreadable', `the GATE record could not be read (${recorded.failure.code})`);
        }
        case 'invalid': {
          return passive('record-invalid', `the GATE record is invalid: ${recorded.why}`, true);
        }
        case 'none': {
          return inForce(document.document, true);
        }
        case 'recorded': {
          return decideBetween(document.document, recorded.document);
        }
        case 'raised': {
          return decideAboveFloor(document.document, recorded.document);
        }
      }
    }
  }
};
