/** Reads an answer's status and the two headers with which a Region may steer the router. */
import { isFailureStatus } from '../policy/phase.ts';
import type { Verdict } from './attempt.ts';

/** The origin knows that the other Region must not get this one. */
export const NO_RETRY_HEADER = 'x-router-no-retry';
/** With a 503: the Region goes down on purpose. No failure, but new requests go elsewhere. */
export const DRAIN_HEADER = 'x-drain';

export const verdictOf = (status: number, isDrain: boolean, isNoRetry: boolean): Verdict => {
  if (!isFailureStatus(status)) {
    return 'good';
  }
  if (isDrain && status === 503) {
    return 'draining';
  }
  return isNoRetry ? 'final' : 'bad';
};
