/** One sync of a running pair: fire both schedules, wait until nothing is left to do, prove both Regions, judge. */
import { randomUUID } from 'node:crypto';

import type { Result } from '../../functions/domain/failure.ts';
import type { ProofSummary } from '../../functions/repair/proof-service.ts';
import { explainOutcome } from '../lambda/outcome.ts';
import type { Provisioned } from '../region/messages.ts';
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { RegionPairLink } from '../region/pair.ts';
import type { CycleWatch } from './cycle-watch.ts';
import { compareRegions, proveOne, type ProvingRegion } from './prove-pair.ts';
import type { RegionResult, SyncResult } from './verdict.ts';

export interface SyncOptions {
  readonly pair: RegionPairLink;
  readonly provisioned: Readonly<Record<Role, Provisioned>>;
  readonly watch: CycleWatch;
  readonly expected: readonly string[];
  /** What went wrong beside the cycles, for instance a function that ran out of memory. */
  readonly failures: readonly string[];
  readonly now: () => number;
}

const tickOne = async (pair: RegionPairLink, role: Role): Promise<string | undefined> => {
  try {
    const outcome = await pair.links[role].ask({ kind: 'tick' });
    await pair.links[role].ask({ kind: 'idle' });
    return outcome.kind === 'returned' ? undefined : `dispatch in ${pair.regionOf(role)}: ${explainOutcome(outcome)}`;
  } catch (error) {
    return `dispatch in ${pair.regionOf(role)}: ${error instanceof Error ? error.message : 'no answer'}`;
  }
};

/** A Region that is not there, or whose stores don't answer; any other failure is a defect of the proof itself. */
const isGone = (proven: Result<ProofSummary> | undefined): boolean =>
  proven === undefined || (proven.kind === 'failed' && proven.failure.reason === 'unreachable');

export interface PairProof {
  readonly regions: readonly RegionResult[];
  readonly differences: SyncResult['differences'];
  /** Why a difference may be unnamed. */
  readonly failures: readonly string[];
}

type Proving = Pick<SyncOptions, 'pair' | 'provisioned'>;

/** Both Regions send what they owe, as they do every minute. One that can't is told of by the proof that follows. */
const drainBoth = async ({ pair, provisioned }: Proving): Promise<void> => {
  await Promise.allSettled(
    ROLES.map(async (role) => {
      const functionName = provisioned[role].functions.drain;
      return pair.links[role].ask({ kind: 'invoke', functionName, payload: {} });
    }),
  );
};

/**
 * Both Regions' proofs, and the keys that differ. Where all of them are owed (an audit event whose attempt at the peer was late),
 * nothing is lost and the answer is a moment away: what is owed is sent, and both prove again.
 */
export const provePair = async (options: Proving): Promise<PairProof> => {
  const first = await proveOnce(options);
  if (first.differences.length === 0 || !first.differences.every(({ owed }) => owed)) {
    return first;
  }
  await drainBoth(options);
  return proveOnce(options);
};

const proveOnce = async ({ pair, provisioned }: Proving): Promise<PairProof> => {
  const proof = randomUUID();
  const provingOf = (role: Role): ProvingRegion => ({
    link: pair.links[role],
    functionName: provisioned[role].functions.proof,
  });
  const [primary, secondary] = await Promise.all(ROLES.map(async (role) => proveOne(provingOf(role), proof)));
  const resultOf = (role: Role, proven: typeof primary): RegionResult => ({
    role,
    region: provisioned[role].region,
    endpoint: provisioned[role].endpoint,
    ...(proven?.kind === 'done'
      ? { proof: proven.value }
      : { unproven: proven === undefined ? 'no proof' : proven.failure.message, unreachable: isGone(proven) }),
  });
  const regions = [resultOf('primary', primary), resultOf('secondary', secondary)];
  if (primary?.kind !== 'done' || secondary?.kind !== 'done' || primary.value.root === secondary.value.root) {
    return { regions, differences: [], failures: [] };
  }
  const compared = await compareRegions(
    { region: provingOf('primary'), summary: primary.value },
    { region: provingOf('secondary'), summary: secondary.value },
    proof,
  );
  return compared.kind === 'done'
    ? { regions, differences: compared.value, failures: [] }
    : { regions, differences: [], failures: [`the comparison did not get through: ${compared.failure.message}`] };
};

export const syncOnce = async (options: SyncOptions): Promise<SyncResult> => {
  const { pair, provisioned, watch, now } = options;
  const startedAt = now();
  watch.clear();
  const dispatchFailures = await Promise.all(ROLES.map(async (role) => tickOne(pair, role)));
  const durationMs = now() - startedAt;
  const { regions, differences, failures } = await provePair(options);
  return {
    regions,
    differences,
    ends: watch.ends(),
    expected: options.expected,
    dispatches: ROLES.map((role) => ({
      region: provisioned[role].region,
      end: watch.dispatches().get(provisioned[role].region),
    })),
    failures: [...options.failures, ...failures, ...dispatchFailures.filter((failure) => failure !== undefined)],
    durationMs,
  };
};
