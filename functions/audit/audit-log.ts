/**
 * Writes audit events: append-only interactive records whose key holds the time, the Region and the id of the write. There
 * is no chain to contend for while writing: each Region seals its own events afterwards.
 */
import type { AuditEvent, AuditLog } from '../domain/audit-event.ts';
import { InvariantError } from '../domain/errors.ts';
import type { InteractiveOutcome, InteractiveWrites } from '../domain/interactive-write.ts';
import { LIMITS } from '../domain/limits.ts';
import type { RegionName } from '../domain/region.ts';
import { eventKey } from './keys.ts';
import type { EventPayload } from './payloads.ts';

export interface AuditLogDependencies {
  readonly writes: InteractiveWrites;
  readonly region: RegionName;
  /** The highest epoch that this Region has seen; 0 where none is known. */
  readonly epoch: () => Promise<number>;
  readonly newOp: () => string;
}

type Details = NonNullable<AuditEvent['details']>;

const cut = (text: string): string =>
  text.length > LIMITS.auditTextCharsMax ? `${text.slice(0, LIMITS.auditTextCharsMax)}…` : text;

/** Bounded, so that an event is a few lines, whoever writes it. */
const cutDetails = (details: Details): Details =>
  Object.fromEntries(
    Object.entries(details)
      .slice(0, LIMITS.auditDetailsMax)
      .map(([name, value]) => [cut(name), typeof value === 'string' ? cut(value) : value]),
  );

const payloadOf = (event: AuditEvent, region: RegionName, epoch: number): EventPayload => ({
  at: event.at,
  actor: cut(event.actor),
  action: event.action,
  target: cut(event.target),
  outcome: event.outcome,
  ...(event.details === undefined ? {} : { details: cutDetails(event.details) }),
  region,
  epoch,
});

export const createAuditLog = ({ writes, region, epoch, newOp }: AuditLogDependencies): AuditLog => ({
  record: async (event, options): Promise<InteractiveOutcome> => {
    const op = newOp();
    const outcome = await writes.write({
      table: 'audit',
      key: eventKey(event.at, region, op),
      content: { kind: 'payload', payload: payloadOf(event, region, await epoch()) },
      once: true,
      ...(options?.later === true ? { later: true } : {}),
      op,
    });
    if (outcome.kind === 'op-reused' || outcome.kind === 'overtaken') {
      throw new InvariantError(`the id ${op} of an audit event was used before`);
    }
    return outcome;
  },
});
