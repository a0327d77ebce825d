/** The state of a peer, for any history: in sync only after a proof that began after the trouble, and never by assumption. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../../functions/domain/limits.ts';
import {
  firstPeerState,
  nextPeerState,
  type PeerObservation,
  type PeerState,
  type PeerStateName,
} from '../../../functions/repair/peer-state.ts';

const NOW = 1_000_000;

const seen = (more: Partial<PeerObservation> = {}): PeerObservation => ({
  now: NOW,
  reachable: true,
  owed: { count: 0 },
  comparison: undefined,
  ...more,
});

const proof = (
  startedAt: number,
  verdict: 'identical' | 'owed-only' | 'drift' = 'identical',
): PeerObservation['comparison'] => ({ slot: 1, startedAt, verdict });

const state = (name: PeerStateName, since = NOW - 100): PeerState => ({ name, since, reason: 'test' });

describe('nextPeerState', () => {
  it.each([
    ['in-sync', { reachable: false }, 'down', 'peer-unreachable'],
    ['catching-up', { reachable: false }, 'down', 'peer-unreachable'],
    ['down', {}, 'catching-up', 'peer-answers'],
    ['in-sync', { comparison: proof(NOW, 'drift') }, 'catching-up', 'drift-found'],
    ['in-sync', { owed: { count: 1, oldestAgeMs: LIMITS.owedLagMs + 1 } }, 'catching-up', 'owed-for-long'],
    ['catching-up', { comparison: proof(NOW) }, 'in-sync', 'equal-roots'],
  ] as const)('goes from %s on %j to %s, because of %s', (before, observation, after, reason) => {
    expect(nextPeerState(state(before), seen(observation))).toEqual({ name: after, since: NOW, reason });
  });

  it.each([
    ['in-sync', {}],
    ['in-sync', { owed: { count: 5, oldestAgeMs: LIMITS.owedLagMs } }],
    ['in-sync', { owed: undefined }],
    ['in-sync', { comparison: proof(NOW, 'owed-only') }],
    ['in-sync', { comparison: proof(NOW - 101, 'drift') }],
    ['down', { reachable: false, comparison: proof(NOW) }],
    ['catching-up', { comparison: proof(NOW), owed: { count: 1 } }],
    ['catching-up', { comparison: proof(NOW), owed: undefined }],
    ['catching-up', { comparison: proof(NOW, 'owed-only') }],
    ['catching-up', { comparison: proof(NOW, 'drift') }],
    ['catching-up', { comparison: proof(NOW - 100) }],
  ] as const)('stays %s on %j', (before, observation) => {
    const kept = state(before);
    expect(nextPeerState(kept, seen(observation))).toBe(kept);
  });

  it('begins with nothing proven', () => {
    expect(firstPeerState(NOW)).toEqual({ name: 'catching-up', since: NOW, reason: 'not-proven' });
  });

  const observations = fc.array(
    fc.record({
      reachable: fc.boolean(),
      owed: fc.option(
        fc.record({ count: fc.integer({ min: 0, max: 2 }), oldestAgeMs: fc.constantFrom(0, LIMITS.owedLagMs + 1) }),
        { nil: undefined },
      ),
      comparison: fc.option(
        fc.record({
          slot: fc.constant(1),
          startedAgoMs: fc.integer({ min: 0, max: 5 }),
          verdict: fc.constantFrom('identical' as const, 'owed-only' as const, 'drift' as const),
        }),
        { nil: undefined },
      ),
    }),
    { maxLength: 40 },
  );

  it('is never in sync before an equal proof that began after the last trouble, with nothing owed', () => {
    fc.assert(
      fc.property(observations, (history) => {
        let current = firstPeerState(0);
        let troubledAt = 0;
        for (const [at, { comparison, ...rest }] of history.entries()) {
          const now = at + 1;
          const observed: PeerObservation = {
            ...rest,
            now,
            comparison:
              comparison === undefined
                ? undefined
                : { slot: 1, startedAt: now - comparison.startedAgoMs, verdict: comparison.verdict },
          };
          const next = nextPeerState(current, observed);
          const isEntered = next.name === 'in-sync' && current.name !== 'in-sync';
          const isProven =
            observed.reachable &&
            observed.owed?.count === 0 &&
            observed.comparison?.verdict === 'identical' &&
            observed.comparison.startedAt > troubledAt;
          expect([isEntered && !isProven, !observed.reachable && next.name !== 'down']).toEqual([false, false]);
          if (next.name !== 'in-sync' && next !== current) {
            troubledAt = now;
          }
          expect(`${current.name} ${next.name}`).not.toBe('down in-sync');
          current = next;
        }
      }),
      { numRuns: 300 },
    );
  });
});
