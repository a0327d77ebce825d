/** What became of the clicks: read from both Regions' tables by a strongly consistent read, not from anybody's answers. */
import { FIRST_GENERATION, votesPartition } from '../../examples/survey/functions/records.ts';
import { parseToken } from '../../functions/access/token.ts';
import { InvariantError } from '../../functions/domain/errors.ts';
import { clockOfVersion } from '../../functions/domain/version.ts';
import type { RegionPair, RegionStores } from '../../functions/dual-write/regions.ts';
import { noteKey } from '../../functions/dual-write/operation.ts';
import { opOf } from '../../functions/query/idempotency.ts';
import { readPartition } from '../../functions/query/read-partition.ts';
import { readOwedDebt } from '../../functions/repair/owed-debt.ts';
import type { Click } from './voters.ts';

export interface Reckoning {
  /** Acknowledged clicks that a Region knows nothing of. */
  readonly lost: number;
  /** Votes beyond one per voter, in the Region that has most of them. */
  readonly doubled: number;
  /** Voters whose last acknowledged choice is not the one that counts. */
  readonly undone: number;
  /** Both Regions hold the same votes, byte for byte. */
  readonly areEqual: boolean;
}

const VOTES_MAX = 10_000;

type Votes = ReadonlyMap<string, { readonly v: string; readonly h: string; readonly choice: string }>;

const NO_VOTES: Votes = new Map();

/** A table that has just come back may let a first reading wait: it is read again. */
const READINGS_MAX = 5;

const votesIn = async ({ tables }: Pick<RegionStores, 'tables'>, survey: string, readings = 1): Promise<Votes> => {
  const read = await readPartition(tables.workspaces, votesPartition(survey, FIRST_GENERATION), {
    recordsMax: VOTES_MAX,
  });
  if (read.kind === 'failed') {
    if (readings < READINGS_MAX) {
      return votesIn({ tables }, survey, readings + 1);
    }
    throw new InvariantError(`the votes can't be read: ${read.failure.message}`);
  }
  return new Map(
    read.value.records.map(({ sk, v, h, data }) => {
      const { choice } = JSON.parse(data) as { readonly choice: string };
      return [sk.slice('vote#'.length), { v, h, choice }];
    }),
  );
};

const sidesOf = ({ home, peer }: RegionPair): readonly RegionStores[] => [home, ...(peer === undefined ? [] : [peer])];

/** Each acknowledged click has left a note under its key in both Regions, whatever replaced the vote since. */
const lostClicks = async (regions: RegionPair, clicks: readonly Click[], token: string): Promise<number> => {
  const id = parseToken(token)?.id ?? '';
  const caller = { id: `key:${id}`, name: '', roles: [], sources: [] } as const;
  const notes = clicks.map(({ key }) => noteKey(opOf(key, caller)));
  let lost = 0;
  for (const { tables } of sidesOf(regions)) {
    const read = await tables.workspaces.getDigests(notes);
    if (read.kind === 'failed') {
      throw new InvariantError(`the notes can't be read: ${read.failure.message}`);
    }
    const held = new Set(read.value.map(({ pk }) => pk));
    lost += notes.filter(({ pk }) => !held.has(pk)).length;
  }
  return lost;
};

const isSame = (one: Votes, other: Votes): boolean =>
  one.size === other.size &&
  [...one].every(([voter, { v, h }]) => other.get(voter)?.v === v && other.get(voter)?.h === h);

export const reckon = async (
  regions: RegionPair,
  survey: string,
  clicks: readonly Click[],
  token: string,
): Promise<Reckoning> => {
  const acknowledged = clicks.filter(({ outcome }) => outcome.kind === 'held');
  const last = new Map(clicks.map(({ voter, choice }) => [voter, choice]));
  const lastHeld = new Map(acknowledged.map(({ voter, choice }) => [voter, choice]));
  const sides = await Promise.all(sidesOf(regions).map(async (side) => votesIn(side, survey)));
  const [one = NO_VOTES, other = one] = sides;
  // A later click that nobody confirmed may have arrived all the same: then it counts, once.
  const isKept = (votes: Votes, voter: string): boolean =>
    [lastHeld.get(voter), last.get(voter)].includes(votes.get(voter)?.choice);
  return {
    lost: await lostClicks(regions, acknowledged, token),
    doubled: Math.max(...sides.map((votes) => votes.size - last.size), 0),
    undone: sides.reduce((sum, votes) => sum + [...lastHeld.keys()].filter((voter) => !isKept(votes, voter)).length, 0),
    areEqual: isSame(one, other),
  };
};

/** Neither Region owes the other anything: what people voted, and the notes of it, are in both. */
export const isNothingOwed = async ({ home, peer }: RegionPair): Promise<boolean> => {
  if (peer === undefined) {
    return true;
  }
  const debts = await Promise.all([
    readOwedDebt(home, peer.region, Date.now()),
    readOwedDebt(peer, home.region, Date.now()),
  ]);
  return debts.every((debt) => debt.kind === 'done' && debt.value.count === 0);
};

/** Nothing that was cast before `beforeMs` differs between the Regions any more; people go on voting meanwhile. */
export const isSettledBefore = async (regions: RegionPair, survey: string, beforeMs: number): Promise<boolean> => {
  const [one = NO_VOTES, other = one] = await Promise.all(sidesOf(regions).map(async (side) => votesIn(side, survey)));
  const isNewer = (v: string | undefined): boolean => (clockOfVersion(v ?? '')?.ms ?? 0) >= beforeMs;
  return [...new Set([...one.keys(), ...other.keys()])].every((voter) => {
    const [left, right] = [one.get(voter)?.v, other.get(voter)?.v];
    return left === right || (isNewer(left) && isNewer(right));
  });
};
