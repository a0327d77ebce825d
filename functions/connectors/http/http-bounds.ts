/** The bounds of calls to a service; tests narrow them, nothing runs without them. */
import { LIMITS } from '../../domain/limits.ts';

export interface HttpBounds {
  /** No byte for this long ends a call. */
  readonly callTimeoutMs: number;
  readonly callTotalTimeoutMs: number;
  readonly attemptsMax: number;
  readonly retryDelayMs: number;
  /** A service may ask for more patience than this; the next cycle has it. */
  readonly retryDelayMsMax: number;
  readonly redirectsMax: number;
  readonly answerBytesMax: number;
}

export const HTTP_BOUNDS: HttpBounds = {
  callTimeoutMs: LIMITS.sourceCallTimeoutMs,
  callTotalTimeoutMs: LIMITS.sourceCallTotalTimeoutMs,
  attemptsMax: LIMITS.readAttemptsMax + 1,
  retryDelayMs: LIMITS.sourceRetryDelayMs,
  retryDelayMsMax: LIMITS.sourceRetryDelayMaxMs,
  redirectsMax: LIMITS.sourceRedirectsMax,
  answerBytesMax: LIMITS.sourceAnswerBytesMax,
};
