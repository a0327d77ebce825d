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
  it('ends after so many calls that are not answered, each of another service', async () => {
    const budget = new CallBudget({ ...BEST_EFFORT, callsMax: 2, now: () => 0 });
    const answers = [await budget.run('x', dead), await budget.run('y', dead), await budget.run('z', fine)];
    expect(answers.map((one) => ('failure' in one ? one.failure.code : one.kind))).toStrictEqual([
      'ECONNREFUSED',
      'ECONNREFUSED',
      'BudgetSpent',
    ]);
    expect(budget.calls).toBe(2);
  });

  it('is not spent by answers, also by slow ones: who answers is not gone', async () => {
    const clock = { ms: 0 };
    const budget = new CallBudget({ callsMax: 2, waitMsMax: 100, callMsMax: 60, now: () => clock.ms });
    for (let at = 0; at < 20; at += 1) {
      const answer = await budget.run('x', async () => {
        clock.ms += 50;
        return fine();
      });
      expect(answer).toStrictEqual(done('fine'));
    }
    expect([budget.calls, budget.waitedMs]).toStrictEqual([20, 1000]);
  });

  it('counts a call under way until its answer is there', async () => {
    const budget = new CallBudget({ ...BEST_EFFORT, callsMax: 2, now: () => 0 });
    const answer = Promise.withResolvers<Result<string>>();
    const first = budget.run('x', async () => answer.promise, 2);
    expect(await budget.run('y', fine)).toMatchObject({ failure: { code: 'BudgetSpent' } });
    answer.resolve(done('late'));
    expect(await first).toStrictEqual(done('late'));
    expect(await budget.run('y', fine)).toStrictEqual(done('fine'));
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
