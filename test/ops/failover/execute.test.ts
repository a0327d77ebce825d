/** Moves that are run: whole, killed after every step, by two people at once, and in a world that changes under them. */
import { describe, expect, it } from 'vitest';

import type { Failure } from '../../../functions/domain/failure.ts';
import { type Role, ROLES } from '../../../functions/domain/region.ts';
import { makeRecord } from '../../../functions/stores/envelope.ts';
import { judgeWorld } from '../../../ops/status-verdict.ts';
import { ACTIONS, type Actions } from '../../../ops/failover/execute.ts';
import { failbackActions } from '../../../ops/failover/failback-actions.ts';
import type { Plan } from '../../../ops/failover/plan.ts';
import type { RunContext } from '../../../ops/failover/run-context.ts';
import { type FailbackOrder, healDocuments, planFailback } from '../../../ops/failover/plan-failback.ts';
import { committedIn, documentFor, FailoverPair, orderTo, plannedOf } from '../../support/failover-pair.ts';

const THROTTLED: Failure = { reason: 'throttled', code: 'ThrottlingException', message: 'slow down' };

class Killed extends Error {}

/** As the process dies right after a step: what it did stands, and nothing is told. */
const killedAfter = (index: number, plan: Plan, actions: Actions = {}): Actions => {
  const id = plan.steps[index]?.id;
  return {
    ...actions,
    ...(id === undefined
      ? {}
      : {
          [id]: async (context: RunContext) => {
            await (actions[id] ?? ACTIONS[id])?.(context);
            throw new Killed();
          },
        }),
  } satisfies Actions;
};

const failbackOf = async (
  pair: FailoverPair,
  to: Role,
  more: Partial<FailbackOrder> = {},
): Promise<{
  readonly world: Awaited<ReturnType<FailoverPair['observe']>>;
  readonly plan: Plan;
  readonly actions: Actions;
}> => {
  const world = await pair.observe(true);
  const order: FailbackOrder = { ...orderTo(to), move: 'failback', stabilityMs: 0, acceptDrift: undefined, ...more };
  const planned = planFailback(world, order);
  if (planned.kind !== 'planned') {
    throw new Error(planned.why);
  }
  const { plan } = planned;
  const healing = healDocuments(plan, { changed_at: '2026-11-22T03:00:00Z', changed_by: 'test', reason: 'test' });
  const { stabilityMs, acceptDrift } = order;
  return { world, plan, actions: failbackActions({ plan, healing, stabilityMs, acceptDrift, catchUpMs: 60_000 }) };
};

const failOver = async (pair: FailoverPair, to: Role): Promise<Plan> => {
  const { world, planned } = await pair.plan(orderTo(to));
  const plan = plannedOf(planned);
  const result = await pair.run(plan, world, pair.claimFor(plan));
  expect(result.end).toStrictEqual({ kind: 'done' });
  return plan;
};

describe('a graceful failover', () => {
  it('leaves one active Region under one epoch, whose cycle both hold, and no debt', async () => {
    const pair = await new FailoverPair().open();
    const plan = await failOver(pair, 'secondary');
    expect([plan.kind, plan.debts, await pair.active()]).toStrictEqual(['graceful', [], ['secondary']]);
    expect(ROLES.map((role) => pair.regions[role].document.epoch)).toStrictEqual([plan.epoch, plan.epoch]);
    expect(pair.regions.secondary.cycles).toStrictEqual([plan.epoch]);
    expect(judgeWorld(await pair.observe(true))).toMatchObject({ overall: 'healthy', exitCode: 0 });
  });

  it('has nothing to do a second time', async () => {
    const pair = await new FailoverPair().open();
    await failOver(pair, 'secondary');
    expect((await pair.plan(orderTo('secondary'))).planned.kind).toBe('nothing');
  });
});

