/**
 * Random histories of one source: edits, crashes, outages, failovers, puts that arrive late, resumed runs, sweeps and days that
 * pass. Whatever came before, the next cycles with both Regions make both equal to the origin; no difference is ever unmarked
 * after a deferred cycle, and no record ever lists a vector that its Region lacks.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Failure } from '../../../functions/domain/failure.ts';
import type { Derivation } from '../../../functions/ingest/derive/derivation.ts';
import { lexicalDerivation } from '../../../functions/ingest/derive/lexical/lexical-derivation.ts';
import type { World } from '../../support/cycle-world.ts';
import { derivedRecords } from './derive/small-graph.ts';
import { EDITS, filled } from './small-source.ts';

const UNREACHABLE: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' };
const HOUR_MS = 3_600_000;

interface Step {
  readonly edit: number;
  readonly crashAt: number;
  readonly home: 'primary' | 'secondary';
  readonly deferred: boolean;
  readonly isPeerDown: boolean;
  readonly hurried: boolean;
  readonly resumes: boolean;
  readonly late: 'none' | 'home' | 'peer';
  readonly hours: number;
  readonly sweeps: boolean;
}

const never = fc.constant(false);

const quietStep = {
  edit: fc.integer({ min: 0, max: EDITS.length - 1 }),
  crashAt: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 100 })),
  home: fc.constantFrom('primary' as const, 'secondary' as const),
  deferred: fc.boolean(),
  isPeerDown: fc.boolean(),
  hurried: never,
  resumes: never,
  late: fc.constant('none' as const),
  hours: fc.constant(0),
  sweeps: never,
};

const wildStep = {
  ...quietStep,
  hurried: fc.boolean(),
  resumes: fc.boolean(),
  late: fc.constantFrom('none' as const, 'home' as const, 'peer' as const),
  hours: fc.constantFrom(0, 1, 7, 25),
  sweeps: fc.boolean(),
};

/** Plays a history and notes everything that is wrong on the way. */
class History {
  readonly world: World = filled();
  readonly wrong: string[] = [];
  #epoch = 1;
  #orders = 'primary false';

  async step(step: Step, isQuiet: boolean): Promise<void> {
    const { world } = this;
    const { home, deferred, isPeerDown, hurried, crashAt } = step;
    const [here, there] = home === 'primary' ? [world.primary, world.secondary] : [world.secondary, world.primary];
    await this.#pass(step.hours);
    EDITS[step.edit]?.(world.origin.files);
    this.#epoch += this.#orders === `${home} ${deferred}` ? 0 : 1;
    this.#orders = `${home} ${deferred}`;
    const lateRegion = { none: undefined, home: here, peer: there }[step.late];
    if (lateRegion !== undefined) {
      lateRegion.graph.isLate = ({ pk, sk }) => sk.startsWith('document#') || pk.startsWith('lex');
    }
    there.fault = () => (isPeerDown ? UNREACHABLE : undefined);
    const checkpoint = step.resumes ? world.nextCheckpoint() : undefined;
    const outcome = await world.runOrCrash({ home, epoch: this.#epoch, deferred, hurried, crashAt }, checkpoint);
    for (const region of [here, there]) {
      region.fault = () => undefined;
      region.graph.isLate = () => false;
    }
    if (outcome !== 'crashed' && outcome.kind === 'deferred') {
      this.#note('unmarked after a deferred cycle', await world.unmarked(here));
    }
    if (isQuiet) {
      this.#note('a gap', [...(await world.gaps(here)), ...(await world.gaps(there))]);
    }
    if (step.sweeps && !deferred) {
      await this.#sweep(home, this.#epoch);
    }
    await this.#checkVectors();
  }

  /** The peer is back and required, and everything that was late has arrived. */
  async end(): Promise<void> {
    const { world } = this;
    const epoch = this.#epoch + 1;
    await this.#acknowledge(epoch);
    await this.#arrive();
    world.nowMs += 25 * HOUR_MS;
    await this.#acknowledge(epoch);
    this.#note('in the end', await world.defects());
    this.#note('derived otherwise', await this.#derivedOtherwise());
    await this.#sweep('primary', epoch);
    world.nowMs += 25 * HOUR_MS;
    await this.#sweep('primary', epoch);
    this.#note('after the last sweep', await world.defects());
    this.#note('an orphan', [...(await world.orphans(world.primary)), ...(await world.orphans(world.secondary))]);
  }

  /** What is derived and not what a first sync of the same files derives. */
  async #derivedOtherwise(): Promise<readonly string[]> {
    const { world } = this;
    const fresh = filled();
    fresh.derivations = world.derivations;
    fresh.origin.files.clear();
    for (const [name, text] of world.origin.files) {
      fresh.origin.files.set(name, text);
    }
    await fresh.run();
    const wanted = await derivedRecords(fresh);
    const found = await derivedRecords(world);
    return [...new Set([...wanted.keys(), ...found.keys()])].filter((key) => wanted.get(key) !== found.get(key));
  }

  async #acknowledge(epoch: number): Promise<void> {
    const { kind } = await this.world.run({ epoch });
    this.#note('not acknowledged', kind === 'acknowledged' ? [] : [kind]);
  }

  async #sweep(home: 'primary' | 'secondary', epoch: number): Promise<void> {
    const { kind } = await this.world.sweep({ home, epoch });
    this.#note('a sweep', kind === 'failed' ? [kind] : []);
  }

  async #pass(hours: number): Promise<void> {
    if (hours > 0) {
      // A call is late by hours, not by a day: a sweep counts on it.
      await this.#arrive();
    }
    this.world.nowMs += hours * HOUR_MS;
  }

  async #arrive(): Promise<void> {
    await this.world.primary.graph.arrive();
    await this.world.secondary.graph.arrive();
    await this.#checkVectors();
  }

  async #checkVectors(): Promise<void> {
    const { world } = this;
    this.#note('a vector is missing', [
      ...(await world.lackingVectors(world.primary)),
      ...(await world.lackingVectors(world.secondary)),
    ]);
  }

  #note(what: string, found: readonly string[]): void {
    this.wrong.push(...found.map((one) => `${what}: ${one}`));
  }
}

const play = async (
  steps: readonly Step[],
  isQuiet: boolean,
  derivations: readonly Derivation[] = [],
): Promise<readonly string[]> => {
  const history = new History();
  history.world.derivations = derivations;
  await history.world.run();
  for (const one of steps) {
    await history.step(one, isQuiet);
  }
  await history.end();
  return history.wrong;
};

const historyOf = (step: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> => fc.array(step, { minLength: 1, maxLength: 8 });

describe('any history', () => {
  it('of edits, crashes, outages and failovers ends equal to the origin, and no reader ever meets a gap', async () => {
    await fc.assert(
      fc.asyncProperty(historyOf(fc.record(quietStep)), async (steps) => {
        expect(await play(steps, true)).toStrictEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it('with late puts, resumed runs, sweeps and days too ends equal to the origin', async () => {
    await fc.assert(
      fc.asyncProperty(historyOf(fc.record(wildStep)), async (steps) => {
        expect(await play(steps, false)).toStrictEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it('of a source of which something is derived ends in what a first sync derives', async () => {
    await fc.assert(
      fc.asyncProperty(historyOf(fc.record(wildStep)), async (steps) => {
        expect(await play(steps, false, [lexicalDerivation])).toStrictEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
