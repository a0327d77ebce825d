/**
 * What the audit log records (DESIGN §4): who did what to what, and how it ended. Append-only, in both Regions, sealed into
 * a hash chain by the Region that wrote it. Names and counts only: never a secret, a payload or a question that was asked.
 */
import type { InteractiveOutcome } from './interactive-write.ts';

/** Every action there is. A reader of the log, and the mapping to OCSF, know all of them. */
export const AUDIT_ACTIONS = [
  'gate.stale-document',
  'gate.epoch-reused',
  'gate.document-invalid',
  'gate.record-invalid',
  'gate.fence-raised',
  /** A person has moved the scheduled work, or has tried to. */
  'gate.moved',
  'cycle.fenced',
  'proof.compared',
  'peer.state-changed',
  'settings.changed',
  'settings.removed',
  'source.changed',
  'source.removed',
  'source.purged',
  'source.prune-approved',
  'workspace.created',
  'workspace.changed',
  'workspace.deleted',
  'workspace.member-set',
  'workspace.member-removed',
  'incident.read',
  /** Somebody came in by an identity of AWS, past keys and tokens; the reason is in the details. */
  'access.glass-broken',
  'key.created',
  'key.revoked',
  'repair.finished',
  'records.imported',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const AUDIT_OUTCOMES = ['done', 'refused', 'failed'] as const;

export type AuditResult = (typeof AUDIT_OUTCOMES)[number];

export interface AuditEvent {
  /** In ms since 1970, by the writer's clock. */
  readonly at: number;
  /** `function:sync`, `key:<id of an API key>`, `user:<subject of a token>`, `iam:<ARN>`, `operator:<name>`. Never the key itself. */
  readonly actor: string;
  readonly action: AuditAction;
  /** What it was done to, for instance `source:docs`, `setting:retention`, `gate`, `peer:us-west-2`. */
  readonly target: string;
  readonly outcome: AuditResult;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditLog {
  /** With `later` the peer is not tried now. Durable in at least one Region and marked for the other where the outcome is `held`. */
  record(event: AuditEvent, options?: { readonly later?: boolean }): Promise<InteractiveOutcome>;
}
