/** What a text is found by: words, names, and the stems that make word forms one. */
import { describe, expect, it } from 'vitest';

import { stemOf } from '../../../functions/lexical/stem.ts';
import { bucketOf, BUCKETS, fingerprintOf } from '../../../functions/lexical/term-hash.ts';
import { queryTerms, readTerms } from '../../../functions/lexical/terms.ts';

describe('a stem', () => {
  it.each([
    ['caresses', 'caress'],
    ['ponies', 'poni'],
    ['agreed', 'agre'],
    ['plastered', 'plaster'],
    ['motoring', 'motor'],
    ['hopping', 'hop'],
    ['filing', 'file'],
    ['relational', 'relat'],
    ['vietnamization', 'vietnam'],
    ['electrical', 'electr'],
    ['adjustment', 'adjust'],
    ['controlling', 'control'],
    ['sky', 'sky'],
    ['s3', 's3'],
    ['über', 'über'],
  ])('of %s is %s', (word, stem) => {
    expect(stemOf(word)).toBe(stem);
  });

  it.each([
    ['retries', 'retried', 'retry'],
    ['replicated', 'replicates', 'replicating'],
    ['queues', 'queued', 'queue'],
  ])('is one for %s, %s and %s', (...words) => {
    expect(new Set(words.map((word) => stemOf(word))).size).toBe(1);
  });

  it('ends, whatever the word', () => {
    for (const word of ['', 'a', 'eed', 'ing', 'ion', 'y'.repeat(40), 'sses', 'ational', 'bbbbbbbb']) {
      expect(stemOf(word).length).toBeLessThanOrEqual(word.length + 1);
    }
  });
});

describe('the terms of a text', () => {
  it('are words and the identifier itself', () => {
    expect(readTerms('getUserById')).toEqual({ words: ['get', 'user', 'id'], names: ['getuserbyid'], compounds: [] });
  });

  it('of a path or a name with hyphens are its parts and the whole', () => {
    expect(readTerms('dead-letter_queue.ts')).toEqual({
      words: ['dead', 'letter', 'queu', 'ts'],
      names: [],
      compounds: ['dead-letter_queue.ts'],
    });
  });

  it('keep numbers, versions and other scripts', () => {
    const { words } = readTerms('Node 24 läuft in 東京リージョン, v2');
    expect(words).toEqual(expect.arrayContaining(['node', '24', 'läuft', 'v2']));
    expect(words.some((word) => word.includes('京'))).toBe(true);
  });

  it('leave out what every text has', () => {
    expect(readTerms('what is the and of a').words).toEqual([]);
  });

  it('of a question count once each, and compounds less', () => {
    const terms = queryTerms('lock locks orders-api');
    expect(terms.get('lock')).toBe(terms.get('order'));
    expect(terms.get('orders-api')).toBeLessThan(terms.get('lock') ?? 0);
  });

  it('are the same for hostile input, in bounded time', () => {
    const startedAt = performance.now();
    for (const text of ['a'.repeat(100_000), '_-.'.repeat(50_000), '\uD800'.repeat(1000), 'aB'.repeat(50_000)]) {
      expect(readTerms(text)).toEqual(readTerms(text));
    }
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});

describe('the bucket of a term', () => {
  it('is spread evenly and apart from its fingerprint', () => {
    const terms = Array.from({ length: 12_800 }, (_, at) => `term${at}`);
    const sizes = [...Map.groupBy(terms, (term) => bucketOf(term)).values()].map((own) => own.length);
    expect(sizes).toHaveLength(BUCKETS);
    expect(Math.max(...sizes)).toBeLessThan(180);
    expect(new Set(terms.map((term) => fingerprintOf(term))).size).toBe(terms.length);
  });
});