describe('an ungraceful failover', () => {
  it('asks nothing of the dead Region that it needs, and lists what stays open', async () => {
    const pair = await new FailoverPair().open();
    pair.regions.primary.down();
    const { world, planned } = await pair.plan(orderTo('secondary'));
    const plan = plannedOf(planned);
    const result = await pair.run(plan, world, pair.claimFor(plan));
    expect([plan.kind, plan.peerWrites, result.end.kind]).toStrictEqual(['ungraceful', 'deferred', 'done']);
    expect(result.debts.map(({ id }) => id)).toStrictEqual(['old-flag', 'old-fence', 'deferred']);
    expect(await committedIn(pair.regions.secondary, 'shop')).toMatchObject({ cycle: { epoch: plan.epoch } });
    expect(judgeWorld(await pair.observe(true))).toMatchObject({ overall: 'unreachable', exitCode: 4 });
  });

  it('takes the debt of the old flag off where the other AppConfig still answers', async () => {
    const pair = await new FailoverPair().open();
    pair.regions.primary.memory.down();
    const { world, planned } = await pair.plan(orderTo('secondary'));
    const plan = plannedOf(planned);
    const result = await pair.run(plan, world, pair.claimFor(plan));
    expect(result.debts.map(({ id }) => id)).toStrictEqual(['old-fence', 'deferred']);
    expect(pair.regions.primary.document).toMatchObject({ is_active_for_scheduled_work: false, epoch: plan.epoch });
  });

  it('ends at a step that fails, and says how to go on without the control plane', async () => {
    const pair = await new FailoverPair().open();
    pair.regions.primary.down();
    pair.regions.secondary.controlPlane = THROTTLED;
    const { world, planned } = await pair.plan(orderTo('secondary'));
    const plan = plannedOf(planned);
    const claim = pair.claimFor(plan);
    const stopped = await pair.run(plan, world, claim);
    expect(stopped.end).toMatchObject({ kind: 'failed', step: 'activate', isUnreachable: true });
    expect(JSON.stringify(stopped.end)).toContain('--resume --break-glass');
    const again = await pair.plan(orderTo('secondary', { breakGlass: true, resume: claim }));
    const broken = plannedOf(again.planned);
    expect((await pair.run(broken, again.world, claim)).end.kind).toBe('done');
    expect(await pair.active()).toStrictEqual(['secondary']);
    expect(pair.regions.secondary.document.epoch).toBe(1);
    expect(broken.debts.map(({ id }) => id)).toContain('gate-behind');
  });
});

describe('a move that dies', () => {
  it.each(['graceful', 'ungraceful'] as const)(
    'after any step (%s), ends as if it had not when it is resumed',
    async (kind) => {
      const steps = plannedOf(
        (await (await new FailoverPair().open()).plan(orderTo('secondary', { ungraceful: kind === 'ungraceful' })))
          .planned,
      ).steps;
      for (const [index] of steps.entries()) {
        const pair = await new FailoverPair().open();
        if (kind === 'ungraceful') {
          pair.regions.primary.down();
        }
        const first = await pair.plan(orderTo('secondary'));
        const plan = plannedOf(first.planned);
        const claim = pair.claimFor(plan);
        if (ACTIONS[plan.steps[index]?.id ?? 'report'] === undefined) {
          continue;
        }
        await expect(pair.run(plan, first.world, claim, killedAfter(index, plan))).rejects.toThrow(Killed);
        const blocked = await pair.plan(orderTo('secondary'));
        expect(blocked.planned).toMatchObject({ kind: 'refused', because: 'in-progress' });
        const again = await pair.plan(orderTo('secondary', { resume: claim }));
        const resumed = plannedOf(again.planned);
        expect([resumed.epoch, resumed.kind]).toStrictEqual([plan.epoch, kind]);
        expect((await pair.run(resumed, again.world, claim)).end.kind).toBe('done');
        expect(await pair.active()).toContain('secondary');
        expect(pair.regions.secondary.document).toMatchObject({
          is_active_for_scheduled_work: true,
          epoch: plan.epoch,
        });
        const { overall } = judgeWorld(await pair.observe(true));
        expect(overall).toBe(kind === 'graceful' ? 'healthy' : 'unreachable');
      }
    },
  );

  it('of a failback is resumed, too, after any step', async () => {
    const count = (await failbackOf(await outage(), 'primary')).plan.steps.length;
    for (let index = 0; index < count; index += 1) {
      const pair = await outage();
      const first = await failbackOf(pair, 'primary');
      const claim = pair.claimFor(first.plan);
      const id = first.plan.steps[index]?.id ?? 'report';
      if ((first.actions[id] ?? ACTIONS[id]) === undefined) {
        continue;
      }
      const killed = killedAfter(index, first.plan, first.actions);
      await expect(pair.run(first.plan, first.world, claim, killed)).rejects.toThrow(Killed);
      const again = await failbackOf(pair, 'primary', { resume: claim });
      const { end } = await pair.run(again.plan, again.world, claim, again.actions);
      expect([id, end.kind]).toStrictEqual([id, 'done']);
      expect(await pair.active()).toStrictEqual(['primary']);
    }
  });
});

