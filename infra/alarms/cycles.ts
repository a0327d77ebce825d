/** Cycles: that one is committed at all, whoever does it, and how those of this Region end. */
import { type Alarm, type AlarmFacts, FIVE_MINUTES, own, periodOf, spoken } from './alarm.ts';

/**
 * The dead-man. Each Region reads it from its own tables, where the active Region's cycles arrive: so the passive one has no
 * silence of its own, and is the one that calls out when the active Region is gone. No value means that nobody can say.
 */
const age = ({ region, intervalSeconds, peerRegion }: AlarmFacts): Alarm => ({
  name: 'cycle-age',
  group: 'cycles',
  watches: own('CycleAgeSeconds', { Region: region }, 'Maximum'),
  periodSeconds: FIVE_MINUTES,
  breaching: 3,
  periods: 3,
  comparison: 'more than',
  threshold: 2 * intervalSeconds,
  missing: 'breaching',
  when: `no cycle has been committed for two intervals (${spoken(2 * intervalSeconds)}), or nobody can say`,
  means:
    peerRegion === undefined
      ? 'Nothing is read from the sources. Queries are answered from what there is.'
      : 'No Region reads the sources, or what is read does not reach this Region. Nothing promotes itself: a person decides.',
  first:
    peerRegion === undefined
      ? 'Read the newest `gate.decided` and `cycle.finished`. A new install shows this until its first cycle.'
      : '`twinmap status`: is the active Region up? If not, CONSIDER FAILOVER. A new install shows this until its first cycle.',
});

interface Ending {
  readonly name: string;
  readonly outcome: string;
  /** Intervals in a row. */
  readonly intervals: number;
  readonly when: string;
  readonly means: string;
  readonly first: string;
}

const ENDINGS: readonly Ending[] = [
  {
    name: 'cycle-not-acknowledged',
    outcome: 'not-acknowledged',
    intervals: 1,
    when: 'a cycle stopped because a Region did not take what it wrote',
    means: 'What was read is not in both Regions, so the cursor did not move; the next cycle does all of it again.',
    first:
      'See which store of which Region fails (`writes-…`). Is the peer gone for long, a person may declare it: `peerWrites`.',
  },
  {
    name: 'cycle-fenced',
    outcome: 'fenced',
    intervals: 1,
    when: 'a cycle was stopped by a newer fence of the other Region',
    means: 'Two Regions work. This one lost and wrote nothing that counts.',
    first:
      '`twinmap status` says who is told to work. Toggle one of them, with a higher epoch, and apply both stack files.',
  },
  {
    name: 'cycle-source-failed',
    outcome: 'source-failed',
    intervals: 2,
    when: 'a source could not be read in two intervals in a row',
    means: 'A git host or a SaaS product does not answer, or refuses our credential. Its last state stays queryable.',
    first:
      'Read `cycle.finished` for the source and the reason. Expired tokens are the usual one: put a new value, in both Regions.',
  },
  {
    name: 'cycle-rejected',
    outcome: 'rejected',
    intervals: 1,
    when: 'a message on the sync queue names no source, or has no form',
    means: 'A source was taken out while its message waited, or somebody else writes to the queue.',
    first: 'Was a source removed just now, then nothing. Otherwise see who may send to the queue.',
  },
];

const DEFERRED: Ending = {
  name: 'cycle-deferred',
  outcome: 'deferred',
  intervals: 1,
  when: 'a cycle was committed in this Region only, because a person declared the peer out',
  means:
    'DEGRADED, on purpose. Nothing is acknowledged: what `owed-age` and `owed-count` say would be lost with this Region.',
  first: 'Nothing, while the peer is out. Is it back: `twinmap failback`, which waits for the debts, and ends this.',
};

const ended =
  ({ region, intervalSeconds }: AlarmFacts) =>
  ({ name, outcome, intervals, when, means, first }: Ending): Alarm => ({
    name,
    group: 'cycles',
    watches: own('Cycle', { Region: region, Outcome: outcome }, 'Sum'),
    periodSeconds: periodOf(intervalSeconds),
    breaching: intervals,
    periods: intervals,
    comparison: 'at least',
    threshold: 1,
    missing: 'notBreaching',
    when,
    means,
    first,
  });

/** Of a source, by all sources of the Region: a credential that is not accepted mends itself for nobody. */
const refused = ({ region, intervalSeconds }: AlarmFacts): Alarm => ({
  name: 'source-refused',
  group: 'cycles',
  watches: own('SourceRefused', { Region: region }, 'Sum'),
  periodSeconds: periodOf(intervalSeconds),
  breaching: 1,
  periods: 1,
  comparison: 'at least',
  threshold: 1,
  missing: 'notBreaching',
  when: 'a source refused our credential as a whole',
  means: 'Nothing of it is read any more, and nothing of it is deleted: what is indexed stays, and grows old.',
  first:
    '`twinmap source list` names it and says what to do. Put a new value into its secret, in both Regions, then `twinmap source sync`.',
});

export const cycleAlarms = (facts: AlarmFacts): readonly Alarm[] => [
  ...(facts.hasSources ? [age(facts)] : []),
  ...ENDINGS.map(ended(facts)),
  refused(facts),
  ...(facts.peerRegion === undefined ? [] : [ended(facts)(DEFERRED)]),
];
