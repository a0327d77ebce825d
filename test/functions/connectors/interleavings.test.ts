/**
 * Connectors in the production cycle, in any order of edits, faults of the source, faults of a Region, deaths at any store call,
 * handed-over invocations and failovers: once everything is well again, both Regions hold what a sync from nothing brings, byte for byte
 * the same as each other. `TWINMAP_HISTORIES=500` plays more; `TWINMAP_SEED=N` plays the ones of a seed that was printed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseChunkPayload, parseDocumentPayload } from '../../../functions/domain/corpus.ts';
import type { Failure } from '../../../functions/domain/failure.ts';
import type { ConnectorHarness, SourceWorld, WorldFault } from '../../contracts/connector-world.ts';
import { type RunOptions, World, type WorldRegion } from '../../support/cycle-world.ts';
import { gitHarness } from './worlds/git-world.ts';
import { githubHarness } from './worlds/github-world.ts';
import { jiraHarness } from './worlds/jira-world.ts';
import { sharepointHarness } from './worlds/sharepoint-world.ts';

const HISTORIES = Number(process.env['TWINMAP_HISTORIES'] ?? '0');
const SEED = Number(process.env['TWINMAP_SEED'] ?? Date.now() % 2 ** 31);
const HISTORY_TIMEOUT_MS = 2000;
const RUNS_AFTERWARDS = 3;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const UNREACHABLE: Failure = { reason: 'unreachable', code: 'ECONNREFUSED', message: 'refused' };

/** So many by default that all of them together take a few seconds: git pays with processes. */
const SOURCES: readonly { readonly harness: ConnectorHarness; readonly runs: number; readonly stepsMax: number }[] = [
  { harness: jiraHarness, runs: 14, stepsMax: 12 },
  { harness: githubHarness, runs: 10, stepsMax: 12 },
  { harness: sharepointHarness, runs: 10, stepsMax: 12 },
  { harness: gitHarness, runs: 2, stepsMax: 6 },
];

type Edit =
  | { readonly kind: 'put' | 'rename' | 'remove'; readonly key: string }
  | { readonly kind: 'expire' }
  | { readonly kind: 'none' };

interface Step {
  readonly edits: readonly Edit[];
  readonly fault: WorldFault;
  readonly home: 'primary' | 'secondary';
  readonly down: 'none' | 'home' | 'peer';
  readonly deferred: boolean;
  readonly crashAt: number;
  readonly hurried: boolean;
  readonly resumes: boolean;
  readonly hours: number;
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('rename' as const, 'remove' as const), key }) },
  { weight: 1, arbitrary: fc.constant<Edit>({ kind: 'expire' }) },
);

const fault: fc.Arbitrary<WorldFault> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<WorldFault>({ kind: 'none' }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<WorldFault>(
      { kind: 'later-page' },
      { kind: 'short' },
      { kind: 'cut' },
      { kind: 'status', status: 403 },
      { kind: 'status', status: 500 },
    ),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('poison' as const, 'forbid' as const), key }) },
);

const step: fc.Arbitrary<Step> = fc.record({
  edits: fc.array(edit, { maxLength: 3 }),
  fault,
  home: fc.oneof(
    { weight: 4, arbitrary: fc.constant('primary' as const) },
    { weight: 1, arbitrary: fc.constant('secondary' as const) },
  ),
  down: fc.constantFrom('none' as const, 'none' as const, 'none' as const, 'home' as const, 'peer' as const),
  deferred: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  crashAt: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 60 })),
  hurried: fc.boolean(),
  resumes: fc.boolean(),
  hours: fc.constantFrom(0, 0, 1, 25),
});

interface Held {
  readonly path: string;
  readonly rev: string;
  readonly skipped: string | undefined;
  readonly texts: readonly string[];
}

type Item = [pk: string, sk: string, v: string, h: string, del: boolean, data: string];

/** What a reader of the Region finds: every live document, with the texts of its chunks. */
const heldBy = async (world: World, region: WorldRegion): Promise<ReadonlyMap<string, Held>> => {
  const live = (await world.contents(region)).map((text) => JSON.parse(text) as Item).filter(([, , , , del]) => !del);
  const texts = new Map(
    live
      .filter(([pk]) => pk.startsWith('chunks#'))
      .map(([, sk, , , , data]) => [sk, parseChunkPayload(data)?.text ?? 'damaged']),
  );
  const documents = live
    .filter(([, sk]) => sk.startsWith('document#'))
    .flatMap(([, , , , , data]) => parseDocumentPayload(data) ?? []);
  return new Map(
    documents
      .toSorted((left, right) => (left.id < right.id ? -1 : 1))
      .map(({ id, path, rev, skipped, chunks }) => [
        id,
        { path, rev, skipped, texts: chunks.map(({ c }) => texts.get(`${id}#${c}`) ?? 'missing') },
      ]),
  );
};

class History {
  readonly regions = new World();
  readonly #source: SourceWorld;
  readonly #names = new Map<string, string>();
  #written = 0;
  #epoch = 1;
  #orders = 'primary false';

  constructor(source: SourceWorld) {
    this.#source = source;
    this.regions.open = () => source.open();
  }

