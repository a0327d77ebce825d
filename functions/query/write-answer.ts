/** What an interactive write came to, as an answer: where it is held, or that nothing may be claimed; and its audit event. */
import { LIMITS } from '../domain/limits.ts';
import type { AuditAction, AuditEvent } from '../domain/audit-event.ts';
import type { Failure } from '../domain/failure.ts';
import type { InteractiveConflict, InteractiveOutcome } from '../domain/interactive-write.ts';
import { type Answer, problem } from './answer.ts';
import type { GuardedContext } from './route.ts';

export type HeldOutcome = Extract<InteractiveOutcome, { kind: 'held' }>;
type NotHeld = Extract<InteractiveOutcome, { kind: 'unavailable' }> | InteractiveConflict;

const told = (side: string, { message, reason, code }: Failure): string => `${side}: ${message} (${reason}, ${code})`;

const keyReused = (): Answer =>
  problem(422, 'idempotency-key-reused', {
    what: 'this idempotency-key belongs to another write',
    why: 'It was sent before, with another address or another body; nothing was written now.',
    next: 'Send a new random id for every change, and the same one again only with the same request.',
  });

const overtaken = (): Answer =>
  problem(409, 'overtaken', {
    what: 'a newer write stands',
    why: 'This one was made before it, and has arrived after it.',
    next: 'Nothing, if you made both; otherwise read what stands, and write again.',
  });

export const notHeldAnswer = (
  { deps }: { readonly deps: Pick<GuardedContext['deps'], 'region' | 'peerRegion'> },
  outcome: NotHeld,
): Answer => {
  if (outcome.kind === 'op-reused') {
    return keyReused();
  }
  if (outcome.kind === 'overtaken') {
    return overtaken();
  }
  const { home, peer } = outcome;
  return problem(503, 'unavailable', {
    what: 'no Region confirmed this write',
    why: [
      told(deps.region, home),
      ...(peer === undefined ? [] : [told(deps.peerRegion ?? 'the peer', peer)]),
      'it may have arrived all the same',
    ].join('; '),
    next: 'Send it again with the same idempotency-key: however often it arrives, it is one write.',
  });
};

/** `both`: every declared Region holds it. `owed`: one does, and has durably marked it for the other. */
export const heldFields = ({
  replication,
  v,
  repeated,
}: HeldOutcome): {
  readonly replication: HeldOutcome['replication'];
  readonly version: string;
  readonly repeated: boolean;
} => ({
  replication,
  version: v,
  repeated,
});

export interface Change {
  readonly action: AuditAction;
  readonly target: string;
  readonly details?: AuditEvent['details'];
}

/**
 * Records who changed what. The change is durable by then, so an event that can't be recorded is said in the answer, the log
 * and a metric, and takes nothing back.
 */
export const auditChange = async (
  { deps, caller, requestId, startedAt }: Pick<GuardedContext, 'deps' | 'caller' | 'requestId' | 'startedAt'>,
  { action, target, details }: Change,
  /** With `later` the peer is not tried now: it gets the event as it gets every debt. */
  options: { readonly later?: boolean } = {},
): Promise<HeldOutcome['replication'] | 'missing'> => {
  let why = '';
  try {
    // A peer that let the change wait is not waited for a second time: whoever asks has one budget for it.
    const later = options.later === true || deps.now() - startedAt > LIMITS.auditInlineMsMax;
    const recorded = await deps.audit.record(
      {
        at: deps.now(),
        actor: caller.id,
        action,
        target,
        outcome: 'done',
        ...(details === undefined ? {} : { details }),
      },
      { later },
    );
    if (recorded.kind === 'held') {
      return recorded.replication;
    }
    why = recorded.home.code;
  } catch (error) {
    why = error instanceof Error ? error.name : 'unknown';
  }
  deps.telemetry.log('error', 'audit.missing', { requestId, action, target, actor: caller.id, why });
  deps.telemetry.count('AuditMissing', { Region: deps.region, Action: action }, 1, ['Region']);
  return 'missing';
};
