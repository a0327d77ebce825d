/** Postings as text: what goes in comes out, in classes; equal contents are equal bytes; damage reads as absence. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { directoryPayload, findSlots, parseDirectory } from '../../../functions/lexical/directory.ts';
import {
  bucketKey,
  bucketKeysOfUnit,
  directoryKey,
  parseBucketSk,
  parseDirectorySk,
  sourceOfLexicalKey,
} from '../../../functions/lexical/keys.ts';
import { decodePostings, encodePostings, findPostings, SLOTS } from '../../../functions/lexical/postings.ts';
import { BUCKETS } from '../../../functions/lexical/term-hash.ts';

const posting = fc.record({
  handle: fc.integer({ min: 0, max: 65_535 }),
  frequency: fc.constantFrom(1, 2, 3, 4, 6, 9, 14, 24),
  length: fc.constantFrom(8, 16, 32, 64, 128, 256, 512, 1024),
});

const terms = fc.uniqueArray(
  fc.tuple(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.uniqueArray(posting, { selector: ({ handle }) => handle, maxLength: 20 }),
  ),
  { selector: ([fingerprint]) => fingerprint, maxLength: 20 },
);

const byHandle = (left: { readonly handle: number }, right: { readonly handle: number }): number =>
  left.handle - right.handle;

describe('postings', () => {
  it('come back as they went in, in the order of handles', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const bytes = Buffer.from(encodePostings(given), 'base64');
        for (const [fingerprint, postings] of given) {
          const found = findPostings(bytes, fingerprint);
          const back = found === undefined ? [] : decodePostings(found);
          expect(
            back.map(({ handle, frequency, length }) => ({ handle, frequency, length: Math.round(length) })),
          ).toEqual(postings.toSorted(byHandle));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are the same bytes in whatever order they came', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const turned = given.toReversed().map(([print, postings]) => [print, postings.toReversed()] as const);
        expect(encodePostings(turned)).toBe(encodePostings(given));
      }),
      { numRuns: 40 },
    );
  });

  it('of a term that is not there, or behind damage, are none', () => {
    const bytes = Buffer.from(encodePostings([[7, [{ handle: 1, frequency: 1, length: 8 }]]]), 'base64');
    expect(findPostings(bytes, 8)).toBeUndefined();
    expect(findPostings(bytes.subarray(0, 8), 7)).toBeUndefined();
    expect(findPostings(Buffer.alloc(0), 7)).toBeUndefined();
  });
});

describe('a directory', () => {
  const hash = fc.stringMatching(/^[0-9a-f]{20}$/u);
  const documents = fc.uniqueArray(
    fc.record({ hash, slots: fc.uniqueArray(fc.integer({ min: 0, max: SLOTS - 1 }), { maxLength: 8 }) }),
    { selector: (one) => one.hash, maxLength: 12 },
  );

  it('comes back as it went in, and says whose a slot is', () => {
    fc.assert(
      fc.property(documents, fc.uniqueArray(fc.integer({ min: 0, max: BUCKETS - 1 })), (given, buckets) => {
        const data = JSON.stringify(
          directoryPayload({ parts: 4, buckets: new Set(buckets), chunks: 9, documents: given }, BUCKETS),
        );
        const back = parseDirectory(data);
        expect(back?.buckets).toEqual(new Set(buckets));
        expect(new Set(back?.documents.map((one) => one.hash))).toEqual(new Set(given.map((one) => one.hash)));
        const [first] = given;
        const wanted = new Set(first?.slots);
        expect(findSlots(data, wanted)?.filter((found) => found.hash === first?.hash)).toHaveLength(wanted.size);
      }),
      { numRuns: 60 },
    );
  });

  it('that is damaged is none', () => {
    expect(parseDirectory('{"b":1}')).toBeUndefined();
    expect(findSlots('nothing', new Set([1]))).toBeUndefined();
  });
});

describe('a key of the index', () => {
  it('names its source and its unit', () => {
    const unit = { source: 'a-source.of:people', part: 300 };
    expect(bucketKeysOfUnit(unit)).toHaveLength(BUCKETS);
    for (const key of [...bucketKeysOfUnit(unit), directoryKey(unit)]) {
      expect(sourceOfLexicalKey(key)).toBe(unit.source);
    }
    expect(parseBucketSk(bucketKey(unit, 5).sk)).toEqual(unit);
    expect(parseDirectorySk(directoryKey(unit).sk)).toBe(unit.part);
  });

  it('is no other key', () => {
    expect(sourceOfLexicalKey({ pk: 'chunks#shop#a', sk: 'lex#1' })).toBeUndefined();
    expect(sourceOfLexicalKey({ pk: 'lex#00', sk: 'nothing' })).toBeUndefined();
  });
});
