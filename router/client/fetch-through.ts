/** One request of the client: its attempts are fetches, each with its own abort. */
import type { Attempt, AttemptFailure, Timers } from '../forward/attempt.ts';
import { Exchange, type ExchangeOptions } from '../forward/exchange.ts';
import { isFailureStatus, phaseOfCode } from '../policy/phase.ts';

export type Ask = (region: string, path: string, init: RequestInit) => Promise<Response>;

export type FetchAttempt = Attempt<AbortController>;

export interface Fetched {
  readonly response: Response;
  readonly attempt: FetchAttempt;
}

/** No Region answered; says what each did. */
export class NoRegionError extends Error {
  override readonly name = 'NoRegionError';
  readonly failures: readonly AttemptFailure[];

  constructor(failures: readonly AttemptFailure[]) {
    super(`No Region answered: ${failures.map(({ region, code }) => `${region} ${code}`).join(', ')}.`);
    this.failures = failures;
  }
}

export const codeOf = (error: unknown): string => {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : undefined;
  // Browsers don't say what went wrong: then it may have arrived.
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'NETWORK';
};

export const timersOf = (now: () => number): Timers => ({
  now,
  after: (delayMs, fire) => setTimeout(fire, delayMs),
  cancel: (timer) => {
    // Node's timers are numbers too, when asked; none at all is no number, and clears nothing.
    clearTimeout(Number(timer));
  },
});

export const fetchThrough = async (
  parts: Omit<ExchangeOptions<AbortController>, 'host'>,
  send: (region: string, signal: AbortSignal) => Promise<Response>,
  left: AbortSignal | null | undefined,
): Promise<Fetched> => {
  const outcome = Promise.withResolvers<Fetched>();
  let arrived: Response | undefined;
  let delivered: FetchAttempt | undefined;
  const attempted = async (attempt: FetchAttempt, { signal }: AbortController): Promise<void> => {
    try {
      const response = await send(attempt.region, signal);
      const { status } = response;
      // Delivered within the next call, or not at all.
      arrived = response;
      exchange.answered(attempt, isFailureStatus(status) ? 'bad' : 'good', `HTTP_${status}`);
    } catch (error) {
      const code = codeOf(error);
      exchange.failed(attempt, phaseOfCode(code), code);
    }
  };
  const exchange: Exchange<AbortController> = new Exchange({
    ...parts,
    host: {
      send: (attempt) => {
        attempt.io = new AbortController();
        void attempted(attempt, attempt.io);
      },
      abort: ({ io }) => {
        io?.abort();
      },
      deliver: (attempt) => {
        delivered = attempt;
        if (arrived !== undefined) {
          outcome.resolve({ response: arrived, attempt });
        }
      },
      giveUp: (failures) => {
        outcome.reject(new NoRegionError(failures));
      },
    },
  });
  left?.addEventListener('abort', () => {
    exchange.abandon();
    // Who leaves while the body comes ends it at the origin as well.
    delivered?.io?.abort();
    outcome.reject(left.reason);
  });
  exchange.start();
  return outcome.promise;
};
