/** Going on with a move that stopped: only the same kind of move, as it began, and never below an epoch that came later. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Failure } from '../../../functions/domain/failure.ts';
import type { Claim } from '../../../ops/failover/claim.ts';
import { putClaim } from '../../../ops/failover/claim.ts';
import { ACTIONS, type Actions } from '../../../ops/failover/execute.ts';
import type { RunContext } from '../../../ops/failover/run-context.ts';
import type { Order, Plan, StepId } from '../../../ops/failover/plan.ts';
import { failbackActions } from '../../../ops/failover/failback-actions.ts';
import { healDocuments, planFailback } from '../../../ops/failover/plan-failback.ts';
import { claimToResume, nothingToResume } from '../../../ops/failover.ts';
import { documentFor, FailoverPair, orderTo, plannedOf } from '../../support/failover-pair.ts';

const THROTTLED: Failure = { reason: 'throttled', code: 'ThrottlingException', message: 'slow down' };

class Died extends Error {}

const RESUME = { resume: true, to: 'secondary' } as const;

const diesAfter = (id: StepId): Actions => ({
  [id]: async (context: RunContext) => {
    await ACTIONS[id]?.(context);
    throw new Died();
  },
});

interface Begun {
  readonly plan: Plan;
  readonly claim: Claim;
}

/** A move to the secondary whose process died right after a step. */
const begin = async (pair: FailoverPair, id: StepId, more: Partial<Order> = {}): Promise<Begun> => {
  const { world, planned } = await pair.plan(orderTo('secondary', more));
  const plan = plannedOf(planned);
  const claim = pair.claimFor(plan);
  await expect(pair.run(plan, world, claim, diesAfter(id))).rejects.toThrow(Died);
  return { plan, claim };
};

const resumed = async (pair: FailoverPair, more: Partial<Order> = {}): ReturnType<FailoverPair['plan']> => {
  const resume = claimToResume(await pair.observe(), 'failover', RESUME);
  return pair.plan(orderTo('secondary', { resume, ...more }));
};

describe('a move that was overtaken', () => {
  it.each([
    ['a gate document', 4, {}],
    ['a stack file', 9, { fileEpochs: [9] }],
  ] as const)('is not resumed once %s has a higher epoch', async (_what, epoch, more) => {
    const pair = await new FailoverPair().open();
    await begin(pair, 'claim');
    pair.regions.primary.document = documentFor(true, 4);
    const { planned } = await resumed(pair, more);
    expect(planned).toMatchObject({ kind: 'refused', because: 'superseded' });
    const why = planned.kind === 'refused' ? planned.why : '';
    expect(why).toContain(`epoch ${epoch} was seen`);
    expect(why).toContain('npx twinmap failover --to secondary --take-over');
  });

  it('is not resumed where the higher epoch stands in AppConfig alone, while the stores of its Region are silent', async () => {
    const pair = await new FailoverPair().open();
    await begin(pair, 'claim');
    pair.regions.primary.document = documentFor(true, 4);
    pair.regions.primary.memory.down();
    expect((await resumed(pair)).planned).toMatchObject({ kind: 'refused', because: 'superseded' });
  });

  it('gives way to a new one above everything, after which one Region is active', async () => {
    const pair = await new FailoverPair().open();
    await begin(pair, 'claim');
    pair.regions.primary.document = documentFor(true, 4);
    const { world, planned } = await pair.plan(orderTo('secondary', { takeOver: true }));
    const plan = plannedOf(planned);
    expect(plan.epoch).toBeGreaterThan(4);
    expect((await pair.run(plan, world, pair.claimFor(plan))).end.kind).toBe('done');
    expect(await pair.active()).toStrictEqual(['secondary']);
  });

  it('of a failback is refused alike', async () => {
    const pair = await new FailoverPair().open();
    const { plan, claim } = await begin(pair, 'claim');
    const resume: Claim = { ...claim, move: 'failback' };
    pair.regions.primary.document = documentFor(true, plan.epoch + 1);
    const order = { ...orderTo('secondary', { move: 'failback', resume }), stabilityMs: 0, acceptDrift: undefined };
    const planned = planFailback(await pair.observe(true), order);
    expect(planned).toMatchObject({ kind: 'refused', because: 'superseded' });
    expect(planned.kind === 'refused' ? planned.why : '').toContain('npx twinmap failback --to secondary --take-over');
  });
});

describe('an ungraceful move that goes on', () => {
  it.each(['claim', 'fence', 'activate', 'passivate'] as const)(
    'stays deferred after %s, without being told so again',
    async (id) => {
      const pair = await new FailoverPair().open();
      const { plan } = await begin(pair, id, { ungraceful: true });
      const again = plannedOf((await resumed(pair)).planned);
      expect([again.kind, again.peerWrites, again.epoch]).toStrictEqual(['ungraceful', 'deferred', plan.epoch]);
    },
  );
});

