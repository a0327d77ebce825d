/**
 * What the functions record, one method per kind, so that every event of a kind has the same target and details. An event
 * that no Region takes is said in the log and a metric, and takes nothing back: what it tells of has happened.
 */
import type { AuditAction, AuditEvent, AuditLog } from '../domain/audit-event.ts';
import type { Failure } from '../domain/failure.ts';
import type { InteractiveOutcome } from '../domain/interactive-write.ts';
import type { RegionName } from '../domain/region.ts';
import type { GateDecision, GateReason } from '../gate/decide.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

export interface AuditWriterDependencies {
  readonly log: AuditLog;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly region: RegionName;
  /** Who records, for instance `function:sync` or `operator:ada`. */
  readonly actor: string;
}

export interface FencedCycle {
  readonly source: string;
  /** The fence that was refused, or under which the cycle ran. */
  readonly fence: string;
  /** The one that won, where the store told. */
  readonly winner?: string;
  readonly step: 'claim' | 'write' | 'commit';
  readonly atRegion: string;
}

export interface ProofVerdict {
  readonly verdict: 'equal' | 'different' | 'incomplete';
  /** Roots by Region name; both Regions' logs hold both. */
  readonly roots: Readonly<Record<string, string>>;
  readonly owed?: number;
  readonly drift?: number;
}

export interface PeerStateChange {
  readonly peer: RegionName;
  readonly from: string;
  readonly to: string;
  readonly why?: string;
}

export interface RepairReport {
  readonly peer: RegionName;
  readonly outcome: 'done' | 'failed';
  readonly repaired: number;
  readonly left: number;
}

type EventParts = Pick<AuditEvent, 'action' | 'target' | 'outcome'> & { readonly details?: AuditEvent['details'] };

const GATE_ACTIONS: Partial<Readonly<Record<GateReason, AuditAction>>> = {
  'stale-document': 'gate.stale-document',
  'epoch-reused': 'gate.epoch-reused',
  'document-invalid': 'gate.document-invalid',
  'record-invalid': 'gate.record-invalid',
};

const failureOf = (outcome: InteractiveOutcome): Failure | undefined =>
  outcome.kind === 'unavailable' ? outcome.home : undefined;

export class AuditWriter {
  readonly #dependencies: AuditWriterDependencies;

  constructor(dependencies: AuditWriterDependencies) {
    this.#dependencies = dependencies;
  }

  /** A gate decision that a person must look at; any other one records nothing. */
  async gateAlarmed(decision: GateDecision): Promise<InteractiveOutcome | undefined> {
    const action = decision.alarm ? GATE_ACTIONS[decision.reason] : undefined;
    return action === undefined
      ? undefined
      : this.#record({
          action,
          target: 'gate',
          outcome: 'refused',
          details: {
            state: decision.state,
            ...(decision.inForce === undefined ? {} : { epochInForce: decision.inForce.epoch }),
          },
        });
  }

  /** A cycle that met somebody newer and stopped. */
  async cycleFenced(cycle: FencedCycle): Promise<InteractiveOutcome> {
    const { source, fence, winner, step, atRegion } = cycle;
    return this.#record({
      action: 'cycle.fenced',
      target: `source:${source}`,
      outcome: 'refused',
      details: { fence, step, atRegion, ...(winner === undefined ? {} : { winner }) },
    });
  }

  /** Nothing of a removed source is left but tombstones. */
  async sourcePurged(
    source: string,
    { deleted, replication }: { readonly deleted: number; readonly replication: 'both' | 'owed' },
  ): Promise<InteractiveOutcome> {
    return this.#record({
      action: 'source.purged',
      target: `source:${source}`,
      outcome: 'done',
      details: { deleted, replication },
    });
  }

  /** The local `GATE` was raised, because a store has seen a higher epoch than this Region had. */
  async fenceRaised(epoch: number, reason: string): Promise<InteractiveOutcome> {
    return this.#record({ action: 'gate.fence-raised', target: 'gate', outcome: 'done', details: { epoch, reason } });
  }

  async proofCompared({ verdict, roots, owed, drift }: ProofVerdict): Promise<InteractiveOutcome> {
    return this.#record({
      action: 'proof.compared',
      target: 'records',
      outcome: verdict === 'equal' ? 'done' : 'failed',
      details: {
        verdict,
        ...Object.fromEntries(Object.entries(roots).map(([region, root]) => [`root.${region}`, root])),
        ...(owed === undefined ? {} : { owed }),
        ...(drift === undefined ? {} : { drift }),
      },
    });
  }

  async peerStateChanged({ peer, from, to, why }: PeerStateChange): Promise<InteractiveOutcome> {
    return this.#record({
      action: 'peer.state-changed',
      target: `peer:${peer}`,
      outcome: 'done',
      details: { from, to, ...(why === undefined ? {} : { why }) },
    });
  }

  async repairFinished({ peer, outcome, repaired, left }: RepairReport): Promise<InteractiveOutcome> {
    return this.#record({
      action: 'repair.finished',
      target: `peer:${peer}`,
      outcome,
      details: { repaired, left },
    });
  }

  /** By its name; never its value. */
  async settingChanged(setting: string, kind: 'changed' | 'removed'): Promise<InteractiveOutcome> {
    return this.#record({ action: `settings.${kind}`, target: `setting:${setting}`, outcome: 'done' });
  }

  /** By the id of the key; never the key. */
  async keyChanged(keyId: string, kind: 'created' | 'revoked'): Promise<InteractiveOutcome> {
    return this.#record({ action: `key.${kind}`, target: `key:${keyId}`, outcome: 'done' });
  }

  async #record(parts: EventParts): Promise<InteractiveOutcome> {
    const { log, telemetry, now, region, actor } = this.#dependencies;
    const { action, target, outcome, details } = parts;
    const event = { at: now(), actor, action, target, outcome, ...(details === undefined ? {} : { details }) };
    const recorded = await log.record(event);
    const failure = failureOf(recorded);
    if (failure !== undefined) {
      telemetry.log('error', 'audit.missing', { action, target, actor, why: failure.code });
      telemetry.count('AuditMissing', { Region: region, Action: action }, 1, ['Region']);
    }
    return recorded;
  }
}
