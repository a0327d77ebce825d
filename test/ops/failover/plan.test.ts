/** Plans are pure: what they are made of, and what no plan may ever do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Failure } from '../../../functions/domain/failure.ts';
import { type Role, ROLES } from '../../../functions/domain/region.ts';
import { decideGate, type DocumentReading, type RecordReading } from '../../../functions/gate/decide.ts';
import type { GateDocument } from '../../../functions/gate/document.ts';
import { documentsOf, type Order, type Plan, planFailover } from '../../../ops/failover/plan.ts';
import { type FailbackOrder, healDocuments, planFailback } from '../../../ops/failover/plan-failback.ts';
import { PEER_OF } from '../../../ops/failover/region-access.ts';
import { isWhole, type RegionWorld, seenEpochOf, type World } from '../../../ops/failover/world.ts';
import { orderTo, START_MS } from '../../support/failover-pair.ts';
import { regionOf } from '../../support/memory-pair.ts';

const silence: Failure = { reason: 'unreachable', code: 'ENOTFOUND', message: 'no address' };

const epochs = fc.integer({ min: 1, max: 9 });

const documents: fc.Arbitrary<GateDocument> = fc.record({
  is_active_for_scheduled_work: fc.boolean(),
  peer_writes: fc.constantFrom('required', 'deferred'),
  epoch: epochs,
  changed_at: fc.constant('2026-11-22T03:00:00Z'),
  changed_by: fc.constant('test'),
  reason: fc.constant('test'),
});

const readings: fc.Arbitrary<DocumentReading> = fc.oneof(
  { weight: 4, arbitrary: documents.map((document) => ({ kind: 'document' as const, document })) },
  fc.constant({ kind: 'unreadable' as const, failure: silence }),
  fc.constant({ kind: 'invalid' as const, why: 'not JSON' }),
);

const records: fc.Arbitrary<RecordReading> = fc.oneof(
  { weight: 4, arbitrary: documents.map((document) => ({ kind: 'recorded' as const, document })) },
  documents.map((document) => ({ kind: 'raised' as const, document })),
  fc.constant({ kind: 'none' as const }),
);

const answering = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'answers' as const }) },
  fc.constant({ kind: 'silent' as const, failure: silence }),
);

const sourcesOf = fc.array(
  fc.record({ epoch: epochs, role: fc.constantFrom<Role>('primary', 'secondary'), isOpen: fc.boolean() }),
  { maxLength: 3 },
);

const NAMES: Readonly<Record<Role, string>> = { primary: 'us-east-2', secondary: 'us-west-2' };

const regionWorld = (role: Role): fc.Arbitrary<RegionWorld> =>
  fc
    .record({ document: readings, record: records, stores: answering, vectors: answering, sources: sourcesOf })
    .map(({ document, record, stores, vectors, sources }) => {
      const known: RecordReading = stores.kind === 'answers' ? record : { kind: 'unreadable', failure: silence };
      return {
        role,
        region: regionOf(NAMES[role]),
        records: stores,
        vectors,
        document,
        record: known,
        decision: decideGate(document, known),
        sources:
          stores.kind === 'answers'
            ? sources.map(({ epoch, role: owner, isOpen }, at) => ({
                id: `source-${at}`,
                name: `source-${at}`,
                fence: { epoch, region: NAMES[owner], run: 1, op: 'x' },
                committed: { epoch, region: NAMES[owner], finishedAt: 1, isDeferred: false },
                isOpen,
              }))
            : [],
      };
    });

const worlds: fc.Arbitrary<World> = fc
  .record({ primary: regionWorld('primary'), secondary: regionWorld('secondary') })
  .map((regions) => ({ at: START_MS, regions }));

const orders: fc.Arbitrary<Order> = fc
  .record({ to: fc.constantFrom<Role>('primary', 'secondary'), ungraceful: fc.boolean(), breakGlass: fc.boolean() })
  .map(({ to, ...more }) => orderTo(to, more));

const ABOUT = { at: '2026-11-22T03:00:00Z', by: 'operator:ada', reason: 'test' };

const planOf = (world: World, order: Order): Plan | undefined => {
  const planned = planFailover(world, order);
  return planned.kind === 'planned' ? planned.plan : undefined;
};

/** The states that the Regions go through, step by step, by what the plan deploys. */
const activeAlong = (world: World, plan: Plan): readonly (readonly Role[])[] => {
  const deployed = documentsOf(plan, ABOUT);
  const decisions = new Map(ROLES.map((role) => [role, world.regions[role].decision.state]));
  const along: Role[][] = [];
  for (const { id } of plan.steps) {
    const changed = id === 'activate' ? plan.to : id === 'passivate' ? PEER_OF[plan.to] : undefined;
    // Of a Region that does not answer nobody knows: it is fenced, and not counted.
    if (changed !== undefined && (changed === plan.to || plan.kind === 'graceful')) {
      decisions.set(changed, deployed[changed].is_active_for_scheduled_work ? 'active' : 'passive');
    }
    along.push(ROLES.filter((role) => decisions.get(role) === 'active'));
  }
  return along;
};

