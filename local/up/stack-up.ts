/** What `npm run local:up` answers about one stack, beyond what its Region did: settings that a local pair takes from elsewhere. */
import type { Role } from '../../functions/domain/region.ts';
import type { AppliedGate } from '../region/messages.ts';

export interface UnusedSetting {
  readonly key: string;
  readonly why: string;
}

export interface StackUp extends AppliedGate {
  readonly role: Role;
  readonly region: string;
  /** Changed in the file, and without effect on this machine. */
  readonly notUsed: readonly UnusedSetting[];
}

type Settings = Readonly<Record<string, string>>;

const LOCAL_INSTEAD: readonly UnusedSetting[] = [
  { key: 'twinmap:sources', why: 'npm start reads what its --source options name' },
  { key: 'twinmap:gitLoopbackOrigin', why: 'npm start serves local repositories itself' },
  { key: 'twinmap:homeEndpoints', why: 'npm start puts the addresses of its own Regions here' },
  { key: 'twinmap:peerEndpoints', why: 'npm start puts the addresses of its own Regions here' },
];

const INTERVAL_INSTEAD: UnusedSetting = {
  key: 'twinmap:schedule',
  why: 'npm start was given an --interval, which stays in force',
};

/** A change that does nothing is told: who makes it would wait for its effect. */
export const settingsNotUsed = (
  before: Settings,
  after: Settings,
  intervalMs: number | undefined,
): readonly UnusedSetting[] =>
  [...LOCAL_INSTEAD, ...(intervalMs === undefined ? [] : [INTERVAL_INSTEAD])].filter(
    ({ key }) => (before[key] ?? '') !== (after[key] ?? ''),
  );

interface Place {
  readonly region: string;
  readonly accountId: string;
  readonly config: Settings;
}

/** Why a file can't be brought to this Region; undefined where it can. `other` is the Region that runs beside it. */
export const whyNotUp = (role: Role, running: Place, wanted: Place, other: string): string | undefined => {
  if (running.region !== wanted.region || running.accountId !== wanted.accountId) {
    return (
      `the file is for ${wanted.region} in account ${wanted.accountId}, and the ${role} Region that runs is ${running.region} ` +
      `in ${running.accountId}: another Region or account is another install, not a change of this one`
    );
  }
  const peer = wanted.config['twinmap:peerRegion'] ?? '';
  return peer === other
    ? undefined
    : `the file names ${peer === '' ? 'no Region' : peer} as twinmap:peerRegion, and the Region that runs beside ` +
        `${running.region} is ${other}: the local Regions are always that pair`;
};
