/** Plants mutants one after the other and searches until the invariant that has to catch each has done so. */
import { MUTANTS, type MutantName } from '../../functions/domain/mutants.ts';
import type { ProfileName } from '../../test/simulation/adversary/plan.ts';
import { MUTANT_TABLE } from '../../test/simulation/search/mutant-table.ts';
import { searchSeeds } from '../../test/simulation/search/search-seeds.ts';
import { sumOf } from '../../test/simulation/search/totals.ts';
import { progressOf, say } from './report.ts';

export interface MutantRun {
  readonly mutant: MutantName;
  readonly profile: ProfileName;
  /** The one that has to catch it. */
  readonly invariant: string;
  readonly caught: boolean;
  /** How many seeds it took, counted from the first. */
  readonly seedsNeeded?: number;
  readonly seed?: number;
  readonly detail?: string;
  readonly seeds: number;
  /** What other invariants found on the way. */
  readonly others: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

export interface MutantOptions {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly profile: ProfileName | undefined;
  readonly json: boolean;
  readonly threads?: number | undefined;
}

export const runMutant = async (mutant: MutantName, options: MutantOptions): Promise<MutantRun> => {
  const row = MUTANT_TABLE[mutant];
  const profile = options.profile ?? row.profile;
  const startedMs = performance.now();
  const { seeds, firstSeed, threads, json } = options;
  const totals = await searchSeeds({
    seeds,
    firstSeed,
    profile,
    mutant,
    threads,
    onProgress: json ? undefined : progressOf(mutant, seeds, json),
    isEnough: ({ found }) => found.some(({ invariant }) => invariant === row.invariant),
  });
  const first = totals.found.find(({ invariant }) => invariant === row.invariant);
  const others: Record<string, number> = {};
  for (const { invariant } of totals.found) {
    if (invariant !== row.invariant) {
      others[invariant] = (others[invariant] ?? 0) + 1;
    }
  }
  return {
    mutant,
    profile,
    invariant: row.invariant,
    caught: first !== undefined,
    ...(first === undefined ? {} : { seedsNeeded: first.seed - firstSeed + 1, seed: first.seed, detail: first.detail }),
    seeds: sumOf(totals, 'seeds'),
    others,
    durationMs: Math.round(performance.now() - startedMs),
  };
};

const sayRun = (run: MutantRun): void => {
  const needed = run.caught ? `${run.seedsNeeded} seeds` : `NOT caught in ${run.seeds} seeds`;
  const seconds = `${(run.durationMs / 1000).toFixed(1)} s`;
  say(`${run.mutant.padEnd(30)} ${run.profile.padEnd(17)} ${run.invariant.padEnd(26)} ${needed.padEnd(22)} ${seconds}`);
};

export const runMutants = async (
  mutants: readonly MutantName[],
  options: MutantOptions,
): Promise<readonly MutantRun[]> => {
  const runs: MutantRun[] = [];
  for (const mutant of mutants) {
    const run = await runMutant(mutant, options);
    runs.push(run);
    sayRun(run);
  }
  return runs;
};

export const isMutantName = (name: string): name is MutantName => MUTANTS.some((one) => one === name);
