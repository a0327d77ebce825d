/** The audit log: that nobody else writes it, that it is sealed, and that every action is in it. */
import { type Alarm, type AlarmFacts, FIVE_MINUTES, own } from './alarm.ts';

const HOUR = 3600;

export const auditAlarms = ({ region }: AlarmFacts): readonly Alarm[] => [
  {
    name: 'audit-damaged',
    group: 'audit',
    watches: own('AuditAlarm', { Region: region }, 'Maximum'),
    periodSeconds: FIVE_MINUTES,
    breaching: 1,
    periods: 1,
    comparison: 'at least',
    threshold: 1,
    missing: 'ignore',
    when: "the chain, a signature or the peer's heads are not what this Region wrote or witnessed",
    means: 'SECURITY. Somebody changed what only this Region writes, or a table was restored without rejoining.',
    first:
      '`twinmap audit verify` names the events. Was nothing restored, then call security before you mend anything.',
  },
  {
    name: 'audit-unsealed',
    group: 'audit',
    watches: own('AuditUnsealed', { Region: region }, 'Minimum'),
    periodSeconds: FIVE_MINUTES,
    breaching: 3,
    periods: 3,
    comparison: 'more than',
    threshold: 0,
    missing: 'ignore',
    when: 'events wait to be sealed for 15 minutes',
    means: 'More is written than each minute seals, or the events of an outage are worked off.',
    first: 'Watch it fall. If it grows, read the log of audit.',
  },
  {
    name: 'audit-missing',
    group: 'audit',
    watches: own('AuditMissing', { Region: region }, 'Sum'),
    periodSeconds: HOUR,
    breaching: 1,
    periods: 1,
    comparison: 'at least',
    threshold: 1,
    missing: 'notBreaching',
    when: 'something was done, and its audit event could be written to neither Region',
    means: "The audit log has a gap. The action itself is done, and in the function's log.",
    first: 'Keep the log group: it is the evidence. Both audit tables were out of reach: look for why.',
  },
];