describe('what is resumed', () => {
  it('is a move of the same kind: a failover does not go on with a failback', async () => {
    const pair = await new FailoverPair().open();
    const { claim } = await begin(pair, 'claim');
    expect(claimToResume(await pair.observe(), 'failover', RESUME)).toStrictEqual(claim);
    expect(claimToResume(await pair.observe(), 'failback', RESUME)).toBeUndefined();
    const failback: Claim = { ...claim, id: 'failback', move: 'failback', epoch: claim.epoch + 1 };
    for (const role of ['primary', 'secondary'] as const) {
      await putClaim(pair.access[role].stores, failback);
    }
    const { planned } = await resumed(pair);
    expect(planned).toMatchObject({ kind: 'refused', because: 'in-progress' });
    expect(planned.kind === 'refused' ? planned.why : '').toContain('npx twinmap failback --to secondary --resume');
  });

  it('is nothing where no move is open', async () => {
    const pair = await new FailoverPair().open();
    const world = await pair.observe();
    expect(claimToResume(world, 'failover', RESUME)).toBeUndefined();
    const { planned } = await pair.plan(orderTo('secondary'));
    const options = { to: 'secondary', resume: true } as Parameters<typeof nothingToResume>[0];
    expect(planned.kind).toBe('planned');
    expect(nothingToResume(options, undefined)).toMatchObject({ kind: 'refused' });
  });
});

const RUNBOOK = readFileSync(path.resolve(import.meta.dirname, '../../../docs/runbook.md'), 'utf8');

/** What the runbook tells to do in a row of its table of failed steps. */
const adviceFor = (start: string): string => {
  const row = RUNBOOK.split('\n').find((line) => line.startsWith(`| ${start}`)) ?? '';
  return row.split('|')[2]?.trim() ?? '';
};

describe("the runbook's advice", () => {
  it('for a survivor whose AppConfig takes no document is let in, and moves the work', async () => {
    expect(adviceFor('AppConfig takes no document in the survivor')).toContain('`--resume --break-glass`');
    const pair = await new FailoverPair().open();
    pair.regions.primary.down();
    pair.regions.secondary.controlPlane = THROTTLED;
    const { world, planned } = await pair.plan(orderTo('secondary'));
    const plan = plannedOf(planned);
    const { end } = await pair.run(plan, world, pair.claimFor(plan));
    expect(end).toMatchObject({ kind: 'failed', step: 'activate' });
    expect(JSON.stringify(end)).toContain('--resume --break-glass');
    const alone = await pair.plan(orderTo('secondary', { breakGlass: true }));
    expect(alone.planned).toMatchObject({ kind: 'refused', because: 'in-progress' });
    const again = await resumed(pair, { breakGlass: true });
    const claim = claimToResume(again.world, 'failover', RESUME);
    expect(claim).toBeDefined();
    const result = claim === undefined ? undefined : await pair.run(plannedOf(again.planned), again.world, claim);
    expect(result?.end.kind).toBe('done');
  });

  it('for the same in the middle of a failback moves the work, too', async () => {
    expect(adviceFor('AppConfig takes no document in the survivor')).toContain('`--take-over --break-glass`');
    const pair = await new FailoverPair().open();
    pair.regions.primary.down();
    const away = await pair.plan(orderTo('secondary'));
    await pair.run(plannedOf(away.planned), away.world, pair.claimFor(plannedOf(away.planned)));
    pair.regions.primary.up();
    const world = await pair.observe(true);
    const order = { ...orderTo('primary', { move: 'failback' }), stabilityMs: 0, acceptDrift: undefined };
    const planned = planFailback(world, order);
    const plan = planned.kind === 'planned' ? planned.plan : undefined;
    if (plan === undefined) {
      throw new Error('no failback was planned');
    }
    const healing = healDocuments(plan, { changed_at: '2026-11-22T03:00:00Z', changed_by: 'test', reason: 'test' });
    const actions = failbackActions({ plan, healing, stabilityMs: 0, acceptDrift: undefined, catchUpMs: 60_000 });
    const { end } = await pair.run(plan, world, pair.claimFor(plan), {
      ...actions,
      prove: async (context) => {
        pair.regions.primary.controlPlane = THROTTLED;
        return (await actions.prove?.(context)) ?? { outcome: 'failed', detail: 'no proof' };
      },
    });
    expect(end).toMatchObject({ kind: 'failed', step: 'activate' });
    expect(JSON.stringify(end)).toContain('npx twinmap failover --to primary --take-over --break-glass');
    const next = await pair.plan(orderTo('primary', { takeOver: true, breakGlass: true }));
    const anew = plannedOf(next.planned);
    expect((await pair.run(anew, next.world, pair.claimFor(anew))).end.kind).toBe('done');
    expect(await pair.active()).toStrictEqual(['primary']);
  });

  it('for a world that has changed is let in, on either of its two ways', async () => {
    const advice = adviceFor('`STOPPED: the world has changed`');
    expect(advice).toContain('`--resume`');
    expect(advice).toContain('`--take-over`');
    const stopped = async (epoch: number): Promise<FailoverPair> => {
      const pair = await new FailoverPair().open();
      const { world, planned } = await pair.plan(orderTo('secondary'));
      const plan = plannedOf(planned);
      const result = await pair.run(plan, world, pair.claimFor(plan), {
        claim: async (context) => {
          const done = await ACTIONS.claim?.(context);
          pair.regions.secondary.document = documentFor(false, epoch);
          return done ?? { outcome: 'failed', detail: 'no claim' };
        },
      });
      expect(result.end.kind).toBe('changed');
      expect((await pair.plan(orderTo('secondary'))).planned).toMatchObject({
        kind: 'refused',
        because: 'in-progress',
      });
      return pair;
    };
    expect((await resumed(await stopped(0))).planned.kind).toBe('planned');
    const overtaken = await stopped(7);
    expect((await resumed(overtaken)).planned).toMatchObject({ kind: 'refused', because: 'superseded' });
    expect((await overtaken.plan(orderTo('secondary', { takeOver: true }))).planned.kind).toBe('planned');
  });
});
