/**
 * Keeps how the cycles of a source end in this Region, where there is something to tell: a failure with what to do about it, or that
 * it is over.
 */
import type { Failure } from '../domain/failure.ts';
import { parseStatus, type SourceFailure, type SourceStatusItem, statusKey } from '../domain/source-status.ts';
import type { RecordStore } from '../stores/record-store.ts';
import type { CycleOutcome } from './cycle-types.ts';
import { adviceFor } from './source-failed.ts';

type Told = Pick<SourceFailure, 'trouble' | 'message' | 'next'>;

const NEXT_BY_REASON: Readonly<Record<Failure['reason'], string>> = {
  unreachable: 'Nothing, if the Region comes back: the next cycle tries again. See: twinmap status',
  throttled: 'Nothing: the next cycle tries again.',
  refused: 'Look at what the role of the sync function may do in both Regions.',
  fenced: 'Nothing: another run, or the other Region, has the source.',
  unknown: 'Nothing, if the next cycle gets through; otherwise look at the log of the sync function.',
};

/** Undefined where nothing failed. */
const toldOf = (outcome: CycleOutcome): Told | undefined => {
  switch (outcome.kind) {
    case 'source-failed': {
      const { trouble, message } = outcome;
      return { trouble, message, next: adviceFor(trouble) };
    }
    case 'not-acknowledged':
    case 'fenced': {
      const { reason, message, code } = outcome.failure;
      return {
        trouble: reason,
        message: `${outcome.step} at ${outcome.side}: ${message} (${code})`,
        next: NEXT_BY_REASON[reason],
      };
    }
    case 'acknowledged':
    case 'deferred':
    case 'handed-over': {
      return undefined;
    }
  }
};

/** Undefined where there is nothing new to tell. Pure. */
export const nextStatus = (
  before: SourceStatusItem | undefined,
  outcome: CycleOutcome,
  at: number,
): SourceStatusItem | undefined => {
  const told = toldOf(outcome);
  if (told === undefined) {
    return before?.state === 'failing' ? { state: 'ok', at } : undefined;
  }
  const { since, attempts } = before?.failure ?? { since: at, attempts: 0 };
  return { state: 'failing', at, failure: { outcome: outcome.kind, ...told, since, attempts: attempts + 1 } };
};

/** A status that can't be kept is no reason for a cycle to fail: the log and the metrics have told of it. */
export const keepStatus = async (
  records: Pick<RecordStore, 'getLocal' | 'putLocal'>,
  source: string,
  outcome: CycleOutcome,
  at: number,
): Promise<void> => {
  const key = statusKey(source);
  const read = await records.getLocal(key);
  const before = read.kind === 'done' && read.value !== undefined ? parseStatus(read.value.data) : undefined;
  const status = nextStatus(before, outcome, at);
  if (status !== undefined) {
    await records.putLocal({ ...key, order: at, data: JSON.stringify(status) });
  }
};
