/** The decision by table: who may be sent twice, which mode wins, who is behind, and why a Region was chosen. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AUTO, type Mode, type ModeClaim, winnerOf } from '../../../router/policy/mode.ts';
import { mayHedge, mayResend, type Phase, phaseOfCode, type RequestTraits } from '../../../router/policy/phase.ts';
import {
  declaredActive,
  type RegionReport,
  RegionReports,
  regionsBehind,
} from '../../../router/policy/region-report.ts';
import { type Decision, RouterPolicy } from '../../../router/policy/router-policy.ts';
import { reportOf } from '../../../router/forward/region-status.ts';

const traits = (method: string, more: Partial<RequestTraits> = {}): RequestTraits => ({
  method,
  isReplayable: true,
  hasSharedKey: false,
  isHedgeable: true,
  ...more,
});
const GET = traits('GET');

describe('may a request be sent again', () => {
  it.each<[Phase, RequestTraits, boolean]>([
    ['unsent', GET, true],
    ['unsent', traits('POST'), true],
    ['unsent', traits('POST', { isReplayable: false }), false],
    ['ambiguous', GET, true],
    ['ambiguous', traits('HEAD'), true],
    ['ambiguous', traits('OPTIONS'), true],
    ['ambiguous', traits('POST'), false],
    ['ambiguous', traits('PATCH'), false],
    ['ambiguous', traits('PUT'), false],
    ['ambiguous', traits('DELETE'), false],
    ['ambiguous', traits('POST', { hasSharedKey: true }), true],
    ['ambiguous', traits('POST', { hasSharedKey: true, isReplayable: false }), false],
    ['started', GET, false],
    ['started', traits('POST', { hasSharedKey: true }), false],
  ])('%s %o: %s', (phase, request, expected) => {
    expect(mayResend(phase, request)).toBe(expected);
  });

  it.each([
    ['ECONNREFUSED', 'unsent'],
    ['ENOTFOUND', 'unsent'],
    ['EAI_AGAIN', 'unsent'],
    ['EHOSTUNREACH', 'unsent'],
    ['UND_ERR_CONNECT_TIMEOUT', 'unsent'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'unsent'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unsent'],
    ['CERT_HAS_EXPIRED', 'unsent'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unsent'],
    ['ECONNRESET', 'ambiguous'],
    ['UND_ERR_SOCKET', 'ambiguous'],
    ['UND_ERR_HEADERS_TIMEOUT', 'ambiguous'],
    ['TIMEOUT', 'ambiguous'],
    ['HTTP_503', 'ambiguous'],
    ['NETWORK', 'ambiguous'],
  ])('%s is %s', (code, phase) => {
    expect(phaseOfCode(code)).toBe(phase);
  });

  it('only reads are hedged', () => {
    expect(mayHedge(GET)).toBe(true);
    expect(mayHedge(traits('POST', { hasSharedKey: true }))).toBe(false);
    expect(mayHedge(traits('GET', { isHedgeable: false }))).toBe(false);
  });
});

describe('which mode wins', () => {
  const claim = (origin: ModeClaim['origin'], mode: string, more: Partial<ModeClaim> = {}): ModeClaim => {
    const [kind, region = ''] = mode.split(':');
    const made: Mode =
      kind === 'pin' || kind === 'prefer' ? { kind, region } : { kind: kind === 'maintenance' ? kind : 'auto' };
    return { origin, mode: made, ...more };
  };
  it.each<[string, readonly ModeClaim[], string]>([
    ['nothing said', [], 'default auto'],
    ['config', [claim('config', 'prefer:b')], 'config prefer'],
    ['operators over config', [claim('config', 'pin:b'), claim('operator', 'auto')], 'operator auto'],
    ['a signed pin over operators', [claim('operator', 'pin:a'), claim('request', 'pin:b')], 'request pin'],
    ['operators over a signed preference', [claim('operator', 'pin:a'), claim('request', 'prefer:b')], 'operator pin'],
    ['maintenance over all', [claim('request', 'pin:b'), claim('operator', 'maintenance')], 'operator maintenance'],
    ['an unsigned maintenance is nothing', [claim('preference', 'maintenance')], 'default auto'],
    ['an expired one is nothing', [claim('operator', 'pin:a', { expiresMs: 999 })], 'default auto'],
    ['an unsigned pin is a preference', [claim('preference', 'pin:b')], 'preference prefer'],
  ])('%s', (_what, claims, expected) => {
    const winner = winnerOf(claims, 1000);
    expect(`${winner.origin} ${winner.mode.kind}`).toBe(expected);
  });
});

const report = (gate: RegionReport['gate'], epoch: number, replication: RegionReport['replication']): RegionReport => ({
  atMs: 0,
  gate,
  epoch,
  replication,
});

describe('what the Regions say', () => {
  it('of two that claim to be active the higher epoch is', () => {
    const reports = new Map([
      ['a', report('active', 5, 'in-sync')],
      ['b', report('active', 6, 'in-sync')],
    ]);
    expect(declaredActive(reports)).toBe('b');
  });

  it('deferred at the active Region means that the other one is behind', () => {
    const reports = new Map([
      ['a', report('active', 5, 'deferred')],
      ['b', report('passive', 4, 'unknown')],
    ]);
    expect([...regionsBehind(reports)]).toStrictEqual(['b']);
  });

  it('a Region that catches up is behind, and a passive one that says deferred too', () => {
    const reports = new Map([
      ['a', report('active', 5, 'in-sync')],
      ['b', report('passive', 5, 'catching-up')],
    ]);
    expect([...regionsBehind(reports)]).toStrictEqual(['b']);
    reports.set('b', report('passive', 5, 'deferred'));
    expect([...regionsBehind(reports)]).toStrictEqual(['b']);
  });

  it('a peer that is down is behind; a passive Region whose peer is down is cut off itself', () => {
    const reports = new Map([
      ['a', report('active', 5, 'down')],
      ['b', report('passive', 5, 'in-sync')],
    ]);
    expect([...regionsBehind(reports)]).toStrictEqual(['b']);
    reports.set('a', report('active', 5, 'in-sync'));
    reports.set('b', report('passive', 5, 'down'));
    expect([...regionsBehind(reports)]).toStrictEqual(['b']);
  });

  it.each([
    [{ gate: { state: 'active', epoch: 7, reason: 'x' } }, 'active 7 unknown'],
    [{ gate: { state: 'active', epoch: 3 }, replication: { state: 'down', owed: { count: 2 } } }, 'active 3 down'],
    [{ gate: { state: 'passive', epoch: null } }, 'passive 0 unknown'],
    [{ gate: { state: 'active', epoch: 2, peerWrites: 'deferred' } }, 'active 2 deferred'],
    [{ gate: { state: 'strange' }, replication: { state: 'catching-up' } }, 'unknown 0 catching-up'],
    ['nonsense', 'unknown 0 unknown'],
    [null, 'unknown 0 unknown'],
  ])('a status of %o reads as %s', (status, expected) => {
    const read = reportOf(status, 1);
    expect(`${read.gate} ${read.epoch} ${read.replication}`).toBe(expected);
  });
});

const policyOf = (failback: 'auto' | 'manual' = 'auto'): RouterPolicy =>
  new RouterPolicy({
    regions: ['a', 'b'],
    failback,
    reports: new RegionReports(),
    random: () => 0.5,
    onTransition: () => undefined,
  });
const shown = (decision: Decision): string =>
  decision.kind === 'maintenance'
    ? 'maintenance'
    : `${decision.first}${decision.second === undefined ? '' : `,${decision.second}`} ${decision.reason}${decision.hedgeAfterMs === undefined ? '' : ' hedged'}`;

describe('which Region, and why', () => {
  const reopen = (policy: RouterPolicy, region: string): void => {
    policy.dueProbes(2000);
    policy.probed(region, 2000, { kind: 'recover', isGood: true, latencyMs: 1 });
    policy.dueProbes(3000);
    policy.probed(region, 3000, { kind: 'recover', isGood: true, latencyMs: 1 });
  };
  it.each<[string, (policy: RouterPolicy) => void, string]>([
    ['nobody knows anything', () => undefined, 'a,b configured-order hedged'],
    [
      'b is active',
      (policy) => {
        policy.reported('b', report('active', 2, 'in-sync'));
      },
      'b,a active hedged',
    ],
    [
      'a is open',
      (policy) => {
        policy.health('a').trip(0, 'drill');
      },
      'b,a breaker-open',
    ],
    [
      'a drains',
      (policy) => {
        policy.drain('a', Infinity);
      },
      'b,a draining',
    ],
    [
      'b is open',
      (policy) => {
        policy.health('b').trip(0, 'drill');
      },
      'a,b configured-order',
    ],
    [
      'b catches up: fallback only, never hedged to',
      (policy) => {
        policy.reported('a', report('active', 2, 'in-sync'));
        policy.reported('b', report('passive', 2, 'catching-up'));
      },
      'a,b active',
    ],
    [
      'a is open and b is behind: behind is better than dead',
      (policy) => {
        policy.reported('b', report('passive', 2, 'catching-up'));
        policy.health('a').trip(0, 'drill');
      },
      'b,a breaker-open',
    ],
    [
      'both are open and a is declared active',
      (policy) => {
        policy.reported('a', report('active', 2, 'in-sync'));
        policy.health('a').trip(0, 'drill');
        policy.health('b').trip(0, 'drill');
      },
      'a,b panic-active',
    ],
    [
      'both are open and b was good last',
      (policy) => {
        policy.health('b').started(0);
        policy.health('b').answered(1, 1);
        policy.health('a').trip(2, 'drill');
        policy.health('b').trip(2, 'drill');
      },
      'b,a panic-recent',
    ],
  ])('%s', (_what, prepare, expected) => {
    const policy = policyOf();
    prepare(policy);
    expect(shown(policy.decide(GET, 10))).toBe(expected);
  });

  it('people beat everything: pinned goes nowhere else, maintenance nowhere', () => {
    const policy = policyOf();
    policy.health('a').trip(0, 'drill');
    expect(shown(policy.decide(GET, 1, { origin: 'operator', mode: { kind: 'pin', region: 'a' } }))).toBe('a pinned');
    expect(shown(policy.decide(GET, 1, { origin: 'operator', mode: { kind: 'maintenance' } }))).toBe('maintenance');
    expect(shown(policy.decide(GET, 1, { origin: 'operator', mode: { kind: 'prefer', region: 'b' } }))).toBe(
      'b,a preferred',
    );
  });

  it('a client stays where it is while that Region is well, and reads where it wrote even when it is behind', () => {
    const policy = policyOf();
    expect(shown(policy.decide(GET, 1, AUTO, { region: 'b' }))).toBe('b,a sticky hedged');
    policy.reported('b', report('passive', 1, 'catching-up'));
    expect(shown(policy.decide(GET, 1, AUTO, { region: 'b' }))).toBe('a,b behind');
    expect(shown(policy.decide(GET, 1, AUTO, { region: 'b', pinnedUntilMs: 9 }))).toBe('b,a read-your-writes hedged');
    policy.health('b').trip(1, 'drill');
    expect(shown(policy.decide(GET, 1, AUTO, { region: 'b', pinnedUntilMs: 9 }))).toBe('a,b breaker-open');
  });

  it('manual failback holds until people say so, or move the work', () => {
    const policy = policyOf('manual');
    policy.health('a').trip(0, 'drill');
    reopen(policy, 'a');
    expect(shown(policy.decide(GET, 9000))).toBe('b,a held hedged');
    policy.release();
    expect(shown(policy.decide(GET, 9000))).toBe('a,b configured-order hedged');
  });

  it('always names a Region of its own, with a reason, whatever happened before', () => {
    const step = fc.record({
      region: fc.constantFrom('a', 'b'),
      act: fc.constantFrom('answer', 'fail', 'lose', 'abandon', 'probe', 'drain', 'behind', 'trip'),
      afterMs: fc.integer({ min: 0, max: 2000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const policy = policyOf();
        let nowMs = 0;
        for (const { region, act, afterMs } of steps) {
          const health = policy.health(region);
          const startedMs = nowMs;
          nowMs += afterMs;
          if (act === 'probe') {
            for (const probe of policy.dueProbes(nowMs)) {
              policy.probed(probe.region, nowMs, { kind: probe.kind, isGood: afterMs % 2 === 0, latencyMs: 1 });
            }
          } else if (act === 'drain') {
            policy.drain(region, nowMs + afterMs);
          } else if (act === 'behind') {
            policy.reported(region, report('passive', afterMs, 'catching-up'));
          } else if (act === 'trip') {
            health.trip(nowMs, 'drill');
          } else {
            health.started(startedMs);
            if (act === 'answer') {
              health.answered(nowMs, afterMs);
            } else if (act === 'fail') {
              health.failed(nowMs, 'x', afterMs % 2 === 0);
            } else if (act === 'lose') {
              health.lostHedge(nowMs, startedMs);
            } else {
              health.abandoned(nowMs, startedMs);
            }
          }
          const decision = policy.decide(GET, nowMs);
          expect(shown(decision)).toMatch(/^(?:a,b|b,a) [\w-]+(?: hedged)?$/u);
          expect(policy.hedgeTokens).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 200 },
    );
  });
});
