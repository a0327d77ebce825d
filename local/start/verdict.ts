/** What one sync came to, and the exit code that says so. Pure. */
import type { Role } from '../../functions/domain/region.ts';
import { EXIT } from '../../ops/command.ts';
import type { ProofSummary } from '../../functions/repair/proof-service.ts';
import type { CycleEnd, DispatchEnd } from './cycle-watch.ts';

/** What is known of one Region after the sync. */
export interface RegionResult {
  readonly role: Role;
  readonly region: string;
  readonly endpoint: string;
  /** Absent where the Region could not prove anything. */
  readonly proof?: ProofSummary;
  /** Why there is no proof. */
  readonly unproven?: string;
  /** With `unproven`: the Region or its stores can't be reached, as opposed to a proof that failed. */
  readonly unreachable?: boolean;
}

export interface NamedDifference {
  readonly store: string;
  readonly key: string;
  readonly kind: string;
  /** Marked for the other Region, and on its way there. */
  readonly owed: boolean;
}

export interface SyncResult {
  readonly regions: readonly RegionResult[];
  readonly ends: readonly CycleEnd[];
  /** Sources that should have ended. */
  readonly expected: readonly string[];
  /** How each Region's dispatch ended; absent where it said nothing. */
  readonly dispatches: readonly { readonly region: string; readonly end: DispatchEnd | undefined }[];
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
    case 'deferred': {
      const { owedRecords, owedOldestAgeMs } = fields;
      const debt =
        typeof owedRecords === 'number' && typeof owedOldestAgeMs === 'number'
          ? `owes the other ${owedRecords} records, the oldest for ${(owedOldestAgeMs / 1000).toFixed(0)} s`
          : 'what it owes the other could not be read';
      return `${source}: degraded, not acknowledged: peer writes are deferred, one Region committed alone and ${debt}`;
    }
    default: {
      return `${source}: ${outcome}, ${textOf(fields['message']) || textOf(fields['reason'])}`;
    }
  }
};

const isRegionTrouble = ({ outcome, fields }: CycleEnd): boolean =>
  outcome === 'not-acknowledged' && (fields['reason'] === 'unreachable' || fields['reason'] === 'throttled');

/** Gate reasons that mean "not known", and a queue that did not take a message: trouble, not somebody's decision. */
const TROUBLE_REASONS: ReadonlySet<string> = new Set([
  'document-unreadable',
  'document-invalid',
  'record-unreadable',
  'record-invalid',
]);

const isTrouble = (end: DispatchEnd | undefined): boolean =>
  end !== undefined && (end.kind === 'queue-failed' || TROUBLE_REASONS.has(end.reason));

const isDegraded = ({ ends }: SyncResult): boolean => ends.some(({ outcome }) => outcome === 'deferred');

const isNoneActive = ({ dispatches }: SyncResult): boolean =>
  dispatches.every(({ end }) => end?.kind === 'passive' && !isTrouble(end));

const DIFFERENCES_SHOWN_MAX = 20;

const findingsOf = (result: SyncResult, missing: readonly string[]): string[] => {
  const damaged = result.regions.flatMap(({ role, region, proof }) =>
    (proof?.damaged ?? []).map((key) => `damaged in ${region} (${role}): ${key}`),
  );
  const differences = result.differences.map(({ store, key, kind }) => `differs (${kind}) in ${store}: ${key}`);
  const bad = result.ends.filter(({ outcome }) => outcome !== 'acknowledged');
  return [
    ...result.regions.flatMap(({ role, region, unproven, unreachable }) =>
      unproven === undefined
        ? []
        : [`${region} (${role}) ${unreachable === true ? "can't be reached" : 'has no proof'}: ${unproven}`],
    ),
    ...result.dispatches.flatMap(({ region, end }) =>
      isTrouble(end) ? [`${region} did not start a sync: ${end?.detail ?? ''} (${end?.reason ?? ''})`] : [],
    ),
    ...damaged.slice(0, DIFFERENCES_SHOWN_MAX),
    ...differences.slice(0, DIFFERENCES_SHOWN_MAX),
    ...(differences.length > DIFFERENCES_SHOWN_MAX ? [`… and ${differences.length - DIFFERENCES_SHOWN_MAX} more`] : []),
    ...bad.map((end) => describeEnd(end)),
    ...missing.map((source) => `${source}: the sync did not end`),
    ...result.failures,
    ...(isNoneActive(result)
      ? [
          `no Region is active: ${result.dispatches.map(({ region, end }) => `${region} ${end?.detail ?? ''}`).join('; ')}`,
        ]
      : []),
  ];
};

export const judge = (given: SyncResult): Verdict => {
  // A message of another start, for a source that is not configured now, says nothing about this sync.
  const result = { ...given, ends: given.ends.filter(({ source }) => given.expected.includes(source)) };
  const ended = new Set(result.ends.map(({ source }) => source));
  const noneActive = isNoneActive(result);
  const troubled = result.dispatches.some(({ end }) => isTrouble(end)) && ended.size < result.expected.length;
  const missing = noneActive || troubled ? [] : result.expected.filter((source) => !ended.has(source));
  const acknowledged =
    ended.size === result.expected.length && result.ends.every(({ outcome }) => outcome === 'acknowledged');
  const roots = new Set(result.regions.map(({ proof }) => proof?.root));
  const proven = result.regions.every(({ proof }) => proof !== undefined);
  const damaged = result.regions.some(({ proof }) => (proof?.damaged.length ?? 0) > 0);
  const identical = proven && roots.size === 1 && !damaged;
  const verdict = { acknowledged, identical, findings: findingsOf(result, missing) };
  if (troubled || result.regions.some(({ unreachable }) => unreachable === true) || result.ends.some(isRegionTrouble)) {
    return { ...verdict, exitCode: EXIT.unreachable };
  }
  if (damaged || (proven && !identical && acknowledged)) {
    return { ...verdict, exitCode: EXIT.drift };
  }
  if (noneActive) {
    return { ...verdict, exitCode: EXIT.noneActive };
  }
  if (isDegraded(result) && result.ends.every(({ outcome }) => outcome === 'acknowledged' || outcome === 'deferred')) {
    // A declared outage: one Region is ahead of the other by what it owes, and both are fine.
    return { ...verdict, exitCode: EXIT.drift };
  }
  return { ...verdict, exitCode: acknowledged && proven ? EXIT.done : EXIT.error };
};

/** The one JSON object of `--json`. */
export const reportOf = (result: SyncResult, verdict: Verdict): Readonly<Record<string, unknown>> => ({
  acknowledged: verdict.acknowledged,
  degraded: isDegraded(result),
  identical: verdict.identical,
  durationMs: Math.round(result.durationMs),
  regions: Object.fromEntries(
    result.regions.map(({ role, region, endpoint, proof, unproven }) => [
      role,
      {
        region,
        endpoint,
        documents: proof?.documents ?? null,
        chunks: proof?.chunks ?? null,
        vectors: proof?.vectors ?? null,
        root: proof?.root ?? null,
        stores: proof?.stores ?? null,
        ...(unproven === undefined ? {} : { unproven }),
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

const NOTHING = { region: null, endpoint: null, documents: null, chunks: null, vectors: null, root: null };

/** The same object for a start that ended before there was anything to judge. */
export const earlyReport = (
  error: string,
  exitCode: number,
  durationMs: number,
): Readonly<Record<string, unknown>> => ({
  acknowledged: false,
  identical: false,
  durationMs: Math.round(durationMs),
  regions: { primary: NOTHING, secondary: NOTHING },
  error,
  exitCode,
});
