/** The places of a search depend on what is stored and on nothing else: not on which Region answered first, nor on how many are wanted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type LexicalHit, type QueryTerm, type ReadBucket, scoreBuckets } from '../../../functions/lexical/score.ts';
import { bucketOf, fingerprintOf } from '../../../functions/lexical/term-hash.ts';
import { queryTerms } from '../../../functions/lexical/terms.ts';
import { buildUnit } from '../../../functions/lexical/unit.ts';
import { canonicalText } from '../../../functions/stores/envelope.ts';

const WORDS = ['lock', 'queue', 'orders', 'north'];

const TERMS: readonly QueryTerm[] = [...queryTerms(WORDS.join(' ')).keys()].map((term) => ({
  term,
  weight: 1,
  bucket: bucketOf(term),
  fingerprint: fingerprintOf(term),
}));

/** Handles are drawn, so that they come in no order; texts are few, so that many chunks are worth the same. */
const chunk = fc.record({
  handle: fc.integer({ min: 0, max: 0xff_ff }),
  words: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...WORDS.map((word) => [word])) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...WORDS), { minLength: 3, maxLength: 4 }) },
  ),
});
const unit = fc.record({
  source: fc.constantFrom('bank', 'shop'),
  part: fc.integer({ min: 0, max: 1 }),
  chunks: fc.uniqueArray(chunk, { minLength: 12, maxLength: 40, selector: ({ handle }) => handle }),
});
const corpus = fc.uniqueArray(unit, {
  minLength: 1,
  maxLength: 4,
  selector: ({ source, part }) => `${source} ${part}`,
});

interface Unit {
  readonly source: string;
  readonly part: number;
  readonly chunks: readonly { readonly handle: number; readonly words: readonly string[] }[];
}

const bucketsOf = (units: readonly Unit[]): readonly ReadBucket[] =>
  units.flatMap(({ source, part, chunks }): readonly ReadBucket[] => {
    const documents = chunks.map(({ handle, words }, at) => ({
      hash: at.toString(16).padStart(20, '0'),
      title: '',
      chunks: [{ id: handle.toString(16).padStart(4, '0'), breadcrumb: '', text: words.join(' ') }],
    }));
    const { buckets } = buildUnit(documents, 2, part);
    return [...buckets].map(([bucket, payload]) => ({
      unit: { source, part },
      bucket,
      // A unit that is being written says two things of itself.
      data: canonicalText({ ...payload, n: chunks.length + (bucket % 2) }),
    }));
  });

const placeOf = ({ unit: { source, part }, handle }: LexicalHit): string =>
  `${source} ${part} ${handle.toString().padStart(5, '0')}`;

describe('the places of a search', () => {
  it('do not depend on the order in which buckets arrive', () => {
    fc.assert(
      fc.property(
        corpus,
        fc.array(fc.nat(), { minLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        (units, keys, hitsMax) => {
          const read = bucketsOf(units);
          const shuffled = read
            .map((one, at) => ({ one, key: keys[at % keys.length] ?? 0 }))
            .toSorted((left, right) => left.key - right.key)
            .map(({ one }) => one);
          expect(scoreBuckets(shuffled, TERMS, hitsMax)).toStrictEqual(scoreBuckets(read, TERMS, hitsMax));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are the first of all places: by score, and then by source, unit and handle', () => {
    fc.assert(
      fc.property(corpus, fc.integer({ min: 1, max: 6 }), (units, hitsMax) => {
        const read = bucketsOf(units);
        const all = scoreBuckets(read, TERMS, 1000).hits;
        expect(all).toHaveLength(units.flatMap(({ chunks }) => chunks).length);
        const sorted = all.toSorted(
          (left, right) => right.score - left.score || (placeOf(left) < placeOf(right) ? -1 : 1),
        );
        expect(all.map((hit) => placeOf(hit))).toStrictEqual(sorted.map((hit) => placeOf(hit)));
        expect(scoreBuckets(read, TERMS, hitsMax).hits).toStrictEqual(all.slice(0, hitsMax));
      }),
      { numRuns: 60 },
    );
  });

  it('are the first of those that are worth the same, although another word is counted later', () => {
    const chunks = Array.from({ length: 40 }, (_, at) => ({
      handle: (at * 7919) % 0x1_00_00,
      words: [at % 2 === 0 ? 'lock' : 'north'],
    }));
    const { hits } = scoreBuckets(bucketsOf([{ source: 'shop', part: 0, chunks }]), TERMS, 5);
    expect(new Set(hits.map(({ score }) => score)).size).toBe(1);
    const handles = chunks.map(({ handle }) => handle).toSorted((left, right) => left - right);
    expect(hits.map(({ handle }) => handle)).toStrictEqual(handles.slice(0, 5));
  });
});
