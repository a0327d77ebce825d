/** What an ungraceful move does in a Region that answers after all: its gate first, then the claim, then as many fences as it has time for. */
import { describe, expect, it } from 'vitest';

import { keepGateDocument } from '../../../functions/gate/gate.ts';
import { judgeWorld } from '../../../ops/status-verdict.ts';
import { BEST_EFFORT, budgeted, CallBudget } from '../../../ops/failover/call-budget.ts';
import { type Claim, CLAIM_KEY, claimOf } from '../../../ops/failover/claim.ts';
import { ACTIONS, execute, type RunResult } from '../../../ops/failover/execute.ts';
import { isServed } from '../../../ops/failover/gate-actions.ts';
import { observe } from '../../../ops/failover/observe.ts';
import { type Plan, planFailover } from '../../../ops/failover/plan.ts';
import { planFailback } from '../../../ops/failover/plan-failback.ts';
import type { RegionAccess } from '../../../ops/failover/region-access.ts';
import type { RunContext, StepResult } from '../../../ops/failover/run-context.ts';
import { documentFor, FailoverPair, orderTo, plannedOf } from '../../support/failover-pair.ts';
import { UNREACHABLE } from '../../support/memory-pair.ts';

const SOURCES = 24;

/** More sources than a Region that is gone is worth calls. */
const largePair = async (): Promise<FailoverPair> => {
  const pair = await new FailoverPair().open();
  for (let at = 0; at < SOURCES; at += 1) {
    await pair.regions.primary.cycle(`source-${at}`);
  }
  return pair;
};

interface Left {
  readonly plan: Plan;
  readonly result: RunResult;
}

/** As the command does it: everything that is asked of the Region that is left goes through one budget. */
const leavePrimary = async (pair: FailoverPair): Promise<Left> => {
  const other = budgeted(pair.access.primary, new CallBudget({ ...BEST_EFFORT, now: pair.now }));
  const access = { primary: other, secondary: pair.access.secondary };
  const world = await observe(access, { now: pair.now, standing: false });
  const plan = plannedOf(planFailover(world, orderTo('secondary', { ungraceful: true })));
  const context = { ...pair.contextOf(plan, pair.claimFor(plan)), other };
  const result = await execute(context, { pair: access, world, onStep: async () => undefined });
  return { plan, result };
};

const claimIn = async (pair: FailoverPair, role: 'primary' | 'secondary'): Promise<Claim | undefined> => {
  const read = await pair.regions[role].memory.workspaces.getLocal(CLAIM_KEY);
  return read.kind === 'done' ? claimOf(read.value) : undefined;
};

const failbackOf = async (pair: FailoverPair): Promise<ReturnType<typeof planFailback>> => {
  const order = { ...orderTo('primary', { move: 'failback' }), stabilityMs: 0, acceptDrift: undefined };
  return planFailback(await pair.observe(true), order);
};

describe('an ungraceful failover away from a Region that answers', () => {
  it('makes it passive, ends its claim there and raises all of its fences, whatever its sources are', async () => {
    const pair = await largePair();
    const { plan, result } = await leavePrimary(pair);
    expect([result.end.kind, plan.peerWrites]).toStrictEqual(['done', 'deferred']);
    expect(await pair.active()).toStrictEqual(['secondary']);
    expect(pair.regions.primary.document).toMatchObject({ is_active_for_scheduled_work: false, epoch: plan.epoch });
    expect(await claimIn(pair, 'primary')).toMatchObject({ epoch: plan.epoch, state: 'ended' });
    expect(result.debts.map(({ id }) => id)).toStrictEqual(['deferred']);
    expect((await failbackOf(pair)).kind).toBe('planned');
  });

  it('tells its gate and its claim first where each answer takes long, and leaves fences for later', async () => {
    const pair = await largePair();
    pair.regions.primary.memory.fault = () => {
      void pair.sleep(300);
      return undefined;
    };
    const { plan, result } = await leavePrimary(pair);
    pair.regions.primary.memory.up();
    expect(await pair.active()).toStrictEqual(['secondary']);
    expect(await claimIn(pair, 'primary')).toMatchObject({ epoch: plan.epoch, state: 'ended' });
    expect(result.debts.map(({ id }) => id)).toStrictEqual(['old-fence', 'deferred']);
  });

  it('has told its gate and ended its claim there when it goes away at the first fence', async () => {
    const pair = await largePair();
    const { memory } = pair.regions.primary;
    memory.fault = (operation) => (operation === 'claim' ? UNREACHABLE : undefined);
    const { plan, result } = await leavePrimary(pair);
    memory.up();
    expect(result.end.kind).toBe('done');
    expect(await pair.active()).toStrictEqual(['secondary']);
    expect(await claimIn(pair, 'primary')).toMatchObject({ epoch: plan.epoch, state: 'ended' });
    expect(result.debts.map(({ id }) => id)).toStrictEqual(['old-fence', 'deferred']);
  });
});

