/**
 * The gate document as this stack deploys it, and the JSON schema that AppConfig checks every document against, also
 * one that a person writes in the console. Only keywords that draft 4 (which AppConfig reads) shares with later drafts.
 */
import type { GateSettings } from './settings/gate.ts';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['is_active_for_scheduled_work', 'peer_writes', 'epoch', 'changed_at', 'changed_by', 'reason'],
  properties: {
    is_active_for_scheduled_work: { type: 'boolean' },
    peer_writes: { type: 'string', enum: ['required', 'deferred'] },
    epoch: { type: 'integer', minimum: 1, maximum: 99_999_999 },
    changed_at: { type: 'string', pattern: String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$` },
    changed_by: { type: 'string', minLength: 1, maxLength: 200 },
    reason: { type: 'string', minLength: 1, maxLength: 200 },
  },
};

export const gateSchemaText = JSON.stringify(SCHEMA);

/** Depends on the stack's settings alone, so that an unchanged deployment deploys nothing. */
export const gateDocumentText = (gate: GateSettings): string =>
  JSON.stringify({
    is_active_for_scheduled_work: gate.isActiveForScheduledWork,
    peer_writes: gate.peerWrites,
    epoch: gate.epoch,
    changed_at: gate.changedAt,
    changed_by: gate.changedBy,
    reason: gate.reason,
  });
