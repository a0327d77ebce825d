/** The four clocks: what was measured, and what is marked as nobody's measurement. */
import { describe, expect, it } from 'vitest';

import { readClocks } from '../../../ops/failover/clocks.ts';

const START = Date.UTC(2026, 10, 22, 3, 10);

describe('the clocks of a move', () => {
  it('take the runbook’s own bounds where nobody told, and say so', () => {
    expect(readClocks({ startedAt: START, endedAt: START + 9000 })).toStrictEqual({
      detectMs: 120_000,
      decideMs: 300_000,
      executeMs: 9000,
      totalMs: 429_000,
      simulated: ['detect', 'decide'],
    });
  });

  it('are measured from what people told', () => {
    const marks = { beganAt: START - 600_000, detectedAt: START - 400_000, decidedAt: START - 10_000 };
    expect(readClocks({ ...marks, startedAt: START, endedAt: START + 9000 })).toMatchObject({
      detectMs: 200_000,
      decideMs: 390_000,
      simulated: [],
    });
  });

  it('count the decision until the command where only the detection was told', () => {
    expect(readClocks({ detectedAt: START - 60_000, startedAt: START, endedAt: START })).toMatchObject({
      decideMs: 60_000,
      simulated: ['detect'],
    });
  });
});
