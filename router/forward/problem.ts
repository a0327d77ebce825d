/** Errors that the router itself answers: problem+json that says what, why and what next, and names both Regions' last error. */
import type { AttemptFailure } from './attempt.ts';

export interface RouterProblem {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ProblemText {
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

const PROBLEM_HEADERS = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };

export const routerProblem = (
  status: number,
  name: string,
  { what, why, next }: ProblemText,
  extra: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): RouterProblem => ({
  status,
  headers: { ...PROBLEM_HEADERS, ...headers },
  body: JSON.stringify({
    type: `urn:twinmap:problem:router:${name}`,
    title: what,
    status,
    detail: why,
    what,
    why,
    next,
    ...extra,
  }),
});

const FATE: Readonly<Record<AttemptFailure['phase'], string>> = {
  unsent: 'the request never left the router',
  ambiguous: 'it may have been carried out',
  started: 'its answer broke off',
};

/** No Region answered. A write that may have been carried out says so: nobody should repeat it blindly. */
export const noRegionAnswered = (
  failures: readonly AttemptFailure[],
  lastErrors: Readonly<Record<string, string>>,
  runbook: string | undefined,
): RouterProblem => {
  const isTimeout = failures.some(({ code }) => code === 'TIMEOUT' || code === 'EVACUATED');
  const regions = failures.map(({ region, phase, code }) => ({ region, code, phase }));
  const why = failures.map(({ region, phase, code }) => `${region}: ${code}, ${FATE[phase]}`).join('; ');
  const next =
    runbook === undefined
      ? 'Try again in a minute, or ask a Region directly: both endpoints work without the router.'
      : `Try again in a minute, or ask a Region directly. For whoever operates this: ${runbook}`;
  return routerProblem(
    isTimeout ? 504 : 502,
    'no-region',
    { what: 'no Region answered', why, next },
    { regions, lastErrors, ...(runbook === undefined ? {} : { runbook }) },
    { 'retry-after': '5' },
  );
};
