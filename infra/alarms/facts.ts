/** What the alarms need to know, from the stack's settings and derived names. */
import type { RegionConfig } from '../config.ts';
import type { RegionNames } from '../names.ts';
import type { AlarmFacts } from './alarm.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };

/** A cron expression has no single interval; without a setting it is taken for daily. */
const CRON_INTERVAL_SECONDS = 86_400;

/** How far apart two ticks are at most. */
const intervalSecondsOf = ({ schedule, cycleIntervalMinutes }: IntervalSettings): number => {
  const rate = /^rate\((?<count>\d+) (?<unit>minute|hour|day)s?\)$/u.exec(schedule.expression)?.groups;
  const unitSeconds = UNIT_SECONDS[rate?.['unit'] ?? ''];
  return unitSeconds === undefined
    ? 60 * (cycleIntervalMinutes ?? CRON_INTERVAL_SECONDS / 60)
    : Number(rate?.['count']) * unitSeconds;
};

type IntervalSettings = Pick<RegionConfig, 'schedule' | 'cycleIntervalMinutes'>;

export const alarmFactsOf = (
  config: IntervalSettings & Pick<RegionConfig, 'peerRegion' | 'sources'>,
  names: RegionNames,
): AlarmFacts => ({
  region: names.region,
  ...(config.peerRegion === undefined ? {} : { peerRegion: config.peerRegion }),
  functions: names.functions,
  tables: names.tables,
  queues: {
    sync: names.syncQueue,
    syncDeadLetters: names.syncDeadLetterQueue,
    scheduleDeadLetters: names.scheduleDeadLetterQueue,
  },
  intervalSeconds: intervalSecondsOf(config),
  hasSources: config.sources.length > 0,
});
