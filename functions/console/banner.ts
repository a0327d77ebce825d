/** What is degraded, in words: since when, what still works, what does not. Pure; nothing is said where nothing is wrong. */
import type { Read } from './console-api.ts';
import type { RegionStatus } from './status.ts';
import { ago, counted, duration, moment, sentence } from './words.ts';

export interface Notice {
  readonly level: 'bad' | 'warn' | 'note';
  readonly what: string;
  readonly works: string;
  readonly fails: string;
  readonly since: string;
}

const READS = 'Reading, searching and the answers of an incident, which come from this Region alone.';

const sinceOf = (sinceMs: number | undefined, nowMs: number): string =>
  sinceMs === undefined ? `Seen at ${moment(nowMs)}.` : `Since ${moment(sinceMs)} (${ago(sinceMs, nowMs)}).`;

const owedText = ({ replication }: RegionStatus): string => {
  const owed = replication?.owed;
  if (owed === undefined || owed === null) {
    return 'How much is owed is not known here.';
  }
  const age = owed.oldestAgeMs === null ? '' : `, the oldest for ${duration(owed.oldestAgeMs)}`;
  return owed.count === 0 ? 'Nothing is owed.' : `${counted(owed.count, 'record')} owed${age}.`;
};

const replicationNotices = (status: RegionStatus, nowMs: number): readonly Notice[] => {
  const { replication, peerRegion } = status;
  const peer = peerRegion ?? 'The other Region';
  const since = sinceOf(replication?.since, nowMs);
  switch (replication?.state) {
    case 'down': {
      return [
        {
          level: 'bad',
          what: `${peer} does not answer.`,
          works: `${READS} What people change is kept here and owed to ${peer}.`,
          fails: `Cycles are not acknowledged until it answers again, or a person declares its outage. ${owedText(status)}`,
          since,
        },
      ];
    }
    case 'catching-up': {
      return [
        {
          level: 'warn',
          what: `${peer} is catching up.`,
          works: READS,
          fails: `${peer} may answer with older contents, and the two are not proven equal. ${owedText(status)}`,
          since,
        },
      ];
    }
    case 'unknown': {
      return [
        {
          level: 'note',
          what: `Whether ${peer} holds the same is not known: ${replication.reason ?? 'no reason is given'}.`,
          works: 'Everything, in this Region.',
          fails: 'Nothing is known to fail; the proof of equality is missing.',
          since,
        },
      ];
    }
    case 'in-sync':
    case undefined: {
      return [];
    }
  }
};

const gateNotices = ({ gate, region, peerRegion }: RegionStatus, nowMs: number): readonly Notice[] => [
  ...(gate.state === 'unknown'
    ? [
        {
          level: 'bad' as const,
          what: `The gate of ${region} can't be read: ${gate.reason}.`,
          works: READS,
          fails: 'Scheduled work here: a Region that does not know whether it is active is passive.',
          since: sinceOf(undefined, nowMs),
        },
      ]
    : []),
  ...(gate.peerWrites === 'deferred'
    ? [
        {
          level: 'warn' as const,
          what: `A person has declared ${peerRegion ?? 'the other Region'} out.`,
          works: `${READS} Cycles commit in one Region alone.`,
          fails: 'No cycle is acknowledged: what they bring is owed to the other Region.',
          since: `In force with epoch ${gate.epoch ?? 'unknown'}.`,
        },
      ]
    : []),
];

const partNotice = (what: string, nowMs: number): Notice => ({
  level: 'warn',
  what: sentence(what),
  works: 'What is shown on this page is right as far as it goes.',
  fails: 'It may be incomplete.',
  since: sinceOf(undefined, nowMs),
});

export const noticesOf = (
  status: Read<RegionStatus>,
  pageDegraded: readonly string[],
  nowMs: number,
): readonly Notice[] => {
  const isPeerDown = status.kind === 'read' && status.value.replication?.state === 'down';
  const peer = status.kind === 'read' ? (status.value.peerRegion ?? '') : '';
  const own = pageDegraded
    // Told already, with what it means.
    .filter((what) => !(isPeerDown && what.startsWith(`${peer} does not answer`)))
    .map((what) => partNotice(what, nowMs));
  if (status.kind === 'refused') {
    return [
      {
        level: 'bad',
        what: `The state of this Region can't be told: ${status.trouble.what}.`,
        works: 'Perhaps the rest of this page.',
        fails: status.trouble.why,
        since: sinceOf(undefined, nowMs),
      },
      ...own,
    ];
  }
  const { gate, degraded } = status.value;
  return [
    ...gateNotices(status.value, nowMs),
    ...replicationNotices(status.value, nowMs),
    // The gate's own trouble is told above, with what it means.
    ...degraded.filter((what) => what !== gate.reason).map((what) => partNotice(what, nowMs)),
    ...own,
  ];
};
