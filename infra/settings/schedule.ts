/** When the dispatch function is called, and how old a late call may be before it is dropped. */
import { type Parsed, type SettingReader, value, wrong } from './setting-reader.ts';

export interface ScheduleSettings {
  readonly expression: string;
  /**
   * Under the interval: a Region that was frozen for a day must not start 24 cycles when it thaws. Cron expressions have
   * no single interval, so they get the smallest one that is allowed.
   */
  readonly eventAgeSecondsMax: number;
}

const INTERVAL_SECONDS_MIN = 300;
const INTERVAL_SECONDS_MAX = 7 * 24 * 3600;
const EVENT_AGE_SECONDS_MAX = 3600;

const UNIT_SECONDS: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };

const rateSeconds = (text: string): number | undefined => {
  const match = /^rate\((\d{1,5}) (minute|hour|day)(s?)\)$/u.exec(text);
  const count = Number(match?.[1]);
  const seconds = UNIT_SECONDS[match?.[2] ?? ''];
  const pluralFits = (match?.[3] === 's') === (count !== 1);
  return seconds === undefined || !pluralFits ? undefined : count * seconds;
};

const scheduleText = (text: string): Parsed<ScheduleSettings> => {
  if (/^cron\(\S+ \S+ \S+ \S+ \S+ \S+\)$/u.test(text)) {
    return value({ expression: text, eventAgeSecondsMax: INTERVAL_SECONDS_MIN / 2 });
  }
  const seconds = rateSeconds(text);
  if (seconds === undefined) {
    return wrong(`is ${JSON.stringify(text)}, which is neither rate(1 hour), rate(15 minutes) nor cron(0 * * * ? *)`);
  }
  if (seconds < INTERVAL_SECONDS_MIN || seconds > INTERVAL_SECONDS_MAX) {
    return wrong(`is ${text}, but the interval must be from 5 minutes to 7 days`);
  }
  return value({ expression: text, eventAgeSecondsMax: Math.min(seconds / 2, EVENT_AGE_SECONDS_MAX) });
};

export const readSchedule = (reader: SettingReader): ScheduleSettings | undefined =>
  reader.withDefault(
    {
      key: 'twinmap:schedule',
      meaning: 'when the sources are read',
      mend: "twinmap:schedule 'rate(1 hour)'",
      parse: scheduleText,
    },
    { expression: 'rate(1 hour)', eventAgeSecondsMax: 1800 },
  );
