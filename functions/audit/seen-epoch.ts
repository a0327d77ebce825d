/** The highest epoch that a Region has seen, from its own `GATE` record: what labels its audit events and links. */
import { done, type Result } from '../domain/failure.ts';
import { parseGateDocument } from '../gate/document.ts';
import { GATE_KEY } from '../gate/gate.ts';
import type { RecordStore } from '../stores/record-store.ts';

/** 0 where the Region has seen no gate document yet, or keeps one that can't be read: an event is recorded all the same. */
export const readSeenEpoch = async (workspaces: Pick<RecordStore, 'getLocal'>): Promise<Result<number>> => {
  const stored = await workspaces.getLocal(GATE_KEY);
  if (stored.kind === 'failed') {
    return stored;
  }
  const parsed = stored.value === undefined ? undefined : parseGateDocument(stored.value.data);
  return done(parsed?.kind === 'valid' ? parsed.document.epoch : 0);
};

/** For whoever writes events: an unreadable epoch must not keep an event from being recorded. */
export const seenEpochOrZero = async (workspaces: Pick<RecordStore, 'getLocal'>): Promise<number> => {
  const epoch = await readSeenEpoch(workspaces);
  return epoch.kind === 'failed' ? 0 : epoch.value;
};
