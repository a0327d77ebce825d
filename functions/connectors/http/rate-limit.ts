/**
 * What a service's headers say about waiting, each in its own dialect: `Retry-After` in seconds or as a date, a reset as seconds
 * from now, as seconds since 1970 or as a date. Times are the service's own, so they are read against its `Date`. Pure.
 */

export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export const headerOf = (headers: AnswerHeaders, name: string): string | null => {
  const value = headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? null);
};

/** The service's own clock; null where it does not say. */
export const sourceTimeOf = (headers: AnswerHeaders): number | null => {
  const time = Date.parse(headerOf(headers, 'date') ?? '');
  return Number.isNaN(time) ? null : time;
};

/** No count of seconds until a reset is this large; a time since 1970 always is. */
const EPOCH_SECONDS_MIN = 100_000_000;
const NUMBER = /^\d{1,15}(?:\.\d+)?$/u;

const waitFor = (value: string | null, sourceNow: number): number | null => {
  if (value === null) {
    return null;
  }
  if (NUMBER.test(value.trim())) {
    const seconds = Number(value);
    return seconds < EPOCH_SECONDS_MIN ? seconds * 1000 : Math.max(0, seconds * 1000 - sourceNow);
  }
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : Math.max(0, time - sourceNow);
};

const RESET_HEADERS = ['x-ratelimit-reset', 'ratelimit-reset'];
const REMAINING_HEADERS = ['x-ratelimit-remaining', 'ratelimit-remaining'];

const isSpent = (headers: AnswerHeaders): boolean => REMAINING_HEADERS.some((name) => headerOf(headers, name) === '0');

export interface Throttle {
  readonly waitMs: number | null;
  /** The service's own word for the limit that was met, for instance `jira-burst-based`. */
  readonly reason: string | null;
}

/**
 * Null unless the answer means "later". GitHub says 403, not 429, when a limit is spent; taken for a lost permission, that
 * would stop a source for nothing.
 */
export const throttleOf = (status: number, headers: AnswerHeaders, ownNow: number): Throttle | null => {
  const retryAfter = headerOf(headers, 'retry-after');
  const throttled = status === 429 || (status === 403 && (isSpent(headers) || retryAfter !== null));
  if (!throttled && !(status === 503 && retryAfter !== null)) {
    return null;
  }
  const sourceNow = sourceTimeOf(headers) ?? ownNow;
  const resets = isSpent(headers) ? RESET_HEADERS.map((name) => waitFor(headerOf(headers, name), sourceNow)) : [];
  const reason = headerOf(headers, 'ratelimit-reason');
  return {
    waitMs: waitFor(retryAfter, sourceNow) ?? resets.find((wait) => wait !== null) ?? null,
    reason: reason !== null && /^[\w.-]{1,60}$/u.test(reason) ? reason : null,
  };
};
