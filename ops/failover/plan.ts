/**
 * `observe → plan`: what a failover would do in the world as it was seen. Pure: the same world and order make the same plan, with
 * the same id. Every step is data that says what it does, what proves it, and what undoes it.
 */
import { createHash } from 'node:crypto';

import type { RegionName, Role } from '../../functions/domain/region.ts';
import type { GateDocument, PeerWrites } from '../../functions/gate/document.ts';
import { nextEpoch } from '../toggle-epoch.ts';
import type { Claim } from './claim.ts';
import { refusalFor } from './refusal.ts';
import { PEER_OF } from './region-access.ts';
import { stepsOf } from './plan-steps.ts';
import {
  answers,
  type Fact,
  factsOf,
  highestSeen,
  isActive,
  isWhole,
  type RegionWorld,
  seenEpochOf,
  shortly,
  type World,
} from './world.ts';

export type MoveKind = 'graceful' | 'ungraceful';

/** Whose answers a step needs. `target`: the Region that becomes active. `best-effort`: the other one, within a bound. */
export type Requires = 'target' | 'both' | 'best-effort' | 'nothing';

export type StepId =
  | 'claim'
  | 'passivate'
  | 'drain'
  | 'fence'
  | 'activate'
  | 'verify'
  | 'tell'
  | 'announce'
  | 'sync'
  | 'stack-files'
  | 'settle'
  | 'catch-up'
  | 'prove'
  | 'stability'
  | 'report';

export interface PlanStep {
  readonly id: StepId;
  readonly title: string;
  readonly does: string;
  readonly verifies: string;
  readonly undoes: string;
  readonly requires: Requires;
}

/** What a move leaves open, and what closes it. */
export interface Debt {
  readonly id: string;
  readonly what: string;
  readonly settledBy: string;
}

export interface Order {
  readonly move: 'failover' | 'failback';
  readonly to: Role;
  /** Treat the other Region as gone, whatever it answers. */
  readonly ungraceful: boolean;
  /** AppConfig's control plane is down in the survivor: its gate record is written instead. */
  readonly breakGlass: boolean;
  readonly stackFiles: boolean;
  /** Of the stack files, where there are any: an epoch must be above those, too. */
  readonly fileEpochs: readonly number[];
  /** Goes on with this move, under its epoch. */
  readonly resume?: Claim | undefined;
  /** Starts a new move although another one has not ended. */
  readonly takeOver?: boolean | undefined;
}

export interface Plan {
  readonly id: string;
  readonly move: Order['move'];
  readonly kind: MoveKind;
  readonly to: Role;
  readonly region: RegionName;
  readonly otherRegion: RegionName;
  /** Of the documents that stand at its end. */
  readonly epoch: number;
  /** What carries one of these was done by this plan; a failback uses one to bring the Regions together first. */
  readonly ownEpochs: readonly number[];
  readonly peerWrites: PeerWrites;
  readonly breakGlass: boolean;
  readonly steps: readonly PlanStep[];
  /** Known before it begins; what an attempt at the other Region closes is taken off. */
  readonly debts: readonly Debt[];
  readonly warnings: readonly string[];
  /** What it was made of. */
  readonly facts: Readonly<Record<string, Fact>>;
}

export type Planned =
  { readonly kind: 'planned'; readonly plan: Plan } | { readonly kind: 'nothing'; readonly why: string } | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly because: 'target-unreachable' | 'in-progress' | 'superseded';
  readonly why: string;
}

const PLAN_ID_CHARS = 12;

/** Not the epoch: where a Region is unseen it holds the minute, and a plan that was shown a minute ago is still the same. */
export const planId = (parts: Readonly<Record<string, unknown>>): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, PLAN_ID_CHARS);

export const documentsOf = (
  plan: Pick<Plan, 'to' | 'epoch' | 'peerWrites'>,
  about: { readonly at: string; readonly by: string; readonly reason: string },
): Readonly<Record<Role, GateDocument>> => {
  const document = (active: boolean): GateDocument => ({
    is_active_for_scheduled_work: active,
    peer_writes: plan.peerWrites,
    epoch: plan.epoch,
    changed_at: about.at,
    changed_by: about.by,
    reason: about.reason,
  });
  return { primary: document(plan.to === 'primary'), secondary: document(plan.to === 'secondary') };
};

export const epochFor = (world: World, order: Order): number =>
  order.resume?.epoch ??
  nextEpoch(
    [...order.fileEpochs, highestSeen(world)],
    Object.values(world.regions).map((one) => ({ region: one.region, epoch: seenEpochOf(one) })),
    world.at,
  );

