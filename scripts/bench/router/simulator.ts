/** False trips in seeded traffic of healthy Regions, in virtual time: none may be. Stalls of a quick Region are reported. */
import { HEALTHY, playHealthy, playStalls } from './healthy-traffic.ts';
import { tripsOf } from './traffic-simulator.ts';
import type { Bar } from './bars.ts';

const SEED = 20_261_122;
const STALLS = 12;

export interface SimulatedFigures {
  readonly seed: number;
  readonly healthyCases: number;
  readonly falseTrips: number;
  /** The first Region stalls for 250 ms every ten seconds. */
  readonly stalls: number;
  readonly tripsAt5Ms: number;
  readonly failedAt5Ms: number;
  readonly tripsAt60Ms: number;
}

export interface SimulatorResult {
  readonly bars: readonly Bar[];
  readonly figures: SimulatedFigures;
}

export const measureSimulator = (say: (line: string) => void): SimulatorResult => {
  const falseTrips = HEALTHY.reduce((sum, one) => sum + tripsOf(playHealthy(SEED, one)).length, 0);
  const quick = playStalls(SEED, 5, STALLS);
  const tripsAt60Ms = tripsOf(playStalls(SEED, 60, STALLS)).length;
  const failedAt5Ms = quick.outcomes.filter(({ region }) => region === undefined).length;
  const figures: SimulatedFigures = {
    seed: SEED,
    healthyCases: HEALTHY.length,
    falseTrips,
    stalls: STALLS,
    tripsAt5Ms: tripsOf(quick).length,
    failedAt5Ms,
    tripsAt60Ms,
  };
  say(
    `simulator, ${STALLS} stalls of 250 ms: ${figures.tripsAt5Ms} trips and ${failedAt5Ms} failed requests at 5 ms, ` +
      `${tripsAt60Ms} trips at 60 ms`,
  );
  const bars: readonly Bar[] = [
    { what: `simulator: false trips in ${HEALTHY.length} healthy cases`, measured: falseTrips, atMost: 0 },
    { what: 'simulator: failed requests in stalls of a 5 ms origin', measured: failedAt5Ms, atMost: 0 },
    { what: 'simulator: trips in stalls of a 60 ms origin', measured: tripsAt60Ms, atMost: 0 },
  ];
  return { bars, figures };
};
