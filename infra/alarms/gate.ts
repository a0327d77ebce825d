/**
 * What is wrong with the gate. Each reading of it says zero or one for every trouble, so a trouble that is mended clears with the
 * next reading, and silence in between changes nothing. A Region that is passive because its document says so has no trouble.
 */
import { type Alarm, type AlarmFacts, FIVE_MINUTES, own } from './alarm.ts';

interface Trouble {
  readonly name: string;
  /** As `functions/gate/gate.ts` counts it. */
  readonly trouble: string;
  readonly when: string;
  readonly means: string;
  readonly first: string;
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'gate-document-ignored',
    trouble: 'ignored',
    when: 'AppConfig serves a gate document with a lower epoch than this Region has seen',
    means:
      'An old stack file was applied after a failover. It is ignored: the newer orders stay in force, and nothing flips.',
    first: 'Bring the stack file of this Region to the epoch that `twinmap status` shows, and apply it.',
  },
  {
    name: 'gate-epoch-reused',
    trouble: 'reused',
    when: 'the gate document was changed and its epoch was not',
    means:
      'Somebody toggled by hand and forgot the epoch. This Region is passive until that is mended, and reads no source.',
    first: 'Raise `twinmap:gateEpoch` in both stack files and apply both; the log line `gate.decided` has the command.',
  },
  {
    name: 'gate-fenced',
    trouble: 'fenced',
    when: 'this Region is told to work, and the other one works under a newer fence',
    means: 'Both Regions were told to work. This one lost, and can not acknowledge anything: no data is at risk.',
    first: 'Decide which one works: `twinmap status`, then `twinmap toggle --active <stack>` and apply both files.',
  },
  {
    name: 'gate-invalid',
    trouble: 'invalid',
    when: "the gate document, or this Region's record of it, does not have its form",
    means: 'Somebody wrote the document by hand. This Region is passive until that is mended, and reads no source.',
    first: 'Apply the stack file of this Region again, with the epoch raised by one in both files.',
  },
  {
    name: 'gate-unreadable',
    trouble: 'unreadable',
    when: "AppConfig, or this Region's record of the gate, could not be read",
    means: 'Unknown is passive: this Region skips its cycles. Queries are answered all the same.',
    first: 'See whether AppConfig and DynamoDB work in this Region. Does it last for two intervals, consider failover.',
  },
];

export const gateAlarms = ({ region }: AlarmFacts): readonly Alarm[] =>
  TROUBLES.map(({ name, trouble, when, means, first }) => ({
    name,
    group: 'gate',
    watches: own('GateTrouble', { Region: region, Trouble: trouble }, 'Maximum'),
    periodSeconds: FIVE_MINUTES,
    breaching: 1,
    periods: 1,
    comparison: 'at least',
    threshold: 1,
    missing: 'ignore',
    when,
    means,
    first,
  }));
