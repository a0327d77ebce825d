/** docs/alarms.md, from the definitions of the alarms: what a person reads who was woken by one. */
import { format, resolveConfig } from 'prettier';

import { parseRegion } from '../../functions/domain/region.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import type { Alarm, AlarmGroup } from '../../infra/alarms/alarm.ts';
import { alarmsOf, GROUPS } from '../../infra/alarms/alarms.ts';
import { alarmFactsOf } from '../../infra/alarms/facts.ts';
import { namesOf } from '../../infra/names.ts';

/** Two Regions that read once an hour: the words are the same everywhere, and waits follow the schedule. */
export const exampleAlarms = (): readonly Alarm[] => {
  const [region, peerRegion] = [parseRegion('us-east-2'), parseRegion('us-west-2')];
  if (region === undefined || peerRegion === undefined) {
    throw new InvariantError('the example Regions have names of Regions');
  }
  const schedule = { expression: 'rate(1 hour)', eventAgeSecondsMax: 1800 };
  const names = namesOf(region, '111122223333');
  return alarmsOf({ ...alarmFactsOf({ schedule, peerRegion, sources: [] }, names), hasSources: true });
};

const INTRODUCTION = [
  '# Alarms',
  '',
  'Each Region has its own alarms, on its own metrics, and tells its own subscribers (`twinmap:alarmSubscribers`). An alarm never switches anything: people decide a failover. Generated from `infra/alarms/` by `npm run inventory`; a test fails where it is stale. The waits are those of an install that reads its sources once an hour.',
  '',
  'An alarm is called `twinmap-<region>-<name>`. A message comes when it fires and when it is over. If a Region is gone, its alarms are gone too: what calls out then is **cycle-age** and **peer-not-in-sync** of the other one.',
  '',
  'With a key of your own (`twinmap:kmsKeyArn`), let `cloudwatch.amazonaws.com` use it (`kms:Decrypt`, `kms:GenerateDataKey*`, for your account): the topic is encrypted under it, and without that no message goes out.',
  '',
];

const MISSING: Readonly<Record<Alarm['missing'], string>> = {
  notBreaching: 'nothing said is good',
  breaching: '**nothing said is bad**',
  ignore: 'nothing said changes nothing',
};

const minutes = (seconds: number): string => (seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds / 60} min`);

const rowOf = (alarm: Alarm): string => {
  const { name, when, breaching, periods, periodSeconds, missing, means, first } = alarm;
  const looked = `${breaching} of ${periods} × ${minutes(periodSeconds)}; ${MISSING[missing]}`;
  return `| <a id="${name}"></a>**${name}** | ${when}<br>_${looked}_ | ${means} | ${first} |`;
};

const sectionOf = (group: AlarmGroup, alarms: readonly Alarm[]): readonly string[] => [
  `## ${GROUPS[group].title}`,
  '',
  GROUPS[group].about,
  '',
  '| Alarm | When | What it means at 3 a.m. | What to do first |',
  '| --- | --- | --- | --- |',
  ...alarms.map(rowOf),
  '',
];

export const alarmsText = async (alarms: readonly Alarm[], file: string): Promise<string> => {
  const byGroup = Object.groupBy(alarms, ({ group }) => group);
  const groups = Object.keys(GROUPS).filter((group): group is AlarmGroup => group in byGroup);
  const text = [...INTRODUCTION, ...groups.flatMap((group) => sectionOf(group, byGroup[group] ?? []))].join('\n');
  return format(text, { ...(await resolveConfig(file)), filepath: file });
};
