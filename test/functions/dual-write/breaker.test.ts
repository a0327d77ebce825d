/** The breaker as a table of steps and as properties, then with calls behind it: what is open costs nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { done, failed, type FailureReason, type Result } from '../../../functions/domain/failure.ts';
import { Breaker } from '../../../functions/dual-write/breaker.ts';
import {
  admit,
  type Admission,
  type BreakerState,
  CLOSED,
  settle,
  type Verdict,
  verdictOf,
} from '../../../functions/dual-write/breaker-state.ts';
import { guardRecords, guardVectors } from '../../../functions/dual-write/guarded-stores.ts';
import { recordStoreContract } from '../../contracts/record-store.ts';
import { vectorStoreContract } from '../../contracts/vector-store.ts';
import { MemoryRecordStore, MemoryVectorStore } from '../../support/memory-stores.ts';

const SETTINGS = { failuresMax: 3, waitedMsMax: 1000, probeDelayMs: 5000 };

type Step =
  | { readonly at: number; readonly call: Verdict }
  /** A call that is admitted and never settled. */
  | { readonly at: number; readonly call: 'lost' };

const WAITED_MS = 10;

interface Run {
  readonly state: BreakerState;
  readonly admissions: readonly Admission[];
}

const run = (steps: readonly Step[]): Run => {
  let state: BreakerState = CLOSED;
  const admissions: Admission[] = [];
  for (const { at, call } of steps) {
    const asked = admit(state, at, SETTINGS);
    ({ state } = asked);
    admissions.push(asked.admission);
    if (asked.admission.kind === 'pass' && call !== 'lost') {
      state = settle(
        state,
        { generation: asked.admission.generation, verdict: call, waitedMs: WAITED_MS },
        at,
        SETTINGS,
      );
    }
  }
  return { state, admissions };
};

const failures = (count: number, at = 0): Step[] => Array.from({ length: count }, () => ({ at, call: 'failed' }));

const ROWS: readonly (readonly [string, readonly Step[], BreakerState['kind'], string])[] = [
  ['two failures', failures(2), 'closed', 'closed'],
  ['three failures in a row', failures(3), 'open', 'closed'],
  ['an answer between failures', [...failures(2), { at: 0, call: 'answered' }, ...failures(2)], 'closed', 'closed'],
  [
    'what tells nothing between failures',
    [...failures(2), { at: 0, call: 'inconclusive' }, ...failures(1)],
    'open',
    'closed',
  ],
  ['a call just before the probe is due', [...failures(3), { at: 4999, call: 'answered' }], 'open', 'open'],
  ['a probe that is answered', [...failures(3), { at: 5000, call: 'answered' }], 'closed', 'probe'],
  ['a probe that fails', [...failures(3), { at: 5000, call: 'failed' }], 'open', 'probe'],
  ['a probe that tells nothing', [...failures(3), { at: 5000, call: 'inconclusive' }], 'open', 'probe'],
  [
    'a call beside the probe',
    [...failures(3), { at: 5000, call: 'lost' }, { at: 5001, call: 'answered' }],
    'half-open',
    'probing',
  ],
  [
    'a probe that nobody hears of',
    [...failures(3), { at: 5000, call: 'lost' }, { at: 10_000, call: 'answered' }],
    'closed',
    'probe',
  ],
  [
    'the next probe after one that failed',
    [...failures(3), { at: 5000, call: 'failed' }, { at: 9999, call: 'answered' }],
    'open',
    'open',
  ],
  ['a clock that was set back', [...failures(3, 9_000_000), { at: 1000, call: 'answered' }], 'closed', 'probe'],
];

describe('the state machine', () => {
  it.each(ROWS)('after %s is as it must be', (_what, steps, kind, why) => {
    const { state, admissions } = run(steps);
    expect([state.kind, admissions.at(-1)?.why]).toEqual([kind, why]);
  });

  it('opens as soon as failures in a row have cost the whole budget, and an answer gives it back', () => {
    const fail = (state: BreakerState, waitedMs: number): BreakerState =>
      settle(state, { generation: state.generation, verdict: 'failed', waitedMs }, 0, SETTINGS);
    expect(fail(CLOSED, 1000).kind).toBe('open');
    expect([fail(CLOSED, 999).kind, fail(fail(CLOSED, 500), 500).kind]).toEqual(['closed', 'open']);
    const answered = settle(fail(CLOSED, 900), { generation: 0, verdict: 'answered', waitedMs: 900 }, 0, SETTINGS);
    expect(fail(answered, 900).kind).toBe('closed');
  });

  it('hears nothing from calls of an earlier generation', () => {
    const { state } = run(failures(3));
    const late = settle(state, { generation: 0, verdict: 'answered', waitedMs: 0 }, 10, SETTINGS);
    expect(late).toBe(state);
    const probing = admit(state, 5000, SETTINGS).state;
    expect(settle(probing, { generation: 0, verdict: 'failed', waitedMs: 0 }, 5001, SETTINGS)).toBe(probing);
  });

  it.each<[FailureReason, Verdict]>([
    ['unreachable', 'failed'],
    ['throttled', 'failed'],
    ['refused', 'answered'],
    ['fenced', 'answered'],
    ['unknown', 'inconclusive'],
  ])('takes a failure that is %s as %s', (reason, verdict) => {
    expect(verdictOf(reason)).toBe(verdict);
  });

  /** What a run of steps broke of the rules, in words. */
  const violationsOf = (steps: readonly Step[]): readonly string[] => {
    const violations: string[] = [];
    let state: BreakerState = CLOSED;
    let inARow = 0;
    let probedAt = -SETTINGS.probeDelayMs;
    const judge = (one: Step, admission: Extract<Admission, { kind: 'pass' }>): void => {
      if (admission.why === 'probe') {
        violations.push(...(one.at - probedAt < SETTINGS.probeDelayMs ? ['two probes within one delay'] : []));
        probedAt = one.at;
      }
      if (one.call === 'lost') {
        return;
      }
      const before = state;
      const call = { generation: admission.generation, verdict: one.call, waitedMs: 0 };
      state = settle(state, call, one.at, SETTINGS);
      inARow = { answered: 0, failed: inARow + 1, inconclusive: inARow }[one.call];
      const opened = before.kind === 'closed' && state.kind === 'open';
      violations.push(
        ...(opened && inARow < SETTINGS.failuresMax ? ['opened too early'] : []),
        ...(one.call === 'answered' && state.kind !== 'closed' ? ['an answer did not close it'] : []),
      );
    };
    for (const one of steps) {
      const asked = admit(state, one.at, SETTINGS);
      ({ state } = asked);
      if (asked.admission.kind === 'pass') {
        judge(one, asked.admission);
      }
    }
    return violations;
  };

  it('never has two probes within one delay, and never opens without three failures in a row', () => {
    const step = fc.record({
      gapMs: fc.integer({ min: 0, max: 4000 }),
      call: fc.constantFrom('answered' as const, 'failed' as const, 'inconclusive' as const, 'lost' as const),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (gaps) => {
        let at = 0;
        const steps = gaps.map(({ gapMs, call }): Step => {
          at += gapMs;
          return { at, call };
        });
        expect(violationsOf(steps)).toEqual([]);
      }),
    );
  });
});

