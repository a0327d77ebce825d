/** What `npm run sim` tells: progress for whoever watches, sentences for people on stderr, one JSON line last on stdout. */
import type { ProfileName } from '../../test/simulation/adversary/plan.ts';
import { PROFILES } from '../../test/simulation/adversary/plan.ts';
import type { Explanation } from '../../test/simulation/search/explain.ts';
import type { FoundViolation, Totals } from '../../test/simulation/search/totals.ts';
import { sumOf } from '../../test/simulation/search/totals.ts';

export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const BAR_CHARS = 30;
const LINE_EVERY_MS = 10_000;

/** A bar on a terminal, a line every ten seconds elsewhere, nothing with `--json`. */
export const progressOf = (what: string, total: number, json: boolean): ((done: number) => void) => {
  if (json) {
    return () => undefined;
  }
  const isTerminal = process.stderr.isTTY;
  const startedMs = performance.now();
  let lastMs = startedMs;
  return (done) => {
    const nowMs = performance.now();
    const rate = Math.round((done * 1000) / Math.max(1, nowMs - startedMs));
    if (isTerminal) {
      const filled = Math.round((done * BAR_CHARS) / total);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_CHARS - filled);
      process.stderr.write(`\r${what} ${bar} ${done}/${total} seeds, ${rate}/s${done >= total ? '\n' : ''}`);
    } else if (nowMs - lastMs > LINE_EVERY_MS || done >= total) {
      lastMs = nowMs;
      say(`${what}: ${done} of ${total} seeds, ${rate} a second`);
    }
  };
};

export interface RunSummary {
  readonly seeds: number;
  readonly violations: number;
  readonly acknowledgedWrites: number;
  readonly acknowledgedCycles: number;
  readonly deferredCycles: number;
  readonly profiles: Totals['profiles'];
  readonly durationMs: number;
  readonly first?: FoundViolation & Explanation;
}

export const summarise = (
  totals: Totals,
  durationMs: number,
  first: (FoundViolation & Explanation) | undefined,
): RunSummary => ({
  seeds: sumOf(totals, 'seeds'),
  violations: sumOf(totals, 'violations'),
  acknowledgedWrites: sumOf(totals, 'acknowledgedWrites'),
  acknowledgedCycles: sumOf(totals, 'acknowledgedCycles'),
  deferredCycles: sumOf(totals, 'deferredCycles'),
  profiles: totals.profiles,
  durationMs: Math.round(durationMs),
  ...(first === undefined ? {} : { first }),
});

export const sayTotals = (totals: Totals, durationMs: number): void => {
  say('');
  say('profile            seeds  violations  acknowledged cycles  deferred  acknowledged writes');
  for (const name of PROFILES) {
    const { seeds, violations, acknowledgedCycles, deferredCycles, acknowledgedWrites } = totals.profiles[name];
    const cells = [
      String(seeds).padStart(7),
      String(violations).padStart(12),
      String(acknowledgedCycles).padStart(21),
      String(deferredCycles).padStart(10),
      String(acknowledgedWrites).padStart(21),
    ];
    say(name.padEnd(17) + cells.join(''));
  }
  say(
    `${sumOf(totals, 'seeds')} seeds in ${(durationMs / 1000).toFixed(1)} s, ${sumOf(totals, 'violations')} violations`,
  );
};

export const sayViolation = (
  { seed, profile, invariant, detail }: FoundViolation,
  { actions, actionsBefore, history }: Explanation,
): void => {
  say('');
  say(`seed ${seed} of ${profile} violates ${invariant}: ${detail}`);
  say(`the shortest story found has ${actions} of its ${actionsBefore} actions:`);
  for (const line of history) {
    say(`  ${line}`);
  }
  say('');
  say(`to see it again: ${replayOf(seed, profile)}`);
};

export const replayOf = (seed: number, profile: ProfileName): string =>
  `npm run sim -- --seeds 1 --seed ${seed} --profile ${profile}`;
