/** When a call is tried again: never after a failed look-up, never beyond its bound, and never without end. */
import { describe, expect, it } from 'vitest';

import type { CallBounds } from '../../../functions/aws/call-bounds.ts';
import { BoundedRetry, type RetryErrorInfo, type RetryToken } from '../../../functions/aws/retry.ts';

const BOUNDS: CallBounds = { connectTimeoutMs: 100, callTimeoutMs: 5000, attemptsMax: 3 };
const TRANSIENT: RetryErrorInfo = {
  errorType: 'TRANSIENT',
  error: Object.assign(new Error('x'), { code: 'ECONNRESET' }),
};
const THROTTLED: RetryErrorInfo = { errorType: 'THROTTLING' };

const open = (
  bounds: Partial<CallBounds> = {},
): { readonly retry: BoundedRetry; readonly clock: { nowMs: number } } => {
  const clock = { nowMs: 1_000_000 };
  return { retry: new BoundedRetry({ ...BOUNDS, ...bounds }, () => clock.nowMs), clock };
};

/** The delays of one call's attempts until it gives up. */
const delaysOf = async (retry: BoundedRetry, info: RetryErrorInfo): Promise<readonly number[]> => {
  const delays: number[] = [];
  let token: RetryToken = await retry.acquireInitialRetryToken('');
  for (;;) {
    try {
      token = await retry.refreshRetryTokenForRetry(token, info);
      delays.push(token.getRetryDelay());
    } catch {
      // The end of the call; what it ended with is the SDK's to throw.
      return delays;
    }
  }
};

describe('BoundedRetry', () => {
  it('tries what may be better in a moment as often as the bounds say, waiting longer each time', async () => {
    const delays = await delaysOf(open().retry, TRANSIENT);
    expect(delays).toHaveLength(2);
    expect(
      [delays[0], delays[1]].map((delay, at) => delay !== undefined && delay >= 25 * 2 ** at && delay <= 50 * 2 ** at),
    ).toEqual([true, true]);
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN', 'ENODATA', 'ESERVFAIL', 'ETIMEOUT', 'EREFUSED'])(
    'does not try a look-up again that failed with %s',
    async (code) => {
      const failure = Object.assign(new Error('dns'), { code });
      expect(await delaysOf(open().retry, { errorType: 'TRANSIENT', error: failure })).toEqual([]);
      const wrapped = new Error('outer', { cause: failure });
      expect(await delaysOf(open().retry, { errorType: 'TRANSIENT', error: wrapped })).toEqual([]);
    },
  );

  it.each(['CLIENT_ERROR', 'SERVER_ERROR'] as const)('does not try a %s again', async (errorType) => {
    expect(await delaysOf(open().retry, { errorType })).toEqual([]);
  });

  it('gives up at once where the wait would outlast the call: the reason is then what was met, not the time', async () => {
    expect(await delaysOf(open({ callTimeoutMs: 500 }).retry, THROTTLED)).toEqual([]);
    const { retry, clock } = open({ callTimeoutMs: 2000 });
    const token = await retry.acquireInitialRetryToken('');
    clock.nowMs += 1500;
    await expect(retry.refreshRetryTokenForRetry(token, THROTTLED)).rejects.toThrow('');
    clock.nowMs -= 1400;
    expect((await retry.refreshRetryTokenForRetry(token, THROTTLED)).getRetryDelay()).toBeGreaterThanOrEqual(500);
  });

  it('waits as long as a server asks for, where that fits', async () => {
    const { retry, clock } = open();
    const hint = (ms: number): RetryErrorInfo => ({ ...THROTTLED, retryAfterHint: new Date(clock.nowMs + ms) });
    const token = await retry.acquireInitialRetryToken('');
    expect((await retry.refreshRetryTokenForRetry(token, hint(3000))).getRetryDelay()).toBe(3000);
    await expect(retry.refreshRetryTokenForRetry(token, hint(60_000))).rejects.toThrow('');
  });

  it('spreads the waits of many that were throttled together', async () => {
    const { retry } = open({ attemptsMax: 2 });
    const token = await retry.acquireInitialRetryToken('');
    const tenths = new Set<number>();
    for (let call = 0; call < 20; call += 1) {
      const delay = (await retry.refreshRetryTokenForRetry(token, THROTTLED)).getRetryDelay();
      tenths.add(Math.floor((delay - 500) / 50));
    }
    expect(tenths.size).toBe(10);
  });

  it('stops trying again while everything fails, and takes it up when calls succeed', async () => {
    const { retry } = open({ attemptsMax: 2 });
    const tries = async (): Promise<number> => (await delaysOf(retry, TRANSIENT)).length;
    let retried = 0;
    while ((await tries()) > 0) {
      retried += 1;
    }
    expect(retried).toBe(35);
    const token = await retry.acquireInitialRetryToken('');
    for (let call = 0; call < 14; call += 1) {
      retry.recordSuccess(token);
    }
    expect(await tries()).toBe(1);
  });
});