const UNREACHABLE = failed({ reason: 'unreachable', code: 'ECONNREFUSED', message: 'nobody there' });

describe('calls behind it', () => {
  const open = (budgetMs?: number) => {
    const clock = { nowMs: 0 };
    const closed: number[] = [];
    const breaker = new Breaker({
      name: 'dynamodb in us-west-2',
      now: () => clock.nowMs,
      onClosed: () => closed.push(clock.nowMs),
      ...(budgetMs === undefined ? {} : { budgetMs }),
    });
    return { breaker, clock, closed };
  };

  const trip = async (breaker: Breaker): Promise<void> => {
    for (let call = 0; call < 3; call += 1) {
      await breaker.run(async () => UNREACHABLE);
    }
  };

  it('are not made while it is open, and say so in 0 ms', async () => {
    const { breaker } = open();
    await trip(breaker);
    let calls = 0;
    const startedAt = performance.now();
    const outcome = await breaker.run(async () => {
      calls += 1;
      return done('x');
    });
    expect(performance.now() - startedAt).toBeLessThan(5);
    expect(outcome).toMatchObject({ kind: 'failed', failure: { reason: 'unreachable', code: 'BreakerOpen' } });
    expect(calls).toBe(0);
  });

  it('are made again after one answered probe, which is told once', async () => {
    const { breaker, clock, closed } = open();
    await trip(breaker);
    clock.nowMs = 5000;
    const probe = Promise.withResolvers<Result<string>>();
    const probing = breaker.run(async () => probe.promise);
    expect(await breaker.run(async () => done('beside'))).toMatchObject({ failure: { code: 'BreakerOpen' } });
    probe.resolve(done('there'));
    expect(await probing).toEqual(done('there'));
    expect(await breaker.run(async () => done('next'))).toEqual(done('next'));
    expect(closed).toEqual([5000]);
  });

  it('that throw end a probe as well', async () => {
    const { breaker, clock } = open();
    await trip(breaker);
    clock.nowMs = 5000;
    const defect = async (): Promise<Result<string>> => {
      throw new Error('a defect');
    };
    await expect(breaker.run(defect)).rejects.toThrow('a defect');
    expect(breaker.state).toMatchObject({ kind: 'open', sinceMs: 5000 });
  });

  it('that are refused or superseded never open it', async () => {
    const { breaker } = open();
    const refused = failed({ reason: 'refused', code: 'AccessDeniedException', message: 'no' });
    for (let call = 0; call < 10; call += 1) {
      await breaker.run(async () => refused);
      await breaker.run(async () => ({ kind: 'superseded', v: '2' }));
    }
    expect(breaker.state.kind).toBe('closed');
  });

  it('that outlast the budget are left, and count as failed', async () => {
    const { breaker } = open(30);
    for (let call = 0; call < 3; call += 1) {
      const outcome = await breaker.run(async () => Promise.withResolvers<Result<string>>().promise);
      expect(outcome).toMatchObject({ failure: { reason: 'unreachable', code: 'BudgetSpent' } });
    }
    expect(breaker.state.kind).toBe('open');
  });
});

const closedBreaker = (): Breaker => new Breaker({ name: 'a store', now: () => 0, budgetMs: 60_000 });

recordStoreContract('guarded records', async () => ({
  store: guardRecords(new MemoryRecordStore({ pageItemsMax: 5, now: () => 1 }), closedBreaker()),
  close: async () => undefined,
}));

const DIMENSIONS = 4;

vectorStoreContract('guarded vectors', async () => ({
  store: guardVectors(new MemoryVectorStore(DIMENSIONS), closedBreaker()),
  close: async () => undefined,
}));
