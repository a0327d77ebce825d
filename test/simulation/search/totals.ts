/** What a search over seeds adds up. */
import type { MutantName } from '../../../functions/domain/mutants.ts';
import { PROFILES, type ProfileName } from '../adversary/plan.ts';
import type { InvariantName } from '../invariants/table.ts';
import type { SeedResult } from '../run-seed.ts';

export interface WorkerSetting {
  readonly mutant: MutantName | undefined;
  readonly profile: ProfileName | undefined;
}

export interface WorkerTask {
  readonly from: number;
  readonly count: number;
}

export interface FoundViolation {
  readonly seed: number;
  readonly profile: ProfileName;
  readonly invariant: InvariantName;
  readonly detail: string;
}

export interface ProfileTotals {
  seeds: number;
  violations: number;
  acknowledgedCycles: number;
  deferredCycles: number;
  acknowledgedWrites: number;
}

export interface Totals {
  readonly profiles: Record<ProfileName, ProfileTotals>;
  readonly found: FoundViolation[];
}

const nothing = (): ProfileTotals => ({
  seeds: 0,
  violations: 0,
  acknowledgedCycles: 0,
  deferredCycles: 0,
  acknowledgedWrites: 0,
});

export const emptyTotals = (): Totals => ({
  profiles: Object.fromEntries(PROFILES.map((name) => [name, nothing()])) as Record<ProfileName, ProfileTotals>,
  found: [],
});

export const addResult = (totals: Totals, result: SeedResult): void => {
  const { seed, profile, violation } = result;
  const sums = totals.profiles[profile];
  sums.seeds += 1;
  sums.acknowledgedCycles += result.acknowledgedCycles;
  sums.deferredCycles += result.deferredCycles;
  sums.acknowledgedWrites += result.acknowledgedWrites;
  if (violation !== undefined) {
    sums.violations += 1;
    totals.found.push({ seed, profile, invariant: violation.invariant, detail: violation.detail });
  }
};

export const addTotals = (into: Totals, more: Totals): void => {
  for (const name of PROFILES) {
    const [sums, added] = [into.profiles[name], more.profiles[name]];
    sums.seeds += added.seeds;
    sums.violations += added.violations;
    sums.acknowledgedCycles += added.acknowledgedCycles;
    sums.deferredCycles += added.deferredCycles;
    sums.acknowledgedWrites += added.acknowledgedWrites;
  }
  into.found.push(...more.found);
};

export const sumOf = (totals: Totals, what: keyof ProfileTotals): number =>
  PROFILES.reduce((sum, name) => sum + totals.profiles[name][what], 0);
