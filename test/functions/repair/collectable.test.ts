/** A tombstone goes only when no older write of its key can arrive any more; each condition alone keeps it. */
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import type { RecordDigest } from '../../../functions/domain/record.ts';
import { decideCollection, type TombstoneView } from '../../../functions/repair/collectable.ts';
import { regionNamed } from '../stores/region-named.ts';
import { fenceOf, versionOf } from './two-regions.ts';

const NOW = 1_900_000_000_000;
const OLD = NOW - LIMITS.tombstoneKeptMs - LIMITS.tombstoneMarginMs;
const PEER = regionNamed('us-west-2');

const tombstone = (more: Partial<RecordDigest> = {}): RecordDigest => ({
  pk: 'team',
  sk: 'name',
  v: 'u2',
  h: '',
  del: true,
  receivedAt: OLD,
  ...more,
});

const view = (more: Partial<TombstoneView> = {}): TombstoneView => ({
  now: NOW,
  home: tombstone(),
  peer: { held: tombstone() },
  fences: undefined,
  ...more,
});

const { receivedAt: _, ...timeless } = tombstone();

describe('decideCollection', () => {
  it.each([
    ['the peer holds it as old', {}],
    ['the peer has collected it', { peer: { held: undefined } }],
    [
      'the peer holds something newer, owed or not',
      { peer: { held: tombstone({ v: 'u3', owed: PEER, receivedAt: NOW }) } },
    ],
    ['there is no peer', { peer: undefined }],
    [
      'every fence of its source is at its own',
      { home: tombstone({ v: versionOf(3) }), peer: { held: undefined }, fences: [fenceOf(3), fenceOf(4)] },
    ],
  ] as const)('collects where %s', (_what, more) => {
    expect(decideCollection(view(more))).toEqual({ kind: 'collect' });
  });

  it.each([
    ['owed', 'home owes it', { home: tombstone({ owed: PEER }) }],
    ['too-young', 'home got it a moment too late', { home: tombstone({ receivedAt: OLD + 1 }) }],
    ['too-young', 'nobody knows when home got it', { home: timeless }],
    ['peer-too-young', 'the peer got it later', { peer: { held: tombstone({ receivedAt: OLD + 1 }) } }],
    ['peer-too-young', 'nobody knows when the peer got it', { peer: { held: timeless } }],
    ['peer-too-young', 'the peer has live bytes of that version', { peer: { held: { ...timeless, del: undefined } } }],
    ['peer-owes', 'the peer owes it', { peer: { held: tombstone({ owed: PEER }) } }],
    ['peer-behind', 'the peer holds something older', { peer: { held: tombstone({ v: 'u1' }) } }],
    [
      'below-fence',
      'one Region has not seen its fence',
      { home: tombstone({ v: versionOf(3) }), peer: { held: undefined }, fences: [fenceOf(3), fenceOf(2)] },
    ],
    [
      'below-fence',
      'one Region has no fence',
      { home: tombstone({ v: versionOf(3) }), peer: { held: undefined }, fences: [fenceOf(3), undefined] },
    ],
    ['below-fence', 'its source is not known', { home: tombstone({ v: versionOf(3) }), peer: { held: undefined } }],
  ])('keeps it (%s) where %s', (reason, _what, more) => {
    expect(decideCollection(view(more as Partial<TombstoneView>))).toEqual({ kind: 'keep', reason });
  });
});
