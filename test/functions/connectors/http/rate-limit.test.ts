/** Every dialect of "later" is one wait, read against the service's own clock. */
import { describe, expect, it } from 'vitest';

import { type AnswerHeaders, throttleOf } from '../../../../functions/connectors/http/rate-limit.ts';

const DATE = 'Mon, 05 Jan 2026 08:00:00 GMT';
const SOURCE_NOW = Date.parse(DATE);
const OWN_NOW = Date.parse('2031-01-01T00:00:00Z');
const seconds = (ms: number): string => String(Math.floor(ms / 1000));

describe('a request for patience', () => {
  it.each<readonly [string, number, AnswerHeaders, number | null]>([
    ['seconds', 429, { 'retry-after': '7' }, 7000],
    [
      'a date, by the clock of the service',
      429,
      { 'retry-after': 'Mon, 05 Jan 2026 08:01:00 GMT', date: DATE },
      60_000,
    ],
    ['no word of how long', 429, {}, null],
    ['503 with a wait', 503, { 'retry-after': '3' }, 3000],
    [
      'GitHub: 403 with a spent limit and a reset since 1970',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': seconds(SOURCE_NOW + 90_000), date: DATE },
      90_000,
    ],
    ['GitHub: a burst, 403 with a wait', 403, { 'retry-after': '60' }, 60_000],
    [
      'Atlassian: a reset as a date',
      429,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2026-01-05T08:00:30Z', date: DATE },
      30_000,
    ],
    [
      'PagerDuty: seconds until the reset',
      429,
      { 'ratelimit-remaining': '0', 'ratelimit-reset': '12', date: DATE },
      12_000,
    ],
    [
      'a reset that has passed',
      429,
      { 'ratelimit-remaining': '0', 'ratelimit-reset': seconds(SOURCE_NOW - 5000), date: DATE },
      0,
    ],
    [
      'a reset of a limit that is not spent says nothing',
      429,
      { 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': '5' },
      null,
    ],
  ])('%s', (_title, status, headers, waitMs) => {
    expect(throttleOf(status, headers, OWN_NOW)?.waitMs).toBe(waitMs);
  });

  it('a forbidden page is no throttle while the limit is not spent', () => {
    expect(throttleOf(403, { 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': '1' }, OWN_NOW)).toBeNull();
    expect(throttleOf(503, {}, OWN_NOW)).toBeNull();
  });

  it("Jira's reason is passed on when it is a word, and nothing else is", () => {
    expect(throttleOf(429, { 'ratelimit-reason': 'jira-burst-based' }, OWN_NOW)?.reason).toBe('jira-burst-based');
    expect(throttleOf(429, { 'ratelimit-reason': 'a sentence, <b>quoted</b>' }, OWN_NOW)?.reason).toBeNull();
  });
});
