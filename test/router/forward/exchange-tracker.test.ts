/** Who is in flight where: leaving costs the same however many there are, and nobody is lost or moved twice. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ExchangeTracker } from '../../../router/forward/exchange-tracker.ts';
import { RouterPolicy } from '../../../router/policy/router-policy.ts';

const newTracker = (): ExchangeTracker =>
  new ExchangeTracker(new RouterPolicy({ regions: ['a', 'b'], random: () => 0.5, onTransition: () => undefined }));

const newAttempt = (region: string, evacuate: () => void = () => undefined) => ({
  region,
  slot: -1,
  owner: { evacuate },
});

describe('exchanges in flight', () => {
  it('are those that entered and have not left, in whatever order they leave', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(30))), (steps) => {
        const tracker = newTracker();
        const inside = new Map<number, ReturnType<typeof newAttempt>>();
        const moved: number[] = [];
        for (const [region, id] of steps) {
          const known = inside.get(id);
          if (known === undefined) {
            const attempt = newAttempt(region, () => moved.push(id));
            inside.set(id, attempt);
            tracker.enter(attempt);
          } else {
            tracker.leave(known);
            tracker.leave(known);
            inside.delete(id);
          }
        }
        const at = (region: string): number[] =>
          [...inside].filter(([, attempt]) => attempt.region === region).map(([id]) => id);
        expect(tracker.inFlight('a')).toBe(at('a').length);
        expect(tracker.inFlight('b')).toBe(at('b').length);
        tracker.evacuate('a');
        expect(moved.toSorted((one, two) => one - two)).toStrictEqual(at('a').toSorted((one, two) => one - two));
      }),
    );
  });

  it('may leave while they are moved', () => {
    const tracker = newTracker();
    const moved: number[] = [];
    for (let at = 0; at < 5; at += 1) {
      const attempt = newAttempt('a', () => {
        moved.push(at);
        tracker.leave(attempt);
        tracker.enter(newAttempt('b'));
      });
      tracker.enter(attempt);
    }
    tracker.evacuate('a');
    expect(moved).toStrictEqual([0, 1, 2, 3, 4]);
    expect(tracker.inFlight('a')).toBe(0);
    expect(tracker.inFlight('b')).toBe(5);
  });
});
