/** What the stack files say of the gate against what is in force. Pure. */
import type { Role } from '../../functions/domain/region.ts';
import type { GateDecision } from '../../functions/gate/decide.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import { editStackFile, type SettingEdits } from '../stack-files/edit.ts';
import { KEYS, type StackGate } from '../stack-files/gate-values.ts';
import type { FileEdit } from '../stack-files/write.ts';

export interface Difference {
  readonly key: string;
  readonly file: string;
  readonly live: string;
}

export type Compared =
  /** `edit` also where only words differ (who, when, why), so that a deployment after it changes nothing at all. */
  | { readonly kind: 'same' | 'different'; readonly differences: readonly Difference[]; readonly edit: FileEdit }
  /** Nothing in force could be established: there is nothing to compare with. */
  | { readonly kind: 'unknown'; readonly why: string };

export interface LiveGate {
  readonly role: Role;
  readonly region: string;
  readonly decision: GateDecision;
}

const editsOf = (live: GateDocument): SettingEdits => ({
  [KEYS.active]: live.is_active_for_scheduled_work,
  [KEYS.peerWrites]: live.peer_writes,
  [KEYS.epoch]: live.epoch,
  [KEYS.changedAt]: live.changed_at,
  [KEYS.changedBy]: live.changed_by,
  [KEYS.reason]: live.reason,
});

export const compareGate = (gate: StackGate, { decision }: LiveGate): Compared => {
  const live = decision.inForce;
  if (live === undefined) {
    return { kind: 'unknown', why: decision.detail };
  }
  const rows: readonly (readonly [key: string, file: string, live: string])[] = [
    [KEYS.active, String(gate.active), String(live.is_active_for_scheduled_work)],
    [KEYS.peerWrites, gate.peerWrites, live.peer_writes],
    [KEYS.epoch, String(gate.epoch), String(live.epoch)],
  ];
  const differences = rows
    .filter(([, file, now]) => file !== now)
    .map(([key, file, now]) => ({ key, file, live: now }));
  return {
    kind: differences.length === 0 ? 'same' : 'different',
    differences,
    edit: { before: gate.file, after: editStackFile(gate.file, editsOf(live), KEYS.active) },
  };
};
