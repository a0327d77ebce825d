/** How far apart two ticks of a schedule are, for people who want to know when a source is read next. */

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  millisecond: 1,
};

/** Of `rate(1 hour)`; a cron expression has no one distance. A local run may tick by the millisecond. */
export const parseScheduleMs = (expression: string | undefined): number | undefined => {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day|millisecond)s?\)$/u.exec(expression ?? '') ?? [];
  const ms = Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  return ms > 0 ? ms : undefined;
};