/** The primary was gone, the secondary worked alone, and the primary is back with its old flag. */
const outage = async (): Promise<FailoverPair> => {
  const pair = await new FailoverPair().open();
  pair.regions.primary.down();
  await failOver(pair, 'secondary');
  pair.regions.primary.up();
  return pair;
};

describe('two people at once', () => {
  it('get one epoch between them: one moves the work, the other is told who does', async () => {
    const pair = await new FailoverPair().open();
    const { world, planned } = await pair.plan(orderTo('secondary'));
    const plan = plannedOf(planned);
    const ada = pair.claimFor(plan, 'operator:ada');
    const ben = pair.claimFor(plan, 'operator:ben');
    const [first, second] = await Promise.all([pair.run(plan, world, ada), pair.run(plan, world, ben)]);
    const ends = [first, second].map(({ end }) => end.kind).toSorted();
    expect(ends).toStrictEqual(['done', 'refused']);
    const refused = [first, second].find(({ end }) => end.kind === 'refused');
    expect(JSON.stringify(refused?.end)).toMatch(/operator:(?:ada|ben) began a failover to secondary/u);
    expect(await pair.active()).toStrictEqual(['secondary']);
  });

  it.each(['graceful', 'ungraceful'] as const)(
    'in two directions (%s) never leave two active Regions',
    async (kind) => {
      const pair = await new FailoverPair().open();
      pair.regions.primary.document = documentFor(false, 2);
      pair.regions.secondary.document = documentFor(false, 2);
      const move = async (to: Role, by: string): ReturnType<FailoverPair['run']> => {
        const { world, planned } = await pair.plan(orderTo(to, { ungraceful: kind === 'ungraceful' }));
        const plan = plannedOf(planned);
        return pair.run(plan, world, pair.claimFor(plan, by));
      };
      const ends = await Promise.all([move('secondary', 'operator:ada'), move('primary', 'operator:ben')]);
      expect(ends.filter(({ end }) => end.kind === 'done').length).toBeLessThanOrEqual(1);
      expect(ends.filter(({ end }) => end.kind === 'refused').length).toBeGreaterThanOrEqual(1);
      expect((await pair.active()).length).toBeLessThanOrEqual(1);
    },
  );
});

describe('a world that changes', () => {
  it('stops the move before the next step, and says what has changed', async () => {
    const pair = await new FailoverPair().open();
    const { world, planned } = await pair.plan(orderTo('secondary'));
    const plan = plannedOf(planned);
    const drain = ACTIONS.drain;
    const result = await pair.run(plan, world, pair.claimFor(plan), {
      drain: async (context) => {
        pair.regions.secondary.document = documentFor(true, 77);
        return drain?.(context) ?? { outcome: 'skipped', detail: '' };
      },
    });
    expect(result.end).toMatchObject({ kind: 'changed' });
    expect(JSON.stringify(result.end)).toContain('secondary document: was epoch 1, passive');
    expect(result.steps.at(-1)?.id).toBe('drain');
  });

  it('is another plan, with another id', async () => {
    const pair = await new FailoverPair().open();
    const before = plannedOf((await pair.plan(orderTo('secondary'))).planned);
    expect(plannedOf((await pair.plan(orderTo('secondary'))).planned).id).toBe(before.id);
    pair.regions.primary.document = documentFor(true, 5);
    expect(plannedOf((await pair.plan(orderTo('secondary'))).planned).id).not.toBe(before.id);
  });
});