describe('a claim that did not hear of its end', () => {
  it('refuses nobody where its move has ended in the Region that it went to', async () => {
    const pair = await new FailoverPair().open();
    const { plan } = await leavePrimary(pair);
    const ended = await claimIn(pair, 'secondary');
    const { workspaces } = pair.regions.primary.memory;
    await workspaces.deleteLocal(CLAIM_KEY, plan.epoch + 0.5);
    await workspaces.putLocal({
      ...CLAIM_KEY,
      order: plan.epoch,
      data: JSON.stringify({ ...ended, state: 'running' }),
    });
    const { findings } = judgeWorld(await pair.observe(true));
    expect(findings.filter(({ sentence }) => sentence.includes('has not ended'))).toStrictEqual([]);
    expect((await failbackOf(pair)).kind).toBe('planned');
  });

  it('refuses nobody where a later move has ended elsewhere', async () => {
    const pair = await new FailoverPair().open();
    const first = plannedOf((await pair.plan(orderTo('secondary'))).planned);
    const running = pair.claimFor(first, 'operator:ben');
    await pair.regions.primary.memory.workspaces.putLocal({
      ...CLAIM_KEY,
      order: running.epoch,
      data: JSON.stringify(running),
    });
    expect((await pair.plan(orderTo('secondary'))).planned).toMatchObject({ kind: 'refused', because: 'in-progress' });
    const later = { ...running, id: 'later', epoch: running.epoch + 1, state: 'ended' };
    await pair.regions.secondary.memory.workspaces.putLocal({
      ...CLAIM_KEY,
      order: later.epoch + 0.5,
      data: JSON.stringify(later),
    });
    expect((await pair.plan(orderTo('secondary'))).planned.kind).toBe('planned');
  });

  it('is told of, and can be resumed, while its move goes on and only the Region that it leaves has ended it', async () => {
    const pair = await new FailoverPair().open();
    const { world, planned } = await pair.plan(orderTo('secondary', { ungraceful: true }));
    const plan = plannedOf(planned);
    const claim = pair.claimFor(plan);
    const verify = async (): Promise<StepResult> => {
      throw new Error('died');
    };
    const died = pair.run(plan, world, claim, { verify });
    await expect(died).rejects.toThrow('died');
    expect(await claimIn(pair, 'primary')).toMatchObject({ state: 'ended' });
    expect((await pair.plan(orderTo('primary'))).planned).toMatchObject({ kind: 'refused', because: 'in-progress' });
    const again = await pair.plan(orderTo('secondary', { resume: claim }));
    expect((await pair.run(plannedOf(again.planned), again.world, claim)).end.kind).toBe('done');
    expect((await failbackOf(pair)).kind).toBe('planned');
  });
});

/** Somebody else has put a later document into force there, which AppConfig does not serve. */
const overtake = async ({ stores }: RegionAccess, plan: Plan): Promise<void> => {
  await keepGateDocument(stores.tables.workspaces, documentFor(true, plan.epoch + 3));
};

const contextFor = async (pair: FailoverPair, ungraceful: boolean, breakGlass = false): Promise<RunContext> => {
  const plan = plannedOf((await pair.plan(orderTo('secondary', { ungraceful, breakGlass }))).planned);
  return pair.contextOf(plan, pair.claimFor(plan));
};

describe('a gate that obeys somebody else', () => {
  it.each([true, false])('is no Region that was made passive (ungraceful: %s)', async (ungraceful) => {
    const pair = await new FailoverPair().open();
    const context = await contextFor(pair, ungraceful);
    await overtake(context.other, context.plan);
    const result: StepResult | undefined = await ACTIONS.passivate?.(context);
    expect(result).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('does not obey epoch') as string,
    });
    expect(result?.detail).toContain('--take-over');
    expect(result?.settles ?? []).toStrictEqual([]);
  });

  it.each([true, false])('is no Region that was made active (break-glass: %s)', async (breakGlass) => {
    const pair = await new FailoverPair().open();
    const context = await contextFor(pair, true, breakGlass);
    await overtake(context.target, context.plan);
    expect(await ACTIONS.activate?.(context)).toMatchObject({ outcome: 'failed' });
  });

  it('is asked again where its store fails for a moment, in the middle of a move', async () => {
    const pair = await new FailoverPair().open();
    const context = await contextFor(pair, false);
    let failures = 2;
    pair.regions.primary.memory.fault = (operation) => {
      failures -= operation === 'getLocal' ? 1 : 0;
      return operation === 'getLocal' && failures >= 0 ? UNREACHABLE : undefined;
    };
    expect(await ACTIONS.passivate?.(context)).toMatchObject({ outcome: 'done' });
  });

  it('does not serve a document that says something else of the peer', async () => {
    const pair = await new FailoverPair().open();
    const { primary } = pair.access;
    expect(await isServed(primary, documentFor(true, 1))).toBe(true);
    expect(await isServed(primary, documentFor(true, 1, { peer_writes: 'deferred' }))).toBe(false);
  });
});
