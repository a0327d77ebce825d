/**
 * Audit events as OCSF 1.3.0, class Entity Management (3004): an actor did something to an entity (the gate, a source, a
 * peer, a setting, a key). Not API Activity (6003): that one asks for the caller's endpoint, which most of our events, made
 * by a function on a schedule, do not have. What OCSF has no place for is in `unmapped`, under its own name.
 */
import type { AuditAction, AuditResult } from '../domain/audit-event.ts';
import type { EventPayload } from './payloads.ts';

export const OCSF_VERSION = '1.3.0';

const CLASS_UID = 3004;
const CATEGORY_UID = 3;
const TYPE_FACTOR = 100;

type Activity = readonly [id: number, name: string];

const CREATE: Activity = [1, 'Create'];
const READ: Activity = [2, 'Read'];
const UPDATE: Activity = [3, 'Update'];
const DELETE: Activity = [4, 'Delete'];
/** Not a change of the entity: the activity's name is then the action's own. */
const OTHER_ID = 99;

const ACTIVITIES: Partial<Readonly<Record<AuditAction, Activity>>> = {
  'gate.fence-raised': UPDATE,
  'gate.moved': UPDATE,
  'proof.compared': READ,
  'peer.state-changed': UPDATE,
  'settings.changed': UPDATE,
  'settings.removed': DELETE,
  'source.changed': UPDATE,
  'source.removed': DELETE,
  'source.purged': DELETE,
  'source.prune-approved': UPDATE,
  'workspace.created': CREATE,
  'workspace.changed': UPDATE,
  'workspace.deleted': DELETE,
  'workspace.member-set': UPDATE,
  'workspace.member-removed': UPDATE,
  'incident.read': READ,
  'access.glass-broken': READ,
  'key.created': CREATE,
  'key.revoked': DELETE,
  'repair.finished': UPDATE,
  'records.imported': UPDATE,
};

type Severity = readonly [id: number, name: string];

const INFORMATIONAL: Severity = [1, 'Informational'];
const MEDIUM: Severity = [3, 'Medium'];
const HIGH: Severity = [4, 'High'];

/** Somebody must look: two people worked on the gate at once, or a Region holds what it should not. */
const SEVERITIES: Partial<Readonly<Record<AuditAction, Severity>>> = {
  'gate.stale-document': HIGH,
  'gate.epoch-reused': HIGH,
  'gate.document-invalid': HIGH,
  'gate.record-invalid': HIGH,
  'gate.moved': MEDIUM,
  'cycle.fenced': MEDIUM,
  'access.glass-broken': HIGH,
};

const STATUSES: Readonly<Record<AuditResult, readonly [id: number, name: string]>> = {
  done: [1, 'Success'],
  refused: [2, 'Failure'],
  failed: [2, 'Failure'],
};

const severityOf = ({ action, outcome }: EventPayload): Severity =>
  SEVERITIES[action] ?? (outcome === 'failed' ? HIGH : INFORMATIONAL);

const splitName = (text: string): readonly [kind: string, name: string] => {
  const at = text.indexOf(':');
  return at === -1 ? [text, text] : [text.slice(0, at), text.slice(at + 1)];
};

/** A function is an application; a key or an operator is a user. */
const actorOf = (actor: string): object => {
  const [kind, name] = splitName(actor);
  return kind === 'function' ? { app_name: name } : { user: { name, uid: actor } };
};

/** One event as an OCSF object. `op` is the event's own id. */
export const toOcsf = (event: EventPayload, op: string): object => {
  const { action, target, outcome, details, epoch, region } = event;
  const [activityId, activityName] = ACTIVITIES[action] ?? [OTHER_ID, action];
  const [severityId, severity] = severityOf(event);
  const [statusId, status] = STATUSES[outcome];
  const [type, name] = splitName(target);
  return {
    activity_id: activityId,
    activity_name: activityName,
    category_uid: CATEGORY_UID,
    category_name: 'Identity & Access Management',
    class_uid: CLASS_UID,
    class_name: 'Entity Management',
    type_uid: CLASS_UID * TYPE_FACTOR + activityId,
    type_name: `Entity Management: ${activityName}`,
    severity_id: severityId,
    severity,
    status_id: statusId,
    status,
    status_detail: outcome,
    time: event.at,
    message: `${event.actor}: ${action} ${target} (${outcome})`,
    actor: actorOf(event.actor),
    entity: { name, type, uid: target },
    cloud: { provider: 'AWS', region },
    metadata: {
      version: OCSF_VERSION,
      product: { name: 'Twinmap', vendor_name: 'Twinmap' },
      uid: op,
      event_code: action,
      log_name: 'audit',
      profiles: ['cloud'],
    },
    unmapped: { epoch, ...(details === undefined ? {} : { details }) },
  };
};
