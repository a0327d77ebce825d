/** From a status to the trouble that it stands for, with what a person can do about it. Pure. */
import { SourceError } from '../../domain/errors.ts';
import { SourceTrouble, type TroubleKind } from '../source-trouble.ts';
import type { Throttle } from './rate-limit.ts';

export interface Refusal {
  readonly host: string;
  readonly what: string;
  readonly status: number;
  readonly throttle: Throttle | null;
}

const throttled = ({ host, what, status }: Refusal, throttle: Throttle): SourceTrouble => {
  const reason = throttle.reason === null ? '' : `, ${throttle.reason}`;
  const message = `${host} asks for patience with ${what} (HTTP ${String(status)}${reason}). The next cycle tries again.`;
  return new SourceTrouble('throttled', message, { status, retryAfterMs: throttle.waitMs });
};

const MEANINGS: readonly (readonly [(status: number) => boolean, TroubleKind, string])[] = [
  [
    (status) => status === 401,
    'refused',
    'does not accept the credentials. Check that the secret is current; what is indexed stays',
  ],
  [(status) => status === 403, 'refused', 'forbids it. Check what the credentials may read; what is indexed stays'],
  [(status) => status === 404, 'missing', 'has no such thing, or hides it. Check its name and what may be read'],
  [(status) => status === 410, 'expired', 'no longer knows it'],
  [(status) => status === 408 || status >= 500, 'unavailable', 'is in trouble. The next cycle tries again'],
  [() => true, 'unexpected', 'did not understand the question. Check the configuration of the source'],
];

export const refusalOf = (refusal: Refusal): SourceTrouble => {
  const { host, what, status, throttle } = refusal;
  if (throttle !== null) {
    return throttled(refusal, throttle);
  }
  const [, trouble = 'unexpected', advice = ''] = MEANINGS.find(([matches]) => matches(status)) ?? [];
  return new SourceTrouble(trouble, `Asked for ${what}, ${host} ${advice} (HTTP ${String(status)}).`, { status });
};

/** A refused address arrives wrapped in the connection's own error. */
export const findSourceError = (error: unknown): SourceError | undefined => {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if (current instanceof SourceError) {
      return current;
    }
    current = current.cause;
  }
  return undefined;
};
