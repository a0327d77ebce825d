/** What one sync came to, and the exit code that says so. Pure. */
import type { ProofSummary } from '../../functions/repair/proof-service.ts';
import type { CycleEnd } from './cycle-watch.ts';

export type Role = 'primary' | 'secondary';

/** What is known of one Region after the sync. */
export interface RegionResult {
  readonly role: Role;
  readonly region: string;
  readonly endpoint: string;
  /** Absent where the Region could not prove anything. */
  readonly proof?: ProofSummary;
  readonly unreachable?: string;
}

export interface NamedDifference {
  readonly store: string;
  readonly key: string;
  readonly kind: string;
}

export interface SyncResult {
  readonly regions: readonly RegionResult[];
  readonly ends: readonly CycleEnd[];
  /** Sources that should have ended. */
  readonly expected: readonly string[];
  readonly noneActive: boolean;
  readonly differences: readonly NamedDifference[];
  readonly failures: readonly string[];
  readonly durationMs: number;
}

export interface Verdict {
  readonly exitCode: number;
  readonly acknowledged: boolean;
  readonly identical: boolean;
  /** Sentences for a person, worst first. */
  readonly findings: readonly string[];
}

const EXIT = { done: 0, error: 1, drift: 2, unreachable: 4, noneActive: 5 } as const;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const describeEnd = ({ source, outcome, fields }: CycleEnd): string => {
  switch (outcome) {
    case 'not-acknowledged':
    case 'fenced': {
      const side = textOf(fields['side']);
      const reason = textOf(fields['reason']);
      const code = textOf(fields['code']);
      return `${source}: not acknowledged, the ${side} Region is ${reason} (${code}) at step "${textOf(fields['step'])}"; the next sync redoes it`;
    }
    default: {
      return `${source}: ${outcome}, ${textOf(fields['message']) || textOf(fields['reason'])}`;
    }
  }
};

const isRegionTrouble = ({ outcome, fields }: CycleEnd): boolean =>
  outcome === 'not-acknowledged' && (fields['reason'] === 'unreachable' || fields['reason'] === 'throttled');

const DIFFERENCES_SHOWN_MAX = 20;

const findingsOf = (result: SyncResult, missing: readonly string[]): string[] => {
  const damaged = result.regions.flatMap(({ role, region, proof }) =>
    (proof?.damaged ?? []).map((key) => `damaged in ${region} (${role}): ${key}`),
  );
  const differences = result.differences.map(({ store, key, kind }) => `differs (${kind}) in ${store}: ${key}`);
  const bad = result.ends.filter(({ outcome }) => outcome !== 'acknowledged');
  return [
    ...result.regions.flatMap(({ role, region, unreachable }) =>
      unreachable === undefined ? [] : [`${region} (${role}) can't be reached: ${unreachable}`],
    ),
    ...damaged.slice(0, DIFFERENCES_SHOWN_MAX),
    ...differences.slice(0, DIFFERENCES_SHOWN_MAX),
    ...(differences.length > DIFFERENCES_SHOWN_MAX ? [`… and ${differences.length - DIFFERENCES_SHOWN_MAX} more`] : []),
    ...bad.map((end) => describeEnd(end)),
    ...missing.map((source) => `${source}: the sync did not end`),
    ...result.failures,
    ...(result.noneActive ? ['no Region is active: twinmap:isActiveForScheduledWork is false in both stacks'] : []),
  ];
};

export const judge = (result: SyncResult): Verdict => {
  const ended = new Set(result.ends.map(({ source }) => source));
  const missing = result.noneActive ? [] : result.expected.filter((source) => !ended.has(source));
  const acknowledged =
    !result.noneActive && missing.length === 0 && result.ends.every(({ outcome }) => outcome === 'acknowledged');
  const roots = new Set(result.regions.map(({ proof }) => proof?.root));
  const proven = result.regions.every(({ proof }) => proof !== undefined);
  const damaged = result.regions.some(({ proof }) => (proof?.damaged.length ?? 0) > 0);
  const identical = proven && roots.size === 1 && !damaged;
  const findings = findingsOf(result, missing);
  const verdict = { acknowledged, identical, findings };
  if (result.regions.some(({ unreachable }) => unreachable !== undefined) || result.ends.some(isRegionTrouble)) {
    return { ...verdict, exitCode: EXIT.unreachable };
  }
  if (proven && !identical && acknowledged) {
    return { ...verdict, exitCode: EXIT.drift };
  }
  if (result.noneActive) {
    return { ...verdict, exitCode: EXIT.noneActive };
  }
  if (damaged) {
    return { ...verdict, exitCode: EXIT.drift };
  }
  return { ...verdict, exitCode: acknowledged ? EXIT.done : EXIT.error };
};

/** The one JSON object of `--json`. */
export const reportOf = (result: SyncResult, verdict: Verdict): Readonly<Record<string, unknown>> => ({
  acknowledged: verdict.acknowledged,
  identical: verdict.identical,
  durationMs: Math.round(result.durationMs),
  regions: Object.fromEntries(
    result.regions.map(({ role, region, endpoint, proof, unreachable }) => [
      role,
      {
        region,
        endpoint,
        documents: proof?.documents ?? null,
        chunks: proof?.chunks ?? null,
        vectors: proof?.vectors ?? null,
        root: proof?.root ?? null,
        stores: proof?.stores ?? null,
        ...(unreachable === undefined ? {} : { unreachable }),
      },
    ]),
  ),
  sources: result.ends.map(({ source, outcome, fields }) => ({
    source,
    outcome,
    mode: fields['mode'] ?? null,
    snapshot: fields['snapshot'] ?? null,
    changed: fields['changed'] ?? null,
    deleted: fields['deleted'] ?? null,
    documents: fields['documents'] ?? null,
    skipped: fields['skipped'] ?? null,
  })),
  differences: result.differences,
  findings: verdict.findings,
  exitCode: verdict.exitCode,
});
