/** The decision alone: what the core takes for one request, from choosing the Region to keeping what its answer showed. */
import { RouterPolicy } from '../../../router/policy/router-policy.ts';
import type { Bar } from './bars.ts';
import { median } from './paced-load.ts';

const COUNT = 500_000;

export const measureDecision = (rounds: number): Bar => {
  const policy = new RouterPolicy({ regions: ['a', 'b'], random: Math.random, onTransition: () => undefined });
  const traits = { method: 'GET', isReplayable: true, hasSharedKey: false, isHedgeable: true };
  const tookUs = Array.from({ length: rounds }, () => {
    const startMs = performance.now();
    for (let at = 0; at < COUNT; at += 1) {
      const decision = policy.decide(traits, at);
      const health = policy.health(decision.kind === 'route' ? decision.first : 'a');
      health.started(at);
      health.answered(at, 5);
    }
    return ((performance.now() - startMs) * 1000) / COUNT;
  });
  return { what: 'decision with its bookkeeping, us', measured: median(tookUs), atMost: 2 };
};
