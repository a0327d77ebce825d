/** The steps that only a failback has: bring the returned Region back as the passive one, catch up, prove, and watch. */
import type { GateDocument } from '../../functions/gate/document.ts';
import type { Role } from '../../functions/domain/region.ts';
import { keepGateDocument } from '../../functions/gate/gate.ts';
import { catchUp } from './catch-up.ts';
import { checkQuery, raiseFences } from './data-actions.ts';
import type { Actions } from './execute.ts';
import { deployDocument, failedStep, isServed } from './gate-actions.ts';
import { observeRegion } from './observe.ts';
import type { FailbackPlan } from './plan-failback.ts';
import { countOf } from './prove.ts';
import { PEER_OF, type RegionAccess } from './region-access.ts';
import { type RunContext, type StepAction, type StepResult, until } from './run-context.ts';
import { answers, isWhole } from './world.ts';

export interface FailbackInput {
  readonly plan: FailbackPlan;
  readonly healing: Readonly<Record<Role, GateDocument>> | undefined;
  readonly stabilityMs: number;
  readonly acceptDrift: string | undefined;
  readonly catchUpMs: number;
}

const accessOf = ({ target, other }: RunContext, role: Role): RegionAccess => (target.role === role ? target : other);

const deployServed = async (
  context: RunContext,
  where: RegionAccess,
  document: GateDocument,
): Promise<StepResult | undefined> => {
  const reading = await where.gate.read();
  if (reading.kind === 'document' && reading.document.epoch > document.epoch) {
    // A resumed run that had come further: its last documents stand.
    return undefined;
  }
  const deployed = await deployDocument(where, document);
  if (deployed.kind === 'failed') {
    return failedStep(`AppConfig in ${where.region}`, deployed.failure);
  }
  const served = await until(context, context.waits.gateMs, async () =>
    (await isServed(where, document)) ? true : undefined,
  );
  if (served === undefined) {
    return { outcome: 'failed', detail: `AppConfig in ${where.region} does not serve what was deployed` };
  }
  await keepGateDocument(where.stores.tables.workspaces, document);
  return undefined;
};

/** Passive first: in between nobody works, the other way round both might. */
const settleStep =
  ({ plan, healing }: FailbackInput): StepAction =>
  async (context) => {
    if (healing === undefined || plan.healEpoch === undefined) {
      return { outcome: 'skipped', detail: 'both Regions obey one epoch already' };
    }
    const worker = accessOf(context, plan.worker);
    const other = accessOf(context, PEER_OF[plan.worker]);
    const passive = await deployServed(context, other, healing[other.role]);
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
    const active = await deployServed(context, worker, healing[worker.role]);
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
        (proof.equal ? '; the roots are equal' : `; ${countOf(proof.differences, 'drift')} keys drift`),
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
    const { proof } = proven.value;
    const [root] = proof.roots;
    if (proof.equal) {
      return { outcome: 'done', detail: `both roots are ${root?.root.slice(0, 16) ?? ''}…` };
    }
    const drift = proof.differences.length;
    if (acceptDrift === undefined) {
      return {
        outcome: 'failed',
        isDrift: true,
        detail:
          `${drift} keys differ (${countOf(proof.differences, 'drift')} drift), so nothing is moved. ` +
          'See them: npx twinmap drift; move all the same: --accept-drift REASON',
      };
    }
    return {
      outcome: 'left-open',
      detail: `${drift} keys differ, accepted: ${acceptDrift}`,
      opens: [{ id: 'drift', what: `${drift} keys differ between the Regions`, settledBy: 'npx twinmap repair --yes' }],
    };
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
