/**
 * Planted defects for the simulator: each is one switch at the place of the rule that it breaks, and each must be caught by
 * a named invariant. The build replaces every `isMutant(…)` by `false`, so no bundle that is deployed contains one.
 */

export const MUTANTS = [
  'blind-put',
  'clear-before-peer',
  'clear-without-version',
  'owed-in-second-write',
  'no-tombstone',
  'tombstone-only-where-record',
  'early-collection',
  'collection-without-peer',
  'collection-below-fence',
  'no-fence',
  'claim-with-equal',
  'claim-at-home-only',
  'commit-without-version',
  'source-by-put',
  'source-in-order',
  'acknowledge-after-one',
  'home-first',
  'unchanged-at-home',
  'new-vector-at-home',
  'no-settling',
  'no-full-cycle',
  'content-only-key',
  'one-sided-sweep',
  'sweep-at-once',
  'record-before-vectors',
  'query-without-check',
  'stale-gate',
  'reused-epoch',
  'active-on-unknown',
  'gate-not-recorded',
  'inline-superseded',
  'drain-clears-first',
  'drain-without-vectors',
  'resume-redelivered',
] as const;

export type MutantName = (typeof MUTANTS)[number];

let planted: MutantName | undefined;

/** Only the simulator calls this. */
export const plantMutant = (name: MutantName | undefined): void => {
  planted = name;
};

export const isMutant = (name: MutantName): boolean => planted === name;