describe('a plan of a failover', () => {
  it('is the same for the same world and order, with the same id', () => {
    fc.assert(
      fc.property(worlds, orders, (world, order) => {
        expect(planFailover(structuredClone(world), order)).toStrictEqual(planFailover(world, order));
      }),
    );
  });

  it('has an epoch above everything that any answering Region has seen', () => {
    fc.assert(
      fc.property(worlds, orders, (world, order) => {
        const plan = planOf(world, order);
        const seen = ROLES.map((role) => seenEpochOf(world.regions[role]) ?? 0);
        expect(plan === undefined || plan.epoch > Math.max(...seen)).toBe(true);
      }),
    );
  });

  it('lets one Region be active at its end, and makes the other passive before it makes one active where both answer', () => {
    fc.assert(
      fc.property(worlds, orders, (world, order) => {
        const plan = planOf(world, order);
        if (plan === undefined) {
          return;
        }
        const along = activeAlong(world, plan);
        const other = PEER_OF[plan.to];
        const at = plan.steps.findIndex(({ id }) => id === 'activate');
        expect(Object.values(documentsOf(plan, ABOUT)).filter((one) => one.is_active_for_scheduled_work)).toHaveLength(
          1,
        );
        expect(along[at]).toContain(plan.to);
        expect(plan.kind === 'ungraceful' || !along[at]?.includes(other)).toBe(true);
      }),
    );
  });

  it('requires the target alone wherever the other Region is not whole, and then lists every debt of it', () => {
    fc.assert(
      fc.property(worlds, orders, (world, order) => {
        const plan = planOf(world, order);
        if (plan === undefined || isWhole(world.regions[PEER_OF[order.to]])) {
          return;
        }
        expect(plan.kind).toBe('ungraceful');
        expect(plan.steps.filter(({ requires }) => requires === 'both')).toStrictEqual([]);
        const debts = plan.debts.map(({ id }) => id);
        expect(debts).toEqual(expect.arrayContaining(['old-flag', 'old-fence']));
        expect(debts.includes('deferred')).toBe(plan.peerWrites === 'deferred');
        expect(plan.debts.every(({ settledBy }) => settledBy.includes('npx twinmap'))).toBe(true);
      }),
    );
  });

  it('is refused where the target does not answer, and only there', () => {
    fc.assert(
      fc.property(worlds, orders, (world, order) => {
        const planned = planFailover(world, order);
        const isSilent = world.regions[order.to].records.kind === 'silent';
        expect(planned.kind === 'refused').toBe(isSilent);
      }),
    );
  });

  it('says of every step what it does, verifies and undoes', () => {
    fc.assert(
      fc.property(worlds, orders, (world, order) => {
        const texts = (planOf(world, order)?.steps ?? []).flatMap(({ title, does, verifies, undoes }) => [
          title,
          does,
          verifies,
          undoes,
        ]);
        expect(texts.filter((text) => text === '')).toStrictEqual([]);
      }),
    );
  });
});

const failbackOrders: fc.Arbitrary<FailbackOrder> = fc
  .constantFrom<Role>('primary', 'secondary')
  .map((to) => Object.assign(orderTo(to, { move: 'failback' }), { stabilityMs: 1000, acceptDrift: undefined }));

describe('a plan of a failback', () => {
  it('needs both Regions, proves before it moves, and lets one be active under each of its epochs', () => {
    fc.assert(
      fc.property(worlds, failbackOrders, (world, order) => {
        const planned = planFailback(world, order);
        const areWhole = ROLES.every((role) => isWhole(world.regions[role]));
        expect(planned.kind === 'refused').toBe(!areWhole);
        if (planned.kind !== 'planned') {
          return;
        }
        const { plan } = planned;
        const ids = plan.steps.map(({ id }) => id);
        expect(ids.indexOf('prove')).toBeGreaterThan(ids.indexOf('catch-up'));
        expect(plan.isFlip).toBe(ids.includes('activate'));
        expect(!plan.isFlip || ids.indexOf('activate') > ids.indexOf('prove')).toBe(true);
        const healing = healDocuments(plan, { changed_at: ABOUT.at, changed_by: ABOUT.by, reason: ABOUT.reason });
        for (const pair of [documentsOf(plan, ABOUT), ...(healing === undefined ? [] : [healing])]) {
          expect(Object.values(pair).filter((one) => one.is_active_for_scheduled_work)).toHaveLength(1);
        }
        const seen = Math.max(...ROLES.map((role) => seenEpochOf(world.regions[role]) ?? 0));
        expect(plan.ownEpochs.every((epoch) => epoch > seen)).toBe(true);
      }),
    );
  });
});
