/** The simulator's cases in which no Region may trip, and the one that is reported: played by the tests and by the bench. */
import { lognormal, play, type Played, stalls } from './traffic-simulator.ts';

export interface HealthyCase {
  readonly medianMs: number;
  readonly sigma: number;
  readonly requestsPerSecond: number;
}

export const HEALTHY: readonly HealthyCase[] = [5, 60].flatMap((medianMs) =>
  [0.6, 0.8, 1.2].flatMap((sigma) =>
    [2, 200, 2000].map((requestsPerSecond) => ({ medianMs, sigma, requestsPerSecond })),
  ),
);

export const requestsOf = ({ requestsPerSecond }: HealthyCase): number => (requestsPerSecond === 2 ? 2000 : 12_000);

export const playHealthy = (seed: number, one: HealthyCase): Played => {
  const { medianMs, sigma, requestsPerSecond } = one;
  const origin = lognormal(medianMs, sigma);
  return play({
    seed,
    requests: requestsOf(one),
    requestsPerSecond,
    postShare: 0.1,
    origins: { a: origin, b: origin },
  });
};

const STALL = { everyMs: 10_000, forMs: 250 } as const;
const STALLED_PER_SECOND = 200;

/** The first Region stands still for 250 ms in every ten seconds. */
export const playStalls = (seed: number, medianMs: number, count: number): Played => {
  const calm = lognormal(medianMs, 0.6);
  return play({
    seed,
    requests: (count * STALL.everyMs * STALLED_PER_SECOND) / 1000,
    requestsPerSecond: STALLED_PER_SECOND,
    origins: { a: stalls(STALL.everyMs, STALL.forMs, calm), b: calm },
  });
};
