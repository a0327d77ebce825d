/**
 * The schedule expressions of EventBridge Scheduler. `rate(…)` runs locally as it is; `cron(…)` is checked for its form, so that
 * a typo is found here, and runs only at an interval that a person gives.
 */
import { ConfigError } from '../../functions/domain/errors.ts';

export type ScheduleExpression =
  | { readonly kind: 'rate'; readonly intervalMs: number }
  | { readonly kind: 'cron'; readonly fields: readonly string[] };

const MINUTE_MS = 60_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  minute: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: 24 * 60 * MINUTE_MS,
};

const CRON_FIELD_NAMES = ['minutes', 'hours', 'day of month', 'month', 'day of week', 'year'] as const;
const CRON_FIELD = /^[0-9A-Za-z,\-*?/#]+$/u;

const refuse = (expression: string, why: string): never => {
  throw new ConfigError(
    `The schedule expression ${JSON.stringify(expression)} ${why}. Write for instance "rate(1 hour)" or "cron(0 * * * ? *)".`,
  );
};

const parseRate = (expression: string, inner: string): ScheduleExpression => {
  const found = /^(\d+) (minute|hour|day)s?$/u.exec(inner);
  const value = Number(found?.[1]);
  const unitMs = UNIT_MS[found?.[2] ?? ''];
  if (unitMs === undefined || !Number.isSafeInteger(value) || value < 1) {
    return refuse(expression, 'is no rate: it needs a whole number from 1 and minutes, hours or days');
  }
  return { kind: 'rate', intervalMs: value * unitMs };
};

const parseCron = (expression: string, inner: string): ScheduleExpression => {
  const fields = inner.split(/\s+/u);
  if (fields.length !== CRON_FIELD_NAMES.length) {
    return refuse(
      expression,
      `has ${fields.length} fields; a cron expression has six (${CRON_FIELD_NAMES.join(', ')})`,
    );
  }
  const wrong = fields.findIndex((field) => !CRON_FIELD.test(field));
  if (wrong !== -1) {
    return refuse(expression, `has ${JSON.stringify(fields[wrong])} as its field "${CRON_FIELD_NAMES[wrong]}"`);
  }
  if ((fields[2] === '?') === (fields[4] === '?')) {
    return refuse(expression, 'needs "?" in exactly one of day of month and day of week');
  }
  return { kind: 'cron', fields };
};

export const parseScheduleExpression = (expression: string): ScheduleExpression => {
  const found = /^(rate|cron|at)\((.*)\)$/u.exec(expression.trim());
  const [kind = '', inner = ''] = found?.slice(1) ?? [];
  switch (kind) {
    case 'rate':
      return parseRate(expression, inner.trim());
    case 'cron':
      return parseCron(expression, inner.trim());
    case 'at':
      return refuse(expression, 'fires once; a schedule of Twinmap repeats');
    default:
      return refuse(expression, 'is neither rate(…) nor cron(…)');
  }
};
