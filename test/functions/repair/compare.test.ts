/** Two trees are equal exactly when their entries are, and a comparison names every key that differs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { done } from '../../../functions/domain/failure.ts';
import { compareTrees, type TreeReader } from '../../../functions/repair/compare.ts';
import { buildDigestTree, type DigestEntry } from '../../../functions/repair/digest-tree.ts';

const readerOf = (entries: readonly DigestEntry[], asked: string[] = []): TreeReader => {
  const tree = buildDigestTree(entries);
  return {
    root: async () => done(tree.root),
    children: async (paths) => {
      asked.push(...paths);
      return done(paths.map((path) => tree.children(path)));
    },
    entries: async (leaves) => done(leaves.map((leaf) => tree.entries(leaf))),
  };
};

const entry = (key: string, v = 'v1', h = 'h1', del = false): DigestEntry => ({ key: ['pk', key], v, h, del });

const entriesArbitrary = fc.uniqueArray(
  fc.record({
    key: fc.integer({ min: 0, max: 40 }).map((n) => ['pk', `k${n}`] as readonly string[]),
    v: fc.constantFrom('v1', 'v2'),
    h: fc.constantFrom('h1', 'h2'),
    del: fc.boolean(),
  }),
  { selector: ({ key }) => key.join('/'), maxLength: 30 },
);

describe('buildDigestTree', () => {
  it('has one root for one set of entries, whatever their order', () => {
    fc.assert(
      fc.property(entriesArbitrary, (entries) => {
        expect(buildDigestTree(entries).root).toBe(buildDigestTree(entries.toReversed()).root);
      }),
      { numRuns: 20 },
    );
  });

  it('has the same root for every empty Region', () => {
    expect(buildDigestTree([]).root).toBe(buildDigestTree([]).root);
    expect(buildDigestTree([]).root).not.toBe(buildDigestTree([entry('a')]).root);
  });
});

describe('compareTrees', () => {
  it('names exactly the keys that differ', async () => {
    await fc.assert(
      fc.asyncProperty(entriesArbitrary, entriesArbitrary, async (left, right) => {
        const textOf = (entries: readonly DigestEntry[]): Map<string, string> =>
          new Map(entries.map((one) => [one.key.join('/'), JSON.stringify(one)]));
        const [leftTexts, rightTexts] = [textOf(left), textOf(right)];
        const expected = [...new Set([...leftTexts.keys(), ...rightTexts.keys()])]
          .filter((key) => leftTexts.get(key) !== rightTexts.get(key))
          .toSorted();
        const compared = await compareTrees(readerOf(left), readerOf(right));
        const keys = compared.kind === 'done' ? compared.value.map(({ key }) => key.join('/')) : [];
        expect(keys.toSorted()).toStrictEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['missing-left', [], [entry('a')]],
    ['missing-right', [entry('a')], []],
    ['stale-left', [entry('a', 'v1')], [entry('a', 'v2')]],
    ['stale-right', [entry('a', 'v2')], [entry('a', 'v1')]],
    ['different-bytes', [entry('a', 'v1', 'h1')], [entry('a', 'v1', 'h2')]],
    ['missing-left', [entry('a', '', 'missing')], [entry('a', '', 'h1')]],
  ] as const)('calls a difference %s', async (kind, left, right) => {
    expect(await compareTrees(readerOf(left), readerOf(right))).toStrictEqual(
      done([{ key: ['pk', 'a'], kind, owed: false }]),
    );
  });

  it('asks for no node where the roots are equal', async () => {
    const asked: string[] = [];
    await compareTrees(readerOf([entry('a')], asked), readerOf([entry('a')], asked));
    expect(asked).toStrictEqual([]);
  });

  it('asks for one path from the root to the leaf for one difference', async () => {
    const asked: string[] = [];
    const many = Array.from({ length: 500 }, (_, n) => entry(`k${n}`));
    await compareTrees(readerOf([...many, entry('x', 'v1')]), readerOf([...many, entry('x', 'v2')], asked));
    expect(asked.map((path) => path.length)).toStrictEqual([0, 1, 2, 3]);
  });
});
