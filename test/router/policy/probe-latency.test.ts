/** How long a confirming probe may take, from how long the others took: cold ones are forgotten, slow Regions get their time. */
import { describe, expect, it } from 'vitest';

import { ProbeLatency } from '../../../router/policy/probe-latency.ts';
import { POLICY_DEFAULTS } from '../../../router/policy/settings.ts';

const { confirmTimeoutMinMs, probeTimeoutMs } = POLICY_DEFAULTS;

const after = (...latenciesMs: readonly number[]): ProbeLatency => {
  const latency = new ProbeLatency(POLICY_DEFAULTS);
  for (const ms of latenciesMs) {
    latency.add(ms);
  }
  return latency;
};

describe('the time that a confirming probe gets', () => {
  it('is what the first probe took while there is only one: it connected, and was compiled while it ran', () => {
    expect(after(90).confirmTimeoutMs(0)).toBeCloseTo(90);
    expect(after(10).confirmTimeoutMs(0)).toBe(confirmTimeoutMinMs);
  });

  it('is three times the usual from the second one on', () => {
    expect(after(200, 60).confirmTimeoutMs(0)).toBe(180);
  });

  it('forgets a cold first probe with the second', () => {
    expect(after(90, 5).confirmTimeoutMs(0)).toBe(confirmTimeoutMinMs);
    expect(after(90, 5, 6, 4).confirmTimeoutMs(0)).toBe(confirmTimeoutMinMs);
  });

  it('follows a Region that has become slow within a few probes', () => {
    const slow = after(5, ...Array.from({ length: 100 }, () => 5), 100, 100, 100, 100, 100);
    expect(slow.confirmTimeoutMs(0)).toBeGreaterThan(150);
  });

  it('is never shorter than slow requests take, nor longer than any probe may', () => {
    expect(after(5, 5, 5).confirmTimeoutMs(400)).toBe(400);
    expect(after(1500, 1500, 1500).confirmTimeoutMs(0)).toBe(probeTimeoutMs);
    expect(after().confirmTimeoutMs(0)).toBe(3 * confirmTimeoutMinMs);
  });
});