export const silence = (one: RegionWorld): string =>
  [
    one.records.kind === 'silent' ? `DynamoDB ${shortly(one.records.failure)}` : '',
    one.vectors.kind === 'silent' ? `S3 Vectors ${shortly(one.vectors.failure)}` : '',
    one.document.kind === 'unreadable' ? `AppConfig ${shortly(one.document.failure)}` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');

/** A move that began without the other Region goes on without it: its documents under this epoch say so. */
const kindOf = (other: RegionWorld, order: Order): MoveKind =>
  order.ungraceful || !isWhole(other) || order.resume?.kind === 'ungraceful' ? 'ungraceful' : 'graceful';

/** Under one epoch a Region gets one document: what a run deployed before it died stays as it is. */
const peerWritesOf = (target: RegionWorld, other: RegionWorld, order: Order): PeerWrites => {
  const before = [target.record, target.document].flatMap((reading) =>
    'document' in reading && reading.document.epoch === order.resume?.epoch ? [reading.document.peer_writes] : [],
  );
  // Who says that the other Region is out is believed: one that comes and goes would otherwise stop every cycle in the target. A
  // move that began like that goes on like that.
  const isDeclaredOut = order.ungraceful || order.resume?.kind === 'ungraceful';
  const isOut = isDeclaredOut || !answers(other.records) || !answers(other.vectors);
  return before[0] ?? (isOut ? 'deferred' : 'required');
};

const warningsOf = (target: RegionWorld, other: RegionWorld, order: Order): readonly string[] => [
  ...(target.region === 'us-east-1'
    ? ['us-east-1 hosts the control planes of global services: many prefer another Region for scheduled work']
    : []),
  ...(isWhole(other) ? [] : [`${other.region} does not answer (${silence(other)})`]),
  ...(order.ungraceful && isWhole(other) ? [`${other.region} answers; without --ungraceful it would hand over`] : []),
  ...(target.decision.alarm ? [`${target.region}: ${target.decision.reason}: ${target.decision.detail}`] : []),
  ...(target.document.kind === 'unreadable' && !order.breakGlass
    ? [
        `AppConfig does not serve the gate of ${target.region} (${shortly(target.document.failure)}); a run there is passive until it does`,
      ]
    : []),
];

/** Before anybody has tried to reach the other Region again. */
const debtsOf = (
  kind: MoveKind,
  {
    target,
    other,
    peerWrites,
    order,
  }: { target: RegionWorld; other: RegionWorld; peerWrites: PeerWrites; order: Order },
): readonly Debt[] => {
  const back = `npx twinmap failback --to ${other.role}`;
  return [
    ...(kind === 'ungraceful'
      ? [
          {
            id: 'old-flag',
            what: `${other.region} may still say that it is active when it returns; its epoch is lower, so it is fenced`,
            settledBy: back,
          },
          { id: 'old-fence', what: `the fences in ${other.region} are not raised yet`, settledBy: back },
        ]
      : []),
    ...(peerWrites === 'deferred'
      ? [
          {
            id: 'deferred',
            what: `${target.region} works alone: what it reads from now on is owed to ${other.region}`,
            settledBy: back,
          },
        ]
      : []),
    ...(order.breakGlass
      ? [
          {
            id: 'gate-behind',
            what: `AppConfig in ${target.region} serves an older document; the gate record is in force, with an alarm`,
            settledBy: `npx twinmap failover --to ${target.role}, when AppConfig's control plane answers again`,
          },
        ]
      : []),
  ];
};

const nothingToDo = (target: RegionWorld, other: RegionWorld, order: Order): string | undefined => {
  const epoch = target.decision.inForce?.epoch ?? 0;
  const isSettled =
    isActive(target) &&
    !target.decision.alarm &&
    !isActive(other) &&
    (answers(other.records) ? (seenEpochOf(other) ?? 0) <= epoch : target.decision.inForce?.peer_writes === 'deferred');
  return isSettled && order.resume === undefined
    ? `${target.region} (${target.role}) does the scheduled work already, under epoch ${epoch}`
    : undefined;
};

export const planFailover = (world: World, order: Order): Planned => {
  const target = world.regions[order.to];
  const other = world.regions[PEER_OF[order.to]];
  if (!answers(target.records)) {
    return {
      kind: 'refused',
      because: 'target-unreachable',
      why: `${target.region} does not answer (${silence(target)}), so nothing can be moved to it. Look at: npx twinmap status`,
    };
  }
  const refusal = refusalFor(world, order);
  if (refusal !== undefined) {
    return refusal;
  }
  const why = nothingToDo(target, other, order);
  if (why !== undefined) {
    return { kind: 'nothing', why };
  }
  const kind = kindOf(other, order);
  const peerWrites = peerWritesOf(target, other, order);
  const steps = stepsOf({ kind, target, other, peerWrites, order });
  const epoch = epochFor(world, order);
  const facts = factsOf(world);
  return {
    kind: 'planned',
    plan: {
      id: planId({ facts, kind, to: order.to, move: order.move, peerWrites, steps: steps.map(({ id }) => id) }),
      move: order.move,
      kind,
      to: order.to,
      region: target.region,
      otherRegion: other.region,
      epoch,
      ownEpochs: [epoch],
      peerWrites,
      breakGlass: order.breakGlass,
      steps,
      debts: debtsOf(kind, { target, other, peerWrites, order }),
      warnings: warningsOf(target, other, order),
      facts,
    },
  };
};
