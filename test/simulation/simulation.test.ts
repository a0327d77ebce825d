/** The simulator over many seeds, and over planted defects: a checker that never went red would prove nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { MUTANTS, type MutantName, plantMutant } from '../../functions/domain/mutants.ts';
import { PROFILES } from './adversary/plan.ts';
import { INVARIANTS } from './invariants/table.ts';
import { runSeed } from './run-seed.ts';
import { explain } from './search/explain.ts';
import { MUTANT_TABLE } from './search/mutant-table.ts';
import { searchSeeds } from './search/search-seeds.ts';
import { sumOf } from './search/totals.ts';

const SEEDS = 2000;
/** A busy machine is slow, not wrong. */
const TIMEOUT_MS = 600_000;

/** Caught within a few seeds each, by checkers of every kind. */
const QUICK: readonly MutantName[] = [
  'blind-put',
  'clear-before-peer',
  'home-first',
  'no-tombstone',
  'no-fence',
  'claim-with-equal',
  'record-before-vectors',
  'drain-without-vectors',
  'one-sided-sweep',
  'collection-below-fence',
  'reused-epoch',
  'inline-superseded',
];
const QUICK_SEEDS = 300;

afterEach(() => {
  plantMutant(undefined);
});

describe('the protocol', () => {
  it(
    `keeps every invariant in ${SEEDS} seeds over all profiles`,
    async () => {
      const totals = await searchSeeds({ firstSeed: 0, seeds: SEEDS });
      expect(totals.found).toEqual([]);
      expect(sumOf(totals, 'seeds')).toBe(SEEDS);
      for (const name of PROFILES) {
        expect(totals.profiles[name].acknowledgedCycles).toBeGreaterThan(SEEDS / 2);
      }
      expect(totals.profiles.deferred.deferredCycles).toBeGreaterThan(SEEDS / 4);
      expect(sumOf(totals, 'acknowledgedWrites')).toBeGreaterThan(SEEDS * 10);
    },
    TIMEOUT_MS,
  );
});

describe('a planted defect', () => {
  it.each(QUICK)(
    '%s is caught by the invariant that is named for it',
    async (mutant) => {
      const { profile, invariant } = MUTANT_TABLE[mutant];
      const totals = await searchSeeds({
        firstSeed: 0,
        seeds: QUICK_SEEDS,
        profile,
        mutant,
        isEnough: ({ found }) => found.some((one) => one.invariant === invariant),
      });
      expect(new Set(totals.found.map((one) => one.invariant))).toContain(invariant);
    },
    TIMEOUT_MS,
  );

  it('is told as a short story that fails in the same way', async () => {
    plantMutant('home-first');
    const failed = await runSeed({ seed: 0, profile: 'required-only' });
    expect(failed.violation?.invariant).toBe('committed-in-peer');
    const story = await explain(failed, 20_000);
    expect(story.actions).toBeLessThan(5);
    expect(story.history.at(-2)).toContain('VIOLATION of committed-in-peer');
    plantMutant(undefined);
    expect((await runSeed({ seed: 0, profile: 'required-only' })).violation).toBeUndefined();
  });
});

describe('a seed', () => {
  it.each(PROFILES)('of %s plays out the same, event by event, as often as it is run', async (profile) => {
    const first = await runSeed({ seed: 11, profile, isHistoryKept: true });
    const second = await runSeed({ seed: 11, profile, isHistoryKept: true });
    const other = await runSeed({ seed: 12, profile });
    expect(second.history).toEqual(first.history);
    expect([second.fingerprint, second.events]).toEqual([first.fingerprint, first.events]);
    expect(other.fingerprint).not.toBe(first.fingerprint);
    expect(first.history.length).toBeGreaterThan(50);
  });

  it('plays out the same whether its history is kept or not', async () => {
    const kept = await runSeed({ seed: 5, isHistoryKept: true });
    const bare = await runSeed({ seed: 5 });
    expect(bare.history).toEqual([]);
    expect([bare.fingerprint, bare.events]).toEqual([kept.fingerprint, kept.events]);
  });
});

describe('the switches', () => {
  const ROOT = path.resolve(import.meta.dirname, '../../functions');
  const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== path.join('domain', 'mutants.ts'))
    .map((file) => readFileSync(path.join(ROOT, file), 'utf8'));
  const switched = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/isMutant\('(?<name>[^']*)'\)/gu)].map(({ groups }) => groups?.['name'] ?? ''),
    ),
  );

  it('are each in the production source, and no other is', () => {
    expect([...switched].toSorted()).toEqual([...MUTANTS].toSorted());
    expect(MUTANTS.length).toBeGreaterThanOrEqual(24);
  });

  it('are planted by the simulator alone', () => {
    expect(sources.filter((text) => text.includes('plantMutant'))).toEqual([]);
  });

  it('are caught by invariants that the table explains', () => {
    const named = MUTANTS.map((name) => MUTANT_TABLE[name].invariant);
    expect(named.filter((name) => INVARIANTS[name].length !== 2)).toEqual([]);
    expect(new Set(named).size).toBeGreaterThan(10);
  });
});