describe('a failback', () => {
  it('settles the debts, proves equal roots, and moves the work back', async () => {
    const pair = await outage();
    expect(judgeWorld(await pair.observe(true))).toMatchObject({ overall: 'split-brain', exitCode: 3 });
    const { world, plan, actions } = await failbackOf(pair, 'primary');
    const result = await pair.run(plan, world, pair.claimFor(plan), actions);
    expect(result.end).toStrictEqual({ kind: 'done' });
    expect(result.steps.map(({ id }) => id).slice(0, 4)).toStrictEqual(['claim', 'settle', 'catch-up', 'prove']);
    expect(await pair.active()).toStrictEqual(['primary']);
    expect(judgeWorld(await pair.observe(true))).toMatchObject({ overall: 'healthy' });
    expect(await committedIn(pair.regions.primary, 'shop')).toStrictEqual(
      await committedIn(pair.regions.secondary, 'shop'),
    );
  });

  it('to the Region that is active already settles the debts and moves nothing', async () => {
    const pair = await outage();
    const { world, plan, actions } = await failbackOf(pair, 'secondary');
    expect(plan.steps.map(({ id }) => id)).not.toContain('activate');
    expect((await pair.run(plan, world, pair.claimFor(plan), actions)).end.kind).toBe('done');
    expect(await pair.active()).toStrictEqual(['secondary']);
    expect(pair.regions.secondary.document.peer_writes).toBe('required');
  });

  it('to the Region that is active already ends verified under its epoch, also where both obey one epoch before', async () => {
    const pair = await new FailoverPair().open();
    const { primary, secondary } = pair.regions;
    const key = { pk: 'vote', sk: 'x' };
    const record = makeRecord(key, { v: 'u|1795339589542000000|us-east-2|A', op: 'A' }, {});
    await primary.memory.workspaces.put(record, secondary.memory.region);
    const { world, plan, actions } = await failbackOf(pair, 'primary');
    expect((await pair.run(plan, world, pair.claimFor(plan), actions)).end).toStrictEqual({ kind: 'done' });
    expect([primary.document.epoch, secondary.document.epoch]).toStrictEqual([plan.epoch, plan.epoch]);
    expect(await pair.active()).toStrictEqual(['primary']);
  });

  it('moves nothing while the Regions differ, unless somebody accepts it with a reason', async () => {
    const spoil = async (): Promise<FailoverPair> => {
      const pair = await outage();
      const { workspaces } = pair.regions.secondary.memory;
      const { workspaces: there } = pair.regions.primary.memory;
      const record = { pk: 'drift', sk: 'x', v: 'u|1795339589542000000|us-west-2|A', op: 'A' };
      // One version with two contents, each matching its own hash: nobody can say which is right.
      await workspaces.put(makeRecord(record, record, { left: true }));
      await there.put(makeRecord(record, record, { left: false }));
      return pair;
    };
    const refusedPair = await spoil();
    const refused = await failbackOf(refusedPair, 'primary');
    const result = await refusedPair.run(
      refused.plan,
      refused.world,
      refusedPair.claimFor(refused.plan),
      refused.actions,
    );
    expect(result.end).toMatchObject({ kind: 'failed', step: 'prove', isDrift: true });
    expect(await refusedPair.active()).toStrictEqual(['secondary']);
    const pair = await spoil();
    const accepted = await failbackOf(pair, 'primary', { acceptDrift: 'known since Monday' });
    const end = await pair.run(accepted.plan, accepted.world, pair.claimFor(accepted.plan), accepted.actions);
    expect([end.end.kind, end.debts.map(({ id }) => id)]).toStrictEqual(['done', ['drift']]);
    expect(await pair.active()).toStrictEqual(['primary']);
  });
});

describe('a Region that returns with its old flag', () => {
  it('is refused at its first claim, does nothing after that, and raises its gate', async () => {
    const pair = await new FailoverPair().open();
    const before = [...pair.regions.primary.cycles];
    pair.regions.primary.down();
    await failOver(pair, 'secondary');
    pair.regions.primary.up();
    expect(await pair.active()).toContain('primary');
    expect(await pair.regions.primary.cycle('shop')).toBe('fenced');
    expect(pair.regions.primary.cycles).toStrictEqual(before);
  });
});
