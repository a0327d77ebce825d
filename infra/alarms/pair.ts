/** The two Regions together, as this one sees them: debts, drift, proof, and who is told to work. Each has its own of these. */
import { LIMITS } from '../../functions/domain/limits.ts';
import { type Alarm, type AlarmFacts, FIVE_MINUTES, own, periodsOver, spoken } from './alarm.ts';

type Where = Readonly<{ Region: string; Peer: string }>;

const PROOF_AGE_MAX_SECONDS = (3 * LIMITS.comparisonIntervalMs) / 1000;

/** Counted by every drain; where none is counted, `function-drain-silent` says so, and what was known stays. */
const owed = (where: Where): readonly Alarm[] => [
  {
    name: 'owed-age',
    group: 'pair',
    watches: own('OwedOldestAgeSeconds', where, 'Maximum'),
    periodSeconds: FIVE_MINUTES,
    breaching: 2,
    periods: 2,
    comparison: 'more than',
    threshold: LIMITS.owedLagMs / 1000,
    missing: 'ignore',
    when: `something has been owed to the peer for more than ${spoken(LIMITS.owedLagMs / 1000)}, and is for 10 minutes`,
    means:
      'The peer does not take what people write here. If this Region were lost now, so much would be lost: that is the RPO.',
    first:
      '`twinmap status`: does the peer answer? It is paid by itself as soon as it does; nothing has to be done here.',
  },
  {
    name: 'owed-count',
    group: 'pair',
    watches: own('OwedRecords', where, 'Maximum'),
    periodSeconds: FIVE_MINUTES,
    breaching: 1,
    periods: 1,
    comparison: 'at least',
    threshold: LIMITS.owedCountMax,
    missing: 'ignore',
    when: `${LIMITS.owedCountMax.toLocaleString('en')} records or more are owed to the peer`,
    means: 'The catch-up will take a while, and slows down on purpose so as not to disturb people.',
    first:
      'Nothing while the peer is out. After it is back, watch the number fall; if it does not, read the log of drain.',
  },
];

const equality = (where: Where): readonly Alarm[] => [
  {
    name: 'drift',
    group: 'pair',
    watches: own('DriftStanding', where, 'Maximum'),
    periodSeconds: FIVE_MINUTES,
    breaching: 1,
    periods: 1,
    comparison: 'more than',
    threshold: 0,
    missing: 'ignore',
    when: 'a comparison finds the Regions different, in a way that is neither owed nor part of a cycle',
    means:
      'A DEFECT, or somebody wrote past the program. Repair mends it by the higher version; the keys are in the log.',
    first:
      'Read `proof.difference` in the log of repair: it names the keys. Keep the log. Many at once: pause the repair, then ask why.',
  },
  {
    name: 'peer-not-in-sync',
    group: 'pair',
    watches: own('PeerInSync', where, 'Minimum'),
    periodSeconds: FIVE_MINUTES,
    breaching: 6,
    periods: 6,
    comparison: 'less than',
    threshold: 1,
    missing: 'breaching',
    when: 'the two Regions have not been in sync for 30 minutes',
    means: 'The peer is down, or catching up. A failover to it would lose what it does not have yet.',
    first: '`twinmap status` shows the state and its reason. `catching-up` ends by itself, after two equal roots.',
  },
  {
    name: 'proof-age',
    group: 'pair',
    watches: own('ProofAgeSeconds', where, 'Maximum'),
    periodSeconds: FIVE_MINUTES,
    breaching: 6,
    periods: 6,
    comparison: 'more than',
    threshold: PROOF_AGE_MAX_SECONDS,
    missing: 'breaching',
    when: `the Regions were last compared more than ${spoken(PROOF_AGE_MAX_SECONDS)} ago, or nobody can say`,
    means: 'Nobody knows whether the two are equal. A comparison is due every hour and needs both.',
    first: 'Read the log of repair in both Regions for `proof.not-compared`; `twinmap drift` compares at once.',
  },
];

/**
 * A Region's record of the gate is as old as its last tick, so a flip that went well shows both, or none, for up to an interval:
 * only what lasts longer is told. A peer that can't be read gives no value; `cycle-age` and `peer-not-in-sync` are for that.
 */
const toldToWork = (where: Where, intervalSeconds: number): readonly Alarm[] => {
  const { periodSeconds, periods } = periodsOver(intervalSeconds + 6 * FIVE_MINUTES);
  const breaching = Math.max(1, Math.min(periods, Math.ceil((intervalSeconds + 3 * FIVE_MINUTES) / periodSeconds)));
  const common = { group: 'pair', periodSeconds, breaching, periods, missing: 'notBreaching' } as const;
  return [
    {
      ...common,
      name: 'both-active',
      watches: own('RegionsActive', where, 'Minimum'),
      comparison: 'at least',
      threshold: 2,
      when: 'both Regions have been told to work, for longer than an interval',
      means: 'Only one stack file was applied. The lower epoch is fenced and can not acknowledge: no data is at risk.',
      first: 'Apply the other stack file. `twinmap toggle --active <stack>` writes both, with one epoch.',
    },
    {
      ...common,
      name: 'none-active',
      watches: own('RegionsActive', where, 'Maximum'),
      comparison: 'less than',
      threshold: 1,
      when: 'no Region has been told to work, for longer than an interval',
      means: 'A flip was begun and not ended. Nobody reads the sources; queries are answered from what there is.',
      first: 'Decide who works: `twinmap toggle --active <stack>`, then apply both stack files.',
    },
  ];
};

export const pairAlarms = ({ region, peerRegion, intervalSeconds }: AlarmFacts): readonly Alarm[] => {
  if (peerRegion === undefined) {
    return [];
  }
  const where = { Region: region, Peer: peerRegion };
  return [...owed(where), ...equality(where), ...toldToWork(where, intervalSeconds)];
};
