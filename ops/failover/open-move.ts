/** Opens what a move needs: the Region that it goes to, with patience; the other one, within a bound until it turns out to take part. */
import { setTimeout as sleep } from 'node:timers/promises';

import { ulid } from 'ulid';

import type { InteractiveWrites } from '../../functions/domain/interactive-write.ts';
import type { Role } from '../../functions/domain/region.ts';
import type { Failed, Outcome } from '../../functions/dual-write/breaker.ts';
import { type Guard, guardRegion } from '../../functions/dual-write/guarded-stores.ts';
import { InteractiveWriter } from '../../functions/dual-write/interactive-writer.ts';
import type { RegionStores } from '../../functions/dual-write/regions.ts';
import { failed } from '../../functions/domain/failure.ts';
import { BEST_EFFORT, budgeted, CallBudget } from './call-budget.ts';
import { BEST_EFFORT_BOUNDS, openAccess, type OpenedAddresses, OPS_BOUNDS } from './open-access.ts';
import type { MoveKind } from './plan.ts';
import { QUIET } from './quiet.ts';
import { type PairAccess, PEER_OF, type RegionAccess } from './region-access.ts';

/** Not asked at all: what it should have got is owed to it. */
const NEVER: Guard = {
  run: async <T extends Outcome>(_work: () => Promise<T>): Promise<T | Failed> =>
    failed({ reason: 'unreachable', code: 'NotAsked', message: 'the Region takes no part in this' }),
};

export const declaredOut = (stores: RegionStores): RegionStores =>
  guardRegion(stores, { dynamodb: NEVER, s3vectors: NEVER });

export const openWrites = (home: RegionStores, peer: RegionStores, now: () => number): InteractiveWrites =>
  new InteractiveWriter({ regions: { home, peer }, telemetry: QUIET, now, newOp: ulid });

export interface OpenMove {
  readonly target: RegionAccess;
  /** Within its bound. */
  readonly bounded: RegionAccess;
  /** With patience: for a move that both Regions take part in. */
  readonly patient: RegionAccess;
  readonly budget: CallBudget;
}

export const pairOf = (target: RegionAccess, other: RegionAccess): PairAccess =>
  target.role === 'primary' ? { primary: target, secondary: other } : { primary: other, secondary: target };

export const openMove = ({ addresses }: OpenedAddresses, to: Role): OpenMove => {
  const budget = new CallBudget({ ...BEST_EFFORT, now: () => performance.now() });
  const other = addresses[PEER_OF[to]];
  const { api: _api, ...bounded } = budgeted(openAccess(other, BEST_EFFORT_BOUNDS), budget);
  return {
    target: openAccess(addresses[to], OPS_BOUNDS),
    // Whether its API answers changes no plan, and would be one more wait.
    bounded,
    patient: openAccess(other, OPS_BOUNDS),
    budget,
  };
};

export const otherFor = ({ bounded, patient }: OpenMove, kind: MoveKind): RegionAccess =>
  kind === 'graceful' ? patient : bounded;

export const writesFor = (open: OpenMove, kind: MoveKind): InteractiveWrites =>
  openWrites(open.target.stores, kind === 'graceful' ? open.patient.stores : declaredOut(open.bounded.stores), () =>
    Date.now(),
  );

export const pause = async (ms: number): Promise<void> => {
  await sleep(ms);
};
