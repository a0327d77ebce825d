/** What a Region that may be gone is worth: so many calls, so much waiting, and nothing more from a service that failed. */
import { describe, expect, it } from 'vitest';

import { done, failed, type Result } from '../../../functions/domain/failure.ts';
import { BEST_EFFORT, budgeted, CallBudget } from '../../../ops/failover/call-budget.ts';
import { observeRegion } from '../../../ops/failover/observe.ts';
import { FailoverPair } from '../../support/failover-pair.ts';
import { UNREACHABLE } from '../../support/memory-pair.ts';

const fine = async (): Promise<Result<string>> => done('fine');
const dead = async (): Promise<Result<string>> => failed(UNREACHABLE);

describe('a budget of calls', () => {
  it('ends after so many calls', async () => {
    const budget = new CallBudget({ ...BEST_EFFORT, callsMax: 2, now: () => 0 });
    const answers = [await budget.run('x', fine), await budget.run('x', fine), await budget.run('x', fine)];
    expect(answers.map((one) => ('failure' in one ? one.failure.code : one.kind))).toStrictEqual([
      'done',
      'done',
      'BudgetSpent',
    ]);
    expect(budget.calls).toBe(2);
  });

  it('asks a service that failed never again, and the others all the same', async () => {
    const budget = new CallBudget({ ...BEST_EFFORT, now: () => 0 });
    await budget.run('dynamodb', dead);
    let asked = 0;
    const again = await budget.run('dynamodb', async () => {
      asked += 1;
      return fine();
    });
    expect([asked, again]).toMatchObject([0, { failure: { code: 'NotAsked' } }]);
    expect(await budget.run('appconfig', fine)).toStrictEqual(done('fine'));
  });

  it('waits no longer for calls that hang than it may in all, also when they hang at once', async () => {
    const budget = new CallBudget({ callsMax: 10, waitMsMax: 60, callMsMax: 25, now: () => performance.now() });
    const hang = async (): Promise<Result<string>> => Promise.withResolvers<Result<string>>().promise;
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(async (service) => budget.run(service, hang)));
    expect(answers.map((one) => ('failure' in one ? one.failure.code : ''))).toStrictEqual([
      'TimeoutError',
      'TimeoutError',
      'TimeoutError',
      'BudgetSpent',
    ]);
    expect(budget.waitedMs).toBeLessThanOrEqual(60);
  });

  it('bounds nothing any more once the Region takes part', async () => {
    const budget = new CallBudget({ ...BEST_EFFORT, callsMax: 0, now: () => 0 });
    expect(await budget.run('x', fine)).toMatchObject({ kind: 'failed' });
    budget.lift();
    expect(await budget.run('x', fine)).toStrictEqual(done('fine'));
  });
});

describe('a look at a dead Region', () => {
  it('costs a call for each of its services', async () => {
    const pair = await new FailoverPair().open();
    pair.regions.primary.down();
    const budget = new CallBudget({ ...BEST_EFFORT, now: () => 0 });
    const seen = await observeRegion(budgeted(pair.access.primary, budget), pair.access.secondary, {
      now: pair.now,
      standing: false,
    });
    expect([seen.records.kind, seen.vectors.kind, seen.document.kind]).toStrictEqual([
      'silent',
      'silent',
      'unreadable',
    ]);
    // AppConfig's session and what it serves are two.
    expect(budget.calls).toBe(4);
  });
});
