/**
 * Any order of edits, faults and deaths ends, once the source is well again, in what a sync from nothing brings: nothing lost, nothing
 * left over, no document with an old text under a new revision.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SourceError } from '../../../functions/domain/errors.ts';
import { freshSync, MemoryIndex } from '../../contracts/connector-index.ts';
import type { ConnectorHarness, SourceWorld, WorldFault } from '../../contracts/connector-world.ts';
import { confluenceHarness } from './worlds/confluence-world.ts';
import { filesHarness } from './worlds/files-world.ts';
import { githubHarness } from './worlds/github-world.ts';
import { gitlabHarness } from './worlds/gitlab-world.ts';
import { jiraHarness } from './worlds/jira-world.ts';
import { pagerdutyHarness } from './worlds/pagerduty-world.ts';
import { sharepointHarness } from './worlds/sharepoint-world.ts';

const HARNESSES: readonly ConnectorHarness[] = [
  filesHarness,
  githubHarness,
  gitlabHarness,
  confluenceHarness,
  jiraHarness,
  sharepointHarness,
  pagerdutyHarness,
];
const RUNS = 8;
const STEPS_MAX = 14;
const DAY_MS = 24 * 60 * 60 * 1000;

type Step =
  | { readonly kind: 'put'; readonly key: string }
  | { readonly kind: 'rename'; readonly key: string }
  | { readonly kind: 'remove'; readonly key: string }
  | { readonly kind: 'expire' }
  | { readonly kind: 'sync' }
  | { readonly kind: 'die'; readonly eventsMax: number }
  | { readonly kind: 'refuse'; readonly secondRefusesAt: number }
  | { readonly kind: 'fault'; readonly fault: WorldFault };

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const key = fc.constantFrom(...KEYS);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), key }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'expire' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'sync' }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('die' as const), eventsMax: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('refuse' as const), secondRefusesAt: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.oneof(
        fc.constantFrom<WorldFault>(
          { kind: 'later-page' },
          { kind: 'short' },
          { kind: 'cut' },
          { kind: 'status', status: 403 },
          { kind: 'status', status: 500 },
        ),
        fc.record({ kind: fc.constantFrom('poison' as const, 'forbid' as const), key }),
      ),
    }),
  },
);

class History {
  readonly index = new MemoryIndex();
  readonly #world: SourceWorld;
  /** What a key of the history is called now. */
  readonly #names = new Map<string, string>();
  #edits = 0;

  constructor(world: SourceWorld) {
    this.#world = world;
  }

  async take(one: Step): Promise<void> {
    this.#edits += 1;
    const name = 'key' in one ? this.#names.get(one.key) : undefined;
    switch (one.kind) {
      case 'put': {
        this.#names.set(one.key, name ?? one.key);
        await this.#world.put({ [name ?? one.key]: `text ${String(this.#edits)}` });
        break;
      }
      case 'rename': {
        if (name !== undefined) {
          const next = `${one.key}-${String(this.#edits)}`;
          await this.#world.rename(name, next);
          this.#names.set(one.key, next);
        }
        break;
      }
      case 'remove': {
        if (name !== undefined) {
          await this.#world.remove(name);
          this.#names.delete(one.key);
        }
        break;
      }
      case 'expire': {
        await this.#world.expireCursors?.();
        break;
      }
      case 'sync': {
        await this.sync();
        break;
      }
      case 'die':
      case 'refuse': {
        await this.sync(one);
        break;
      }
      case 'fault': {
        this.#world.setFault(
          'key' in one.fault ? { ...one.fault, key: this.#names.get(one.fault.key) ?? '?' } : one.fault,
        );
        await this.sync();
        this.#world.setFault({ kind: 'none' });
        break;
      }
    }
  }

  /** A source in trouble is an outcome; anything else is a defect. */
  async sync(options: { readonly eventsMax?: number; readonly secondRefusesAt?: number } = {}): Promise<void> {
    try {
      await this.index.sync(this.#world.open(), options);
    } catch (error) {
      if (!(error instanceof SourceError)) {
        throw error;
      }
    }
  }

  keys(): readonly string[] {
    return [...this.#names.values()].map((name) => this.#world.idOf(name)).toSorted();
  }
}

describe('any history of a source ends equal to a sync from nothing', () => {
  it.each(HARNESSES.map((harness) => ({ name: harness.name, harness })))('$name', async ({ harness }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: STEPS_MAX }), async (steps) => {
        const world = await harness.create();
        try {
          const history = new History(world);
          for (const one of steps) {
            await history.take(one);
          }
          // A lost cursor costs one more run, what failed is due after a day, and then everything is in.
          for (let runs = 0; runs < 3; runs += 1) {
            world.elapse(DAY_MS);
            await history.index.sync(world.open());
          }
          const fresh = await freshSync(world.open());
          expect([...history.index.first.keys()].toSorted()).toEqual(history.keys());
          expect(history.index.held()).toEqual(fresh.held());
          expect(history.index.equal).toBe(true);
        } finally {
          await world.close();
        }
      }),
      { numRuns: RUNS },
    );
  });
});
