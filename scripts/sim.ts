/**
 * `npm run sim -- --seeds N [--seed S] [--profile P] [--mutant NAME|all] [--json]`: the protocol's simulator (test/simulation)
 * over many seeds. Without a mutant it exits with 1 where a seed violates an invariant, and prints the shortest story that it
 * found; with one, where the mutant was not caught. Text for people is on stderr, the last line of stdout is JSON.
 */
import { parseArgs } from 'node:util';

import { MUTANTS, type MutantName } from '../functions/domain/mutants.ts';
import { PROFILES, type ProfileName } from '../test/simulation/adversary/plan.ts';
import { runSeed } from '../test/simulation/run-seed.ts';
import { explain } from '../test/simulation/search/explain.ts';
import { searchSeeds } from '../test/simulation/search/search-seeds.ts';
import { EXIT } from '../ops/command.ts';
import { progressOf, say, sayTotals, sayViolation, summarise } from './sim/report.ts';
import { isMutantName, runMutants } from './sim/run-mutants.ts';

const SEEDS_DEFAULT = '2000';
const MUTANT_SEEDS_DEFAULT = '5000';
const SHRINK_MS = 20_000;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Options {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly profile: ProfileName | undefined;
  readonly mutants: readonly MutantName[];
  readonly json: boolean;
  readonly threads: number | undefined;
}

const wholeNumber = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`--${name} ${text}: a whole number from ${least} on is needed`);
  }
  return value;
};

const profileNamed = (name: string | undefined): ProfileName | undefined => {
  const profile = PROFILES.find((one) => one === name);
  if (name !== undefined && profile === undefined) {
    throw new UsageError(`there is no profile ${name}; there are ${PROFILES.join(', ')}`);
  }
  return profile;
};

const mutantsNamed = (name: string | undefined): readonly MutantName[] => {
  if (name === undefined) {
    return [];
  }
  if (name === 'all') {
    return MUTANTS;
  }
  if (!isMutantName(name)) {
    throw new UsageError(`there is no mutant ${name}; there are all, ${MUTANTS.join(', ')}`);
  }
  return [name];
};

const parseOptions = (): Options => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { seeds: text, seed: text, profile: text, mutant: text, threads: text, json: { type: 'boolean' } },
  });
  const mutants = mutantsNamed(values.mutant);
  return {
    seeds: wholeNumber('seeds', values.seeds ?? (mutants.length > 0 ? MUTANT_SEEDS_DEFAULT : SEEDS_DEFAULT), 1),
    firstSeed: wholeNumber('seed', values.seed ?? '0', 0),
    profile: profileNamed(values.profile),
    mutants,
    json: values.json ?? false,
    threads: values.threads === undefined ? undefined : wholeNumber('threads', values.threads, 1),
  };
};

const give = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

const runClean = async (options: Options): Promise<number> => {
  const startedMs = performance.now();
  const { seeds, firstSeed, profile, threads, json } = options;
  const onProgress = progressOf('simulating', seeds, json);
  const totals = await searchSeeds({ seeds, firstSeed, profile, threads, onProgress });
  const durationMs = performance.now() - startedMs;
  const [first] = totals.found;
  const story =
    first === undefined
      ? undefined
      : await explain(await runSeed({ seed: first.seed, profile: first.profile }), SHRINK_MS);
  if (!json) {
    sayTotals(totals, durationMs);
  }
  if (first !== undefined && story !== undefined && !json) {
    sayViolation(first, story);
  }
  give(summarise(totals, durationMs, first === undefined || story === undefined ? undefined : { ...first, ...story }));
  return first === undefined ? EXIT.done : EXIT.error;
};

const runPlanted = async (options: Options): Promise<number> => {
  const runs = await runMutants(options.mutants, options);
  const missed = runs.filter(({ caught }) => !caught);
  give({ mutants: runs.length, caught: runs.length - missed.length, missed: missed.map(({ mutant }) => mutant), runs });
  return missed.length === 0 ? EXIT.done : EXIT.error;
};

const isUsageError = (error: unknown): error is Error =>
  error instanceof UsageError || (error instanceof TypeError && 'code' in error);

try {
  const options = parseOptions();
  process.exitCode = options.mutants.length > 0 ? await runPlanted(options) : await runClean(options);
} catch (error) {
  if (!isUsageError(error)) {
    throw error;
  }
  say(error.message.split('\n', 1)[0] ?? '');
  process.exitCode = EXIT.usage;
}
