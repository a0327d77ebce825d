/** The steps that decide who works: the claim of the epoch, and the two gate documents. */
import { ROLES } from '../../functions/domain/region.ts';
import type { Failure, Result } from '../../functions/domain/failure.ts';
import { decideGate, type GateDecision } from '../../functions/gate/decide.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import { GATE_KEY, keepGateDocument, recordReadingOf } from '../../functions/gate/gate.ts';
import { type Claim, claimSentence, type ClaimResult, putClaim } from './claim.ts';
import type { RegionAccess } from './region-access.ts';
import { shortly } from './world.ts';
import { type RunContext, type StepAction, type StepResult, until } from './run-context.ts';

export const failedStep = (where: string, failure: Failure): StepResult => ({
  outcome: 'failed',
  detail: `${where}: ${failure.message} (${failure.code})`,
  isUnreachable: failure.reason === 'unreachable' || failure.reason === 'throttled',
});

const refusedStep = (region: string, result: Extract<ClaimResult, { kind: 'taken' }>): StepResult => ({
  outcome: 'failed',
  isRefused: true,
  detail:
    result.by === undefined
      ? `somebody else has taken this epoch in ${region}`
      : `${claimSentence(result.by)} (asked in ${region}); nothing was changed by this run`,
});

/** Whoever is refused leaves nothing behind that would refuse the next one. */
const release = async (claim: Claim, claimed: readonly RegionAccess[]): Promise<void> => {
  await Promise.all(claimed.map(async ({ stores }) => putClaim(stores, { ...claim, state: 'ended' })));
};

/** In the order of their names, so that of two people who move the work in two directions one is refused before the other. */
export const claimStep: StepAction = async ({ plan, claim, target, other }) => {
  const claimed: RegionAccess[] = [];
  const inOrder = [target, other].toSorted((left, right) => (left.region < right.region ? -1 : 1));
  const asked = inOrder.filter((one) => one === target || plan.kind === 'graceful');
  for (const one of asked) {
    const put = await putClaim(one.stores, claim);
    if (put.kind === 'failed') {
      return failedStep(one.region, put.failure);
    }
    if (put.value.kind === 'taken') {
      await release(claim, claimed);
      return refusedStep(one.region, put.value);
    }
    claimed.push(one);
  }
  if (plan.kind === 'ungraceful') {
    const put = await putClaim(other.stores, claim);
    if (put.kind === 'done' && put.value.kind === 'taken') {
      await release(claim, claimed);
      return refusedStep(other.region, put.value);
    }
  }
  return { outcome: 'done', detail: `epoch ${plan.epoch} is taken by ${claim.by}` };
};

const decide = async ({ gate, stores }: RegionAccess): Promise<GateDecision> => {
  const [document, stored] = await Promise.all([gate.read(), stores.tables.workspaces.getLocal(GATE_KEY)]);
  return decideGate(
    document,
    stored.kind === 'failed' ? { kind: 'unreadable', failure: stored.failure } : recordReadingOf(stored.value),
  );
};

export const isServed = async ({ gate }: RegionAccess, document: GateDocument): Promise<boolean> => {
  const reading = await gate.read();
  return (
    reading.kind === 'document' &&
    reading.document.epoch === document.epoch &&
    reading.document.is_active_for_scheduled_work === document.is_active_for_scheduled_work
  );
};

/** Deployed once: a resumed run finds it served, and deploys nothing. */
export const deployDocument = async (access: RegionAccess, document: GateDocument): Promise<Result<void>> =>
  (await isServed(access, document)) ? { kind: 'done', value: undefined } : access.gate.deploy(document);

/** The other Region's old document in its AppConfig, and its record: the second also stops it while the first is down. */
export const passivateStep: StepAction = async (context) => {
  const { plan, other, documents } = context;
  const document = documents[other.role];
  if (plan.kind === 'ungraceful') {
    const [deployed, kept] = await Promise.all([
      other.gate.deploy(document),
      keepGateDocument(other.stores.tables.workspaces, document),
    ]);
    if (deployed.kind === 'failed' && kept === 'failed') {
      return {
        outcome: 'left-open',
        detail: `${other.region} does not take it (${shortly(deployed.failure)}); its lower epoch is fenced`,
      };
    }
    const how = [deployed.kind === 'done' ? 'its AppConfig' : '', kept === 'kept' ? 'its gate record' : ''];
    return {
      outcome: 'done',
      detail: `${other.region} is passive by ${how.filter((text) => text !== '').join(' and ')}`,
      // A record alone is behind AppConfig only in name, but its document still says active: that stays to be mended.
      settles: deployed.kind === 'done' ? ['old-flag'] : [],
    };
  }
  const deployed = await deployDocument(other, document);
  if (deployed.kind === 'failed') {
    return failedStep(`AppConfig in ${other.region}`, deployed.failure);
  }
  const served = await until(context, context.waits.gateMs, async () =>
    (await isServed(other, document)) ? true : undefined,
  );
  if (served === undefined) {
    return {
      outcome: 'failed',
      detail: `AppConfig in ${other.region} took the document and does not serve it after ${context.waits.gateMs / 1000} s`,
    };
  }
  await keepGateDocument(other.stores.tables.workspaces, document);
  return { outcome: 'done', detail: `${other.region} is passive under epoch ${plan.epoch}` };
};

const breakGlass = async ({ target, documents }: RunContext): Promise<StepResult> => {
  const kept = await keepGateDocument(target.stores.tables.workspaces, documents[target.role]);
  const decision = kept === 'kept' ? await decide(target) : undefined;
  if (decision?.state === 'active') {
    return { outcome: 'done', detail: `${target.region} is active by its gate record: ${decision.detail}` };
  }
  return {
    outcome: 'failed',
    detail: `${target.region} is not active by its gate record: ${decision?.detail ?? 'the record could not be written'}`,
  };
};

export const activateStep: StepAction = async (context) => {
  const { plan, target, documents } = context;
  if (plan.breakGlass) {
    return breakGlass(context);
  }
  const document = documents[target.role];
  const deployed = await deployDocument(target, document);
  if (deployed.kind === 'failed') {
    const step = failedStep(`AppConfig in ${target.region}`, deployed.failure);
    return {
      ...step,
      detail: `${step.detail}. Without its control plane: the same command with --resume --break-glass`,
    };
  }
  const decision = await until(context, context.waits.gateMs, async () => {
    const found = await decide(target);
    return found.state === 'active' && found.inForce?.epoch === plan.epoch ? found : undefined;
  });
  if (decision === undefined) {
    const found = await decide(target);
    return { outcome: 'failed', detail: `${target.region} is not active: ${found.reason}: ${found.detail}` };
  }
  await keepGateDocument(target.stores.tables.workspaces, document);
  return { outcome: 'done', detail: `${target.region} is active: ${decision.detail}` };
};

/** Marks the claim as ended wherever it stands. */
export const endClaim = async ({ claim, target, other }: RunContext): Promise<void> => {
  await Promise.all(
    ROLES.map(async (role) => putClaim((target.role === role ? target : other).stores, { ...claim, state: 'ended' })),
  );
};
