/** What is counted, logged and told of a request that came through the router: with an answer, or with none. */
import type { RouterParts } from '../app/build-parts.ts';
import { isSafe, type RequestTraits } from '../policy/phase.ts';
import type { ClientMemory } from '../policy/router-policy.ts';
import type { Attempt, AttemptFailure } from './attempt.ts';
import type { Exchange, RouteDecision } from './exchange.ts';
import { noRegionAnswered, type RouterProblem } from './problem.ts';
import { signatureOf } from './signature.ts';

export interface Passage<Io> {
  readonly exchange: Exchange<Io>;
  readonly traits: RequestTraits;
  readonly decision: RouteDecision;
  readonly memory: ClientMemory | undefined;
  /** What the Region's own log calls the request. */
  readonly requestId?: string | undefined;
}

/** The headers with which the router signs an answer, added to those that are given. */
export const signPassage = <Io>(
  parts: RouterParts,
  { exchange, traits, decision, memory }: Passage<Io>,
  { region, kind, startedMs }: Attempt<Io>,
  signed: string[] = [],
): string[] => {
  const answered = {
    region,
    attempts: exchange.attempts,
    reason: kind === 'first' ? decision.reason : kind,
    isWrite: !isSafe(traits.method),
    beforeMs: startedMs - exchange.startedMs,
    originMs: parts.timers.now() - startedMs,
    memory,
  };
  return signatureOf(answered, parts, signed);
};

/** Counts an answer; one that did not come at the first attempt is logged. */
export const countPassage = <Io>(
  { metrics, log, timers }: RouterParts,
  { exchange, traits, decision, requestId }: Passage<Io>,
  { region, kind, number, startedMs }: Attempt<Io>,
  status: number,
): void => {
  metrics.origin(region, timers.now() - startedMs);
  metrics.answered(region, status);
  if (number > 1) {
    const why = exchange.failures.map(({ code }) => code).join(',');
    log('info', 'request.moved', {
      method: traits.method,
      status,
      from: decision.first,
      to: region,
      kind,
      why,
      requestId,
    });
  }
};

/** No Region answered: what its client is told. */
export const failPassage = <Io>(
  { policy, config, metrics, log }: RouterParts,
  { exchange, traits, decision, requestId }: Passage<Io>,
  failures: readonly AttemptFailure[],
): RouterProblem => {
  const lastErrors = Object.fromEntries(policy.regions.map((region) => [region, policy.health(region).lastError]));
  metrics.count('requests', 'region="none",class="5xx"');
  log('error', 'request.unanswered', {
    method: traits.method,
    requestId,
    failures: failures.map(({ region, code, phase }) => `${region} ${code} (${phase})`).join('; '),
  });
  const problem = noRegionAnswered(failures, lastErrors, config.runbook);
  const headers = {
    'x-router-region': 'none',
    'x-router-attempts': exchange.attempts.toString(),
    'x-router-reason': decision.reason,
  };
  return { ...problem, headers: { ...problem.headers, ...headers } };
};
