/** The steps that only a failback has: bring the returned Region back as the passive one, catch up, prove, and watch. */
import type { GateDocument } from '../../functions/gate/document.ts';
import type { Role } from '../../functions/domain/region.ts';
import { catchUp } from './catch-up.ts';
import { checkQuery, raiseFences } from './data-actions.ts';
import type { Actions } from './execute.ts';
import { failedStep, lookAtGate, putInForce } from './gate-actions.ts';
import { differencesText, judgeProof } from './judge-proof.ts';
import { observeRegion } from './observe.ts';
import type { FailbackPlan } from './plan-failback.ts';
import { PEER_OF, type RegionAccess } from './region-access.ts';
import type { RunContext, StepAction, StepResult } from './run-context.ts';
import { answers, isWhole } from './world.ts';

export interface FailbackInput {
  readonly plan: FailbackPlan;
  readonly healing: Readonly<Record<Role, GateDocument>> | undefined;
  readonly stabilityMs: number;
  readonly acceptDrift: string | undefined;
  readonly catchUpMs: number;
}

const accessOf = ({ target, other }: RunContext, role: Role): RegionAccess => (target.role === role ? target : other);

/** A resumed run that had come further: its last documents stand. */
const isFurther = async ({ plan }: RunContext, where: RegionAccess): Promise<boolean> => {
  const { reading, decision } = await lookAtGate(where);
  return reading.kind === 'document' && reading.document.epoch === plan.epoch && decision.inForce?.epoch === plan.epoch;
};

const heal = async (
  context: RunContext,
  where: RegionAccess,
  document: GateDocument,
): Promise<StepResult | undefined> =>
  document.epoch < context.plan.epoch && (await isFurther(context, where))
    ? undefined
    : putInForce(context, where, document);

/** Passive first: in between nobody works, the other way round both might. */
const settleStep =
  ({ plan, healing }: FailbackInput): StepAction =>
  async (context) => {
    if (healing === undefined || plan.healEpoch === undefined) {
      return { outcome: 'skipped', detail: 'both Regions obey one epoch already' };
    }
    const worker = accessOf(context, plan.worker);
    const other = accessOf(context, PEER_OF[plan.worker]);
    const passive = await heal(context, other, healing[other.role]);
    if (passive !== undefined) {
      return passive;
    }
    const { newOp, raised: own } = context;
    const under = { epoch: plan.healEpoch, region: worker.region, newOp, raised: own };
    for (const where of [other, worker]) {
      const raised = await raiseFences(where, under);
      if (raised.kind === 'failed') {
        return failedStep(where.region, raised.failure);
      }
    }
    const active = await heal(context, worker, healing[worker.role]);
    return (
      active ?? {
        outcome: 'done',
        detail: `${other.region} is passive, ${worker.region} works and writes to both, under epoch ${plan.healEpoch}`,
      }
    );
  };

const catchUpStep =
  ({ catchUpMs }: FailbackInput): StepAction =>
  async (context) => {
    const { target, other, now, sleep, say } = context;
    const caught = await catchUp(target, other, { now, sleep, say, deadlineMs: now() + catchUpMs, repair: true });
    if (caught.kind === 'failed') {
      return failedStep('the catch-up', caught.failure);
    }
    const { sent, repaired, owed, proof } = caught.value;
    return {
      outcome: owed === 0 ? 'done' : 'unverified',
      detail:
        `${sent} records sent, ${repaired} repaired, ${owed} owed` +
        (proof.equal ? '; the roots are equal' : `; ${differencesText(proof)}`),
    };
  };

const proveStep =
  ({ acceptDrift, catchUpMs }: FailbackInput): StepAction =>
  async (context) => {
    const { target, other, now, sleep, say } = context;
    // What people write meanwhile is on its way for a moment: it is sent, and both are proven again.
    const proven = await catchUp(target, other, { now, sleep, say, deadlineMs: now() + catchUpMs, repair: true });
    if (proven.kind === 'failed') {
      return failedStep('the proof', proven.failure);
    }
    return judgeProof(proven.value.proof, acceptDrift);
  };

const STABILITY_POLL_MS = 2000;

const troubleOf = async (context: RunContext): Promise<string | undefined> => {
  const { target, other, now } = context;
  const seen = await observeRegion(target, other, { now, standing: false });
  if (!isWhole(seen)) {
    return `${target.region} does not answer whole`;
  }
  if (seen.api !== undefined && !answers(seen.api.answering)) {
    return `the API of ${target.region} does not answer`;
  }
  const query = await checkQuery(target);
  return query.kind === 'wrong' ? query.why : undefined;
};

const stabilityStep =
  ({ stabilityMs }: FailbackInput): StepAction =>
  async (context) => {
    const { target, now, sleep } = context;
    const endMs = now() + stabilityMs;
    let looks = 0;
    for (;;) {
      const trouble = await troubleOf(context);
      if (trouble !== undefined) {
        return { outcome: 'failed', detail: `${trouble}: it is not stable yet, and nothing was moved` };
      }
      looks += 1;
      const leftMs = endMs - now();
      if (leftMs <= 0) {
        return { outcome: 'done', detail: `${target.region} answered ${looks} times of ${looks}` };
      }
      await sleep(Math.min(STABILITY_POLL_MS, leftMs));
    }
  };

export const failbackActions = (input: FailbackInput): Actions => ({
  settle: settleStep(input),
  'catch-up': catchUpStep(input),
  prove: proveStep(input),
  stability: stabilityStep(input),
});
