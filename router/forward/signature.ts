/** What an answer tells of its way: which Region gave it, at which attempt, why, at which epoch, and whether it may be behind. */
import type { RouterParts } from '../app/build-parts.ts';
import type { ClientMemory } from '../policy/router-policy.ts';
import { memoryCookie } from './memory-cookie.ts';

export interface Answered {
  readonly region: string;
  readonly attempts: number;
  readonly reason: string;
  readonly isWrite: boolean;
  /** From the request's arrival to this attempt, and from there to its answer. */
  readonly beforeMs: number;
  readonly originMs: number;
  readonly memory: ClientMemory | undefined;
}

const KEPT_TENTHS = 1024;
const shownTenths: string[] = [];

/** In tenths of a millisecond. Writing a fraction costs more than the whole decision, so those of quick answers are kept. */
const tenths = (ms: number): string => {
  const count = Math.round(ms * 10);
  if (!(count >= 0 && count < KEPT_TENTHS)) {
    return (count / 10).toString();
  }
  return (shownTenths[count] ??= (count / 10).toString());
};

/** Adds header names and values, one after the other. */
export const signatureOf = (answered: Answered, parts: RouterParts, signed: string[] = []): string[] => {
  const { region, attempts, reason, isWrite, beforeMs, originMs, memory } = answered;
  signed.push(
    'x-router-region',
    region,
    'x-router-attempts',
    attempts.toString(),
    'x-router-reason',
    reason,
    'server-timing',
    `router;dur=${tenths(beforeMs)}, origin;dur=${tenths(originMs)};desc="${region}"`,
  );
  const epoch = parts.reports.of(region)?.epoch;
  if (epoch !== undefined) {
    signed.push('x-router-epoch', epoch.toString());
  }
  if (parts.policy.isBehind(region)) {
    signed.push('x-router-standing', 'behind');
  }
  const cookie = memoryCookie(region, isWrite, memory, parts.memory, parts.wallMs());
  if (cookie !== undefined) {
    signed.push('set-cookie', cookie);
  }
  return signed;
};
