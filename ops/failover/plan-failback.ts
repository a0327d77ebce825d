/**
 * `observe → plan` of a failback: settle what the outage left (the old flag, the fences), catch up, prove that both Regions are equal,
 * and only then move the work, both Regions taking part. Pure.
 */
import { type Role, ROLES } from '../../functions/domain/region.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import { epochFor, type Order, type Plan, planId, type PlanStep, type Planned, silence } from './plan.ts';
import { stepsOf } from './plan-steps.ts';
import { refusalFor } from './refusal.ts';
import { PEER_OF } from './region-access.ts';
import { factsOf, isActive, isWhole, type RegionWorld, type World } from './world.ts';

export interface FailbackOrder extends Order {
  readonly stabilityMs: number;
  /** Why a drift that stays is accepted. */
  readonly acceptDrift: string | undefined;
}

export interface FailbackPlan extends Plan {
  /** Who works until the flip. */
  readonly worker: Role;
  /** Under this epoch the two come together; undefined where they are together already. */
  readonly healEpoch: number | undefined;
  /** False where the Region works already and only its debts are settled. */
  readonly isFlip: boolean;
}

export type PlannedFailback =
  { readonly kind: 'planned'; readonly plan: FailbackPlan } | Exclude<Planned, { kind: 'planned' }>;

const epochOf = ({ decision }: RegionWorld): number => decision.inForce?.epoch ?? 0;

/** The one whose epoch is in force; where nobody works, the one that shall. */
const workerOf = ({ regions }: World, order: Order): Role => {
  const [highest] = ROLES.filter((role) => isActive(regions[role])).toSorted(
    (left, right) => epochOf(regions[right]) - epochOf(regions[left]),
  );
  return highest ?? order.to;
};

/** Both obey one epoch, one works, and it writes to both. */
const isTogether = (worker: RegionWorld, other: RegionWorld): boolean =>
  isActive(worker) &&
  !isActive(other) &&
  !worker.decision.alarm &&
  !other.decision.alarm &&
  epochOf(worker) === epochOf(other) &&
  worker.decision.inForce?.peer_writes === 'required';

const settle = (worker: RegionWorld, other: RegionWorld): PlanStep => ({
  id: 'settle',
  title: `Bring ${other.region} back as the passive one`,
  does:
    `makes ${other.region} passive (its old flag), raises the fences in both Regions, ` +
    `then lets ${worker.region} write to both again (peer writes required)`,
  verifies: 'both gates, read afresh, under one new epoch',
  undoes: `npx twinmap toggle --peer-writes deferred, or a failover`,
  requires: 'both',
});

const catchUp = (worker: RegionWorld, other: RegionWorld): PlanStep => ({
  id: 'catch-up',
  title: 'Catch up',
  does: `sends what ${worker.region} and ${other.region} owe each other, then repairs what differs, by merge-max in both directions`,
  verifies: 'nothing is owed any more',
  undoes: 'nothing to undo: the newer version of every record stands',
  requires: 'both',
});

const prove = ({ acceptDrift }: FailbackOrder): PlanStep => ({
  id: 'prove',
  title: 'Prove that both Regions are equal',
  does: 'each Region computes its root from its own stored bytes',
  verifies:
    acceptDrift === undefined
      ? 'equal roots; else it stops here, and nothing is moved'
      : `drift is accepted: ${acceptDrift}`,
  undoes: 'nothing to undo',
  requires: 'both',
});

const stability = ({ stabilityMs }: FailbackOrder, target: RegionWorld): PlanStep => ({
  id: 'stability',
  title: `Watch ${target.region} for ${Math.round(stabilityMs / 1000)} s`,
  does: 'asks its stores, its gate and its API again and again',
  verifies: 'every answer comes',
  undoes: 'nothing to undo',
  requires: 'target',
});

