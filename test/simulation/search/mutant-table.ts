/** For each planted mutant: the profile that meets it, and the invariant that has to catch it. */
import type { MutantName } from '../../../functions/domain/mutants.ts';
import type { ProfileName } from '../adversary/plan.ts';
import type { InvariantName } from '../invariants/table.ts';

export interface MutantRow {
  readonly profile: ProfileName;
  readonly invariant: InvariantName;
}

const row = (profile: ProfileName, invariant: InvariantName): MutantRow => ({ profile, invariant });

export const MUTANT_TABLE: Readonly<Record<MutantName, MutantRow>> = {
  'blind-put': row('large-skew', 'versions-never-fall'),
  'clear-before-peer': row('required-only', 'owed-is-marked'),
  'clear-without-version': row('required-only', 'owed-is-marked'),
  'owed-in-second-write': row('required-only', 'owed-is-marked'),
  'no-tombstone': row('collection-heavy', 'commit-is-whole'),
  'tombstone-only-where-record': row('large-skew', 'acknowledged-in-both'),
  'early-collection': row('collection-heavy', 'collected-legally'),
  'collection-without-peer': row('collection-heavy', 'collected-legally'),
  'collection-below-fence': row('collection-heavy', 'collected-legally'),
  'no-fence': row('required-only', 'fence-never-falls'),
  'claim-with-equal': row('required-only', 'acknowledged-once'),
  'claim-at-home-only': row('required-only', 'final-equals-origin'),
  'commit-without-version': row('deferred', 'versions-never-fall'),
  'source-by-put': row('deferred', 'fence-never-falls'),
  'source-in-order': row('deferred', 'source-last'),
  'acknowledge-after-one': row('required-only', 'acknowledged-in-both'),
  'home-first': row('required-only', 'committed-in-peer'),
  'unchanged-at-home': row('required-only', 'commit-is-whole'),
  'new-vector-at-home': row('deferred', 'lists-only-held-chunks'),
  'no-settling': row('deferred', 'owed-is-marked'),
  'no-full-cycle': row('deferred', 'final-equals-origin'),
  'content-only-key': row('collection-heavy', 'lists-only-held-vectors'),
  'one-sided-sweep': row('collection-heavy', 'swept-legally'),
  'sweep-at-once': row('collection-heavy', 'swept-legally'),
  'record-before-vectors': row('required-only', 'lists-only-held-vectors'),
  'query-without-check': row('required-only', 'query-shows-only-listed'),
  'stale-gate': row('required-only', 'gate-epoch-monotone'),
  'reused-epoch': row('required-only', 'gate-epoch-not-reused'),
  'active-on-unknown': row('required-only', 'gate-unknown-is-passive'),
  'gate-not-recorded': row('required-only', 'gate-epoch-monotone'),
  'inline-superseded': row('large-skew', 'edits-not-lost'),
  'drain-clears-first': row('deferred', 'owed-is-marked'),
  'drain-without-vectors': row('deferred', 'lists-only-held-vectors'),
  'resume-redelivered': row('required-only', 'acknowledged-once'),
};
