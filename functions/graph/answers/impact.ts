/** What a failure does to a component, from worst to least known, and the steps that prove it. */
import type { EdgeView } from './reader.ts';

export const IMPACTS = ['DOWN', 'DEGRADED', 'CONTROL-PLANE', 'UNKNOWN'] as const;

export type Impact = (typeof IMPACTS)[number];

export const rankOf = (impact: Impact): number => IMPACTS.indexOf(impact);

export interface Reached {
  readonly id: string;
  readonly impact: Impact;
  /** From this node to what failed, one edge per hop. */
  readonly path: readonly EdgeView[];
  /** Every tie of its own to what failed; empty where it is reached through others only. */
  readonly ties: readonly EdgeView[];
}

/** What a tie means when its Region fails. `alternates` are further Regions that the name's own owner declares. */
export const impactOfTie = (
  { tie, alternates: own = [] }: EdgeView,
  region: string,
  further: readonly string[],
): Impact => {
  if (tie === 'control-plane' || tie === 'deploy') {
    return 'CONTROL-PLANE';
  }
  if (tie !== 'runtime') {
    return 'UNKNOWN';
  }
  return [...own, ...further].some((other) => other !== region) ? 'DEGRADED' : 'DOWN';
};
