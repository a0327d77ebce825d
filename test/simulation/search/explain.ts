/** Turns a failing seed into a story: the fewest actions that still fail, and one line for each event that matters. */
import { shrink } from '../adversary/shrink.ts';
import { runSeed, type SeedResult } from '../run-seed.ts';

export interface Explanation {
  readonly actionsBefore: number;
  readonly actions: number;
  readonly history: readonly string[];
}

const LONG_HEX = /\b(?<start>[0-9a-f]{8})[0-9a-f]{12,}\b/gu;
const LINE_CHARS_MAX = 240;

/** Hashes are shortened: eight digits tell them apart for a reader. */
const shown = (line: string): string => line.replaceAll(LONG_HEX, '$<start>…').slice(0, LINE_CHARS_MAX);

export const explain = async (failed: SeedResult, budgetMs: number): Promise<Explanation> => {
  const { seed, profile, violation } = failed;
  const untilMs = performance.now() + budgetMs;
  const actions = await shrink({
    actions: failed.actions,
    fails: async (fewer) =>
      (await runSeed({ seed, profile, actions: fewer })).violation?.invariant === violation?.invariant,
    remainingMs: () => untilMs - performance.now(),
  });
  const { history } = await runSeed({ seed, profile, actions, isHistoryKept: true });
  return { actionsBefore: failed.actions.length, actions: actions.length, history: history.map((line) => shown(line)) };
};
