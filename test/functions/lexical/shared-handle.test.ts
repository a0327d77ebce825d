/** Two chunks of a unit may begin with the same digits: their postings must not add up to one that has the words of both. */
import { describe, expect, it } from 'vitest';

import { scoreBuckets } from '../../../functions/lexical/score.ts';
import { bucketOf, fingerprintOf } from '../../../functions/lexical/term-hash.ts';
import { buildUnit, handleOf } from '../../../functions/lexical/unit.ts';
import { canonicalText } from '../../../functions/stores/envelope.ts';

const FILLER = 'nothing else here that anybody would ask for today or tomorrow morning '.repeat(3);

const documents = [
  { id: 'abcd0001', text: 'lock' },
  { id: 'abcd0002', text: `orders ${FILLER}` },
  { id: 'ffff0003', text: `lock orders ${FILLER}` },
].map(({ id, text }, at) => ({ hash: `${at}`.repeat(20), title: '', chunks: [{ id, breadcrumb: '', text }] }));

const { buckets } = buildUnit(documents, 1, 0);

const find = (...words: readonly string[]): ReturnType<typeof scoreBuckets>['hits'] =>
  scoreBuckets(
    [...buckets].map(([bucket, payload]) => ({
      unit: { source: 'shop', part: 0 },
      bucket,
      data: canonicalText(payload),
    })),
    words.map((term) => ({ term, weight: 1, bucket: bucketOf(term), fingerprint: fingerprintOf(term) })),
    10,
  ).hits;

describe('chunks with one handle', () => {
  it('are scored apart, each with its own words', () => {
    const shared = handleOf('abcd0001');
    const [lock, orders, both] = [find('lock'), find('order'), find('lock', 'order')];
    expect(lock.filter(({ handle }) => handle === shared)).toHaveLength(1);
    expect(orders.filter(({ handle }) => handle === shared)).toHaveLength(1);
    const scores = both.filter(({ handle }) => handle === shared).map(({ score }) => score);
    const own = [lock, orders].map((hits) => hits.find(({ handle }) => handle === shared)?.score ?? 0);
    expect(scores.toSorted((left, right) => left - right)).toEqual(own.toSorted((left, right) => left - right));
  });

  it('leave nothing behind for the next question', () => {
    const first = find('lock', 'order');
    expect(find('lock', 'order')).toEqual(first);
  });
});