  async take(one: Step): Promise<void> {
    const { home, deferred, down, crashAt, hurried } = one;
    for (const change of one.edits) {
      await this.#edit(change);
    }
    this.#source.setFault(
      'key' in one.fault ? { ...one.fault, key: this.#names.get(one.fault.key) ?? '?' } : one.fault,
    );
    this.#pass(one.hours * HOUR_MS);
    this.#epoch += this.#orders === `${home} ${String(deferred)}` ? 0 : 1;
    this.#orders = `${home} ${String(deferred)}`;
    const { primary, secondary } = this.regions;
    const isPrimaryDown = down !== 'none' && (home === 'primary') === (down === 'home');
    primary.fault = () => (down !== 'none' && isPrimaryDown ? UNREACHABLE : undefined);
    secondary.fault = () => (down !== 'none' && !isPrimaryDown ? UNREACHABLE : undefined);
    const options: RunOptions = { home, epoch: this.#epoch, deferred, crashAt, hurried };
    await this.regions.runOrCrash(options, one.resumes ? this.regions.nextCheckpoint() : undefined);
    for (const region of [primary, secondary]) {
      region.fault = () => undefined;
    }
    this.#source.setFault({ kind: 'none' });
  }

  /** The next cycle under the same orders, before any comparison is due: it has to bring everything but what is only found missing. */
  async catchUp(): Promise<ReadonlyMap<string, Held> | undefined> {
    const [home, deferred] = this.#orders.split(' ');
    if (deferred === 'true') {
      return undefined;
    }
    this.#source.elapse(DAY_MS);
    const options: RunOptions = { home: home === 'secondary' ? 'secondary' : 'primary', epoch: this.#epoch };
    const { kind } = await this.regions.runAll(options);
    return kind === 'acknowledged' ? heldBy(this.regions, this.regions.secondary) : undefined;
  }

  /** Everything is well again: what failed is due, and a full comparison is, too. */
  async end(): Promise<readonly string[]> {
    const outcomes: string[] = [];
    for (let runs = 0; runs < RUNS_AFTERWARDS; runs += 1) {
      this.#pass(DAY_MS + HOUR_MS);
      outcomes.push((await this.regions.runAll({ epoch: this.#epoch + 1 })).kind);
    }
    return outcomes;
  }

  #pass(ms: number): void {
    this.regions.nowMs += ms;
    this.#source.elapse(ms);
  }

  async #edit(change: Edit): Promise<void> {
    this.#written += 1;
    const name = 'key' in change ? this.#names.get(change.key) : undefined;
    switch (change.kind) {
      case 'none': {
        break;
      }
      case 'expire': {
        await this.#source.expireCursors?.();
        break;
      }
      case 'put': {
        this.#names.set(change.key, name ?? change.key);
        await this.#source.put({ [name ?? change.key]: `text ${String(this.#written)}` });
        break;
      }
      case 'rename': {
        if (name !== undefined) {
          const next = `${change.key}-${String(this.#written)}`;
          await this.#source.rename(name, next);
          this.#names.set(change.key, next);
        }
        break;
      }
      case 'remove': {
        if (name !== undefined) {
          await this.#source.remove(name);
          this.#names.delete(change.key);
        }
        break;
      }
    }
  }
}

interface Played {
  readonly caughtUp: ReadonlyMap<string, Held> | undefined;
  readonly outcomes: readonly string[];
  readonly regions: World;
  /** A sync from nothing, into Regions of its own. */
  readonly fresh: World;
}

const play = async (source: SourceWorld, steps: readonly Step[]): Promise<Played> => {
  await source.put({ first: 'a document that stays' });
  const history = new History(source);
  for (const one of steps) {
    await history.take(one);
  }
  const caughtUp = await history.catchUp();
  const outcomes = [...(await history.end())];
  const fresh = new World();
  fresh.open = () => source.open();
  outcomes.push((await fresh.runAll()).kind);
  return { caughtUp, outcomes, regions: history.regions, fresh };
};

describe('any interleaving of edits, faults, deaths and failovers ends as a sync from nothing, in both Regions', () => {
  it.each(SOURCES)(
    '$harness.name',
    { timeout: Math.max(60_000, HISTORIES * HISTORY_TIMEOUT_MS) },
    async ({ harness, runs, stepsMax }) => {
      const numRuns = HISTORIES > 0 ? HISTORIES : runs;
      console.log(`interleavings of ${harness.name}: ${String(numRuns)} histories of TWINMAP_SEED=${String(SEED)}`);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: stepsMax }), async (steps) => {
          const source = await harness.create();
          try {
            const { caughtUp, outcomes, regions, fresh } = await play(source, steps);
            expect(new Set(outcomes)).toEqual(new Set(['acknowledged']));
            const expected = await heldBy(fresh, fresh.primary);
            expect(expected.size).toBeGreaterThan(0);
            expect(new Map([...(caughtUp ?? expected)].filter(([id]) => expected.has(id)))).toEqual(expected);
            expect(await heldBy(regions, regions.primary)).toEqual(expected);
            expect(await heldBy(regions, regions.secondary)).toEqual(expected);
            expect(await regions.contents(regions.secondary)).toEqual(await regions.contents(regions.primary));
            expect(await regions.lackingVectors(regions.primary)).toEqual([]);
            expect(await regions.lackingVectors(regions.secondary)).toEqual([]);
          } finally {
            await source.close();
          }
        }),
        { numRuns, seed: SEED },
      );
    },
  );
});