const failbackSteps = (world: World, order: FailbackOrder, worker: Role): readonly PlanStep[] => {
  const [works, other] = [world.regions[worker], world.regions[PEER_OF[worker]]];
  const target = world.regions[order.to];
  const moves = stepsOf({
    kind: 'graceful',
    target,
    other: world.regions[PEER_OF[order.to]],
    peerWrites: 'required',
    order,
  });
  const isFlip = worker !== order.to;
  const [claim, ...rest] = moves;
  const flip: ReadonlySet<string> = new Set(['passivate', 'drain', 'fence', 'activate']);
  return [
    ...(claim === undefined ? [] : [claim]),
    ...(isFlip && isTogether(works, other) ? [] : [settle(works, other)]),
    catchUp(works, other),
    prove(order),
    ...(isFlip && order.stabilityMs > 0 ? [stability(order, target)] : []),
    ...rest.filter(({ id }) => isFlip || !flip.has(id)),
  ];
};

const planWhole = (world: World, order: FailbackOrder): FailbackPlan => {
  const worker = workerOf(world, order);
  const isFlip = worker !== order.to;
  // Without a flip nothing else would bring the new epoch into force, under which the last cycle and the stack files stand.
  const together = isFlip && isTogether(world.regions[worker], world.regions[PEER_OF[worker]]);
  // A resumed move has its last epoch in its claim; the one before it is for coming together.
  const last = order.resume?.epoch ?? epochFor(world, order) + Number(isFlip && !together);
  const healEpoch = together ? undefined : isFlip ? last - 1 : last;
  const steps = failbackSteps(world, order, worker);
  const facts = factsOf(world);
  const target = world.regions[order.to];
  return {
    id: planId({ facts, to: order.to, move: 'failback', steps: steps.map(({ id }) => id) }),
    move: 'failback',
    kind: 'graceful',
    to: order.to,
    region: target.region,
    otherRegion: world.regions[PEER_OF[order.to]].region,
    epoch: last,
    ownEpochs: [...(healEpoch === undefined || healEpoch === last ? [] : [healEpoch]), last],
    peerWrites: 'required',
    breakGlass: false,
    steps,
    debts: [],
    warnings: [
      ...(target.region === 'us-east-1'
        ? ['us-east-1 hosts the control planes of global services: many prefer another Region for scheduled work']
        : []),
      ...(order.acceptDrift === undefined ? [] : [`drift is accepted: ${order.acceptDrift}`]),
    ],
    facts,
    worker,
    healEpoch,
    isFlip,
  };
};

export const planFailback = (world: World, order: FailbackOrder): PlannedFailback => {
  const missing = ROLES.map((role) => world.regions[role]).filter((one) => !isWhole(one));
  if (missing.length > 0) {
    const why = missing.map((one) => `${one.region} does not answer (${silence(one)})`).join('; ');
    return {
      kind: 'refused',
      because: 'target-unreachable',
      why: `${why}. A failback needs both Regions. Look at: npx twinmap status`,
    };
  }
  const refusal = refusalFor(world, order);
  if (refusal !== undefined) {
    return refusal;
  }
  const target = world.regions[order.to];
  const other = world.regions[PEER_OF[order.to]];
  if (isTogether(target, other) && order.resume === undefined) {
    const owed = (target.standing?.owed?.count ?? 0) + (other.standing?.owed?.count ?? 0);
    if (owed === 0) {
      return {
        kind: 'nothing',
        why:
          `${target.region} (${target.role}) works under epoch ${epochOf(target)}, ${other.region} stands by, and nothing is owed; ` +
          'whether both are equal: npx twinmap drift',
      };
    }
  }
  return { kind: 'planned', plan: planWhole(world, order) };
};

/** Who works stays; both obey the epoch under which the two come together. */
export const healDocuments = (
  plan: FailbackPlan,
  about: Pick<GateDocument, 'changed_at' | 'changed_by' | 'reason'>,
): Readonly<Record<Role, GateDocument>> | undefined => {
  const { healEpoch, worker } = plan;
  if (healEpoch === undefined) {
    return undefined;
  }
  const document = (role: Role): GateDocument => ({
    is_active_for_scheduled_work: role === worker,
    peer_writes: 'required',
    epoch: healEpoch,
    ...about,
  });
  return { primary: document('primary'), secondary: document('secondary') };
};
