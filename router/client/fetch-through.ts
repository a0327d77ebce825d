/** One request of the client: its attempts are fetches, each with its own abort. */
import type { Attempt, AttemptFailure, AttemptKind, Timers } from '../forward/attempt.ts';
import { Exchange, type ExchangeOptions } from '../forward/exchange.ts';
import { isFailureStatus, phaseOfCode } from '../policy/phase.ts';

export type Ask = (region: string, path: string, init: RequestInit) => Promise<Response>;

export interface Fetched {
  /** Undefined where no Region answered. */
  readonly response: Response | undefined;
  readonly failures: readonly AttemptFailure[];
  readonly region: string;
  readonly attempts: number;
  readonly kind: AttemptKind;
}

export const codeOf = (error: unknown): string => {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : undefined;
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  // Browsers don't say what went wrong: then it may have arrived.
  return typeof code === 'string' ? code : 'NETWORK';
};

/** Whatever `setTimeout` gave, or nothing: both are fine to clear. */
const isTimer = (_timer: unknown): _timer is number => true;

export const timersOf = (now: () => number): Timers => ({
  now,
  after: (delayMs, fire) => setTimeout(fire, delayMs),
  cancel: (timer) => {
    if (isTimer(timer)) {
      clearTimeout(timer);
    }
  },
});

type FetchAttempt = Attempt<AbortController>;

export const fetchThrough = async (
  parts: Omit<ExchangeOptions<AbortController>, 'host'>,
  send: (region: string, signal: AbortSignal) => Promise<Response>,
  left: AbortSignal | null | undefined,
): Promise<Fetched> => {
  const outcome = Promise.withResolvers<Fetched>();
  const responses = new Map<FetchAttempt, Response>();
  const attempted = async (attempt: FetchAttempt, { signal }: AbortController): Promise<void> => {
    try {
      const response = await send(attempt.region, signal);
      responses.set(attempt, response);
      const { status } = response;
      exchange.answered(attempt, isFailureStatus(status) ? 'bad' : 'good', `HTTP_${status}`);
    } catch (error) {
      const code = codeOf(error);
      exchange.failed(attempt, phaseOfCode(code), code);
    }
  };
  const end = (attempt: FetchAttempt): void => {
    attempt.io?.abort();
  };
  const exchange: Exchange<AbortController> = new Exchange({
    ...parts,
    host: {
      send: (attempt) => {
        attempt.io = new AbortController();
        void attempted(attempt, attempt.io);
      },
      abort: end,
      deliver: (attempt) => {
        // Who leaves while the body comes ends it at the origin as well.
        left?.addEventListener('abort', () => {
          end(attempt);
        });
        const { region, number: attempts, kind } = attempt;
        outcome.resolve({ response: responses.get(attempt), failures: [], region, attempts, kind });
      },
      giveUp: (failures) => {
        outcome.resolve({ response: undefined, failures, region: '', attempts: 0, kind: 'first' });
      },
    },
  });
  left?.addEventListener('abort', () => {
    exchange.abandon();
    outcome.reject(left.reason);
  });
  exchange.start();
  return outcome.promise;
};
