/**
 * What a move does in the Region that it leaves. With that Region it is a step that has to succeed; without it, an attempt: its gate
 * comes first, which stops all of its work at once, then the claim, and its fences take what is left of what it is worth.
 */
import { raiseFences } from './data-actions.ts';
import { passivateStep, retireClaim, tryPassivate } from './gate-actions.ts';
import type { StepAction } from './run-context.ts';

/** One call for each source: of a Region that is not needed a move waits no longer for them. */
const FENCES_MS = 1500;

const retireOther: StepAction = async (context) => {
  const { plan, claim, target, other, newOp, raised, now } = context;
  const result = await tryPassivate(context);
  if (result.outcome === 'failed') {
    return result;
  }
  await retireClaim(other, claim);
  const fenced = await raiseFences(other, {
    epoch: plan.epoch,
    region: target.region,
    newOp,
    raised,
    until: { atMs: now() + FENCES_MS, now },
  });
  return fenced.kind === 'failed'
    ? result
    : {
        ...result,
        detail: `${result.detail}; its ${fenced.value} sources are fenced, too`,
        settles: [...(result.settles ?? []), 'old-fence'],
      };
};

export const otherStep: StepAction = async (context) =>
  context.plan.kind === 'graceful' ? passivateStep(context) : retireOther(context);
