/** Time as a service tells it. Our own clock is never compared with a service's: either may be wrong. Pure. */
import { SourceTrouble } from '../source-trouble.ts';

export const dateOf = (answer: { readonly sourceTime: number | null }, display: string): string => {
  if (answer.sourceTime === null) {
    throw new SourceTrouble('unexpected', `${display} does not say what time it is (no Date header).`);
  }
  return new Date(answer.sourceTime).toISOString();
};

const MINUTE_MS = 60_000;

/** How old the mark is, with the overlap, in whole minutes rounded up: the finest grain that searches have. */
export const ageMinutes = (mark: string, sourceNow: string, overlapMs: number): number =>
  Math.max(1, Math.ceil((Date.parse(sourceNow) - Date.parse(mark) + overlapMs) / MINUTE_MS));

export const earlier = (mark: string, overlapMs: number): string =>
  new Date(Date.parse(mark) - overlapMs).toISOString();
