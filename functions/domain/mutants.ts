/**
 * Planted defects for the simulator: each is one switch at the place of the rule that it breaks, and each must be caught by
 * a named invariant. The build replaces every `isMutant(…)` by `false`, so no bundle that is deployed contains one.
 */

export const MUTANTS = ['blind-put'] as const;

export type MutantName = (typeof MUTANTS)[number];

let planted: MutantName | undefined;

/** Only the simulator calls this. */
export const plantMutant = (name: MutantName | undefined): void => {
  planted = name;
};

export const isMutant = (name: MutantName): boolean => planted === name;
