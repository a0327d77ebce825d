/**
 * What counts as held, and is therefore not written again. With the peer required: what every declared Region holds in the
 * same version with the same bytes, owed to nobody. In a declared outage of the peer home alone is judged, because the peer may
 * be dead: what home owes stays owed, and what it does not owe the peer must have taken.
 */
import { isMutant } from '../domain/mutants.ts';
import type { RecordDigest } from '../domain/record.ts';
import type { RegionName } from '../domain/region.ts';
import { fenceOfVersion, parseFence } from '../domain/version.ts';
import type { RegionPair } from '../dual-write/regions.ts';

/** One key as it is judged. */
export interface HeldPair {
  readonly home: RecordDigest | undefined;
  /** Equals `home` where home alone is judged and may be trusted. */
  readonly peer: RecordDigest | undefined;
}

export interface Judge {
  /** The Regions that are read. */
  readonly regions: RegionPair;
  pairOf(home: RecordDigest | undefined, peer: RecordDigest | undefined): HeldPair;
}

export const isLive = (digest: RecordDigest | undefined): boolean => digest !== undefined && digest.del !== true;

export const isEqual = ({ home, peer }: HeldPair): boolean =>
  home !== undefined &&
  peer !== undefined &&
  home.v === peer.v &&
  home.h === peer.h &&
  home.del === peer.del &&
  home.owed === undefined &&
  peer.owed === undefined;

/** A tombstone that nobody has to write again; what is not known at all is not. */
export const isDeadEverywhere = (pair: HeldPair): boolean => isEqual(pair) && !isLive(pair.home);

/** Every declared Region has its say; in a single-Region install that is home. */
export const judgeByAll = (regions: RegionPair): Judge => ({
  regions,
  pairOf: (home, peer) => ({
    home,
    peer: regions.peer === undefined || isMutant('unchanged-at-home') ? home : peer,
  }),
});

export interface OutageTerms {
  readonly peer: RegionName;
  /** The version of the last acknowledged commit of the source; empty where there was none. */
  readonly acknowledged: string;
  /** What this cycle runs under. */
  readonly epoch: number;
  readonly region: RegionName;
}

/**
 * Home holds it for both where it owes it, where an acknowledged commit came after it, or where a cycle of this very outage
 * wrote it (owed then, drained since). Anything else is of a run that never committed: the peer may have missed it, unmarked.
 */
const isVouched = (digest: RecordDigest, { peer, acknowledged, epoch, region }: OutageTerms): boolean => {
  if (digest.owed === peer || digest.v <= acknowledged) {
    return true;
  }
  const fence = parseFence(fenceOfVersion(digest.v) ?? '');
  return fence?.epoch === epoch && fence.region === region;
};

export const judgeByHome = (regions: RegionPair, terms: OutageTerms): Judge => ({
  regions: { home: regions.home },
  pairOf: (home) => {
    if (home === undefined) {
      return { home, peer: undefined };
    }
    const { owed: _owed, ...held } = home;
    return { home: held, peer: isVouched(home, terms) ? held : undefined };
  },
});
