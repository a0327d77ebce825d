/**
 * Whether a tombstone may go (DESIGN §3.4), as a pure decision with its reason. It has done its work when no older write of its
 * key can arrive any more, in either Region; collected too early, deleted data comes back.
 */
import type { RecordDigest } from '../domain/record.ts';
import { LIMITS } from '../domain/limits.ts';
import { isMutant } from '../domain/mutants.ts';
import { fenceOfVersion } from '../domain/version.ts';

export interface TombstoneView {
  readonly now: number;
  readonly home: RecordDigest;
  /** What the peer holds under the key; absent where it holds nothing. Without a peer there is no view of it. */
  readonly peer: { readonly held: RecordDigest | undefined } | undefined;
  /** The fences of the key's source, in every declared Region; undefined where the key belongs to no source. */
  readonly fences: readonly (string | undefined)[] | undefined;
}

export type CollectDecision =
  | { readonly kind: 'collect' }
  | {
      readonly kind: 'keep';
      readonly reason: 'owed' | 'too-young' | 'peer-too-young' | 'peer-owes' | 'peer-behind' | 'below-fence';
    };

const keep = (reason: Extract<CollectDecision, { kind: 'keep' }>['reason']): CollectDecision => ({
  kind: 'keep',
  reason,
});

/** The margin lets it leave the digests of both Regions first, whatever their clocks say. */
const isOld = ({ receivedAt }: RecordDigest, now: number): boolean =>
  isMutant('early-collection') ||
  (receivedAt !== undefined && receivedAt + LIMITS.tombstoneKeptMs + LIMITS.tombstoneMarginMs <= now);

const peerObjection = (
  home: RecordDigest,
  held: RecordDigest | undefined,
  now: number,
): CollectDecision | undefined => {
  if (held === undefined || held.v > home.v) {
    // Collected there too, or replaced by something newer.
    return undefined;
  }
  if (held.v < home.v) {
    return keep('peer-behind');
  }
  if (held.owed !== undefined) {
    return keep('peer-owes');
  }
  return held.del === true && isOld(held, now) ? undefined : keep('peer-too-young');
};

export const decideCollection = ({ now, home, peer, fences }: TombstoneView): CollectDecision => {
  if (home.owed !== undefined) {
    return keep('owed');
  }
  if (!isOld(home, now)) {
    return keep('too-young');
  }
  const objection =
    peer === undefined || isMutant('collection-without-peer') ? undefined : peerObjection(home, peer.held, now);
  if (objection !== undefined) {
    return objection;
  }
  const fence = fenceOfVersion(home.v);
  // An ingest key whose source is not known, or was never claimed, has no fence above it.
  const isFenced =
    isMutant('collection-below-fence') ||
    fence === undefined ||
    (fences ?? [undefined]).every((one) => one !== undefined && one >= fence);
  return isFenced ? { kind: 'collect' } : keep('below-fence');
};
