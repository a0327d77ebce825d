/** How long silence is normal, and which secrets the Region keeps. Who hears of alarms stands with the customer's other rules. */
import { z } from 'zod';

import { json, wholeNumber } from './parsers.ts';
import type { SettingReader } from './setting-reader.ts';

export interface ObservabilitySettings {
  /** Where a cron schedule is used: how far apart two of its ticks are at most. */
  readonly cycleIntervalMinutes?: number;
  /** Names only: a value never passes through this program. */
  readonly secrets: readonly string[];
}

const SECRETS_MAX = 20;
const INTERVAL_MINUTES_MIN = 5;
const INTERVAL_MINUTES_MAX = 7 * 24 * 60;

/**
 * The name is what `secretsmanager:NAME` refers to, the same in both Regions. Secrets Manager ends ARNs with a dash and six
 * characters, and takes a name that does so itself for an ARN.
 */
const secretName = z
  .string()
  .regex(/^[a-zA-Z0-9][\w/+=.@-]{0,199}$/u, 'not a name of letters, digits and /_+=.@-')
  .regex(/^(?!.*-[a-zA-Z0-9]{6}$)/u, 'ends with a dash and six characters, as the ARN of a secret does');

const secretNames = z
  .array(secretName)
  .max(SECRETS_MAX)
  .refine((names) => new Set(names).size === names.length, 'a name stands twice');

export const readObservability = (reader: SettingReader): ObservabilitySettings | undefined => {
  const cycleIntervalMinutes = reader.optional({
    key: 'twinmap:cycleIntervalMinutes',
    meaning: 'how far apart two ticks of a cron schedule are at most',
    mend: 'twinmap:cycleIntervalMinutes 1440',
    parse: wholeNumber(INTERVAL_MINUTES_MIN, INTERVAL_MINUTES_MAX),
  });
  const secrets = reader.withDefault(
    {
      key: 'twinmap:secrets',
      meaning: 'which secrets this Region keeps',
      mend: "--path 'twinmap:secrets[0]' twinmap/github",
      parse: json(secretNames, 'a list of names'),
    },
    [],
  );
  return secrets === undefined
    ? undefined
    : { secrets, ...(cycleIntervalMinutes === undefined ? {} : { cycleIntervalMinutes }) };
};
