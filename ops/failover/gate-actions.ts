/** The steps that decide who works: the claim of the epoch, and the two gate documents. */
import { DONE, type Failure, type Result } from '../../functions/domain/failure.ts';
import {
  decideGate,
  type DocumentReading,
  type GateDecision,
  isUnknown,
  type RecordReading,
} from '../../functions/gate/decide.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import { GATE_KEY, keepGateDocument, recordReadingOf } from '../../functions/gate/gate.ts';
import { type Claim, claimSentence, type ClaimResult, putClaim } from './claim.ts';
import type { Plan } from './plan.ts';
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

/** Whoever looks at this Region alone is not refused because of this move. */
export const retireClaim = async ({ stores }: RegionAccess, claim: Claim): Promise<Result<unknown>> =>
  putClaim(stores, { ...claim, state: 'ended' });

/** Whoever is refused leaves nothing behind that would refuse the next one. */
const release = async (claim: Claim, claimed: readonly RegionAccess[]): Promise<void> => {
  await Promise.all(claimed.map(async (where) => retireClaim(where, claim)));
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

interface Seen {
  readonly reading: DocumentReading;
  readonly decision: GateDecision;
}

/** What AppConfig serves there, and what the Region makes of it beside its own record: both read afresh. */
export const lookAtGate = async ({ gate, stores }: RegionAccess): Promise<Seen> => {
  const [reading, stored] = await Promise.all([gate.read(), stores.tables.workspaces.getLocal(GATE_KEY)]);
  const record: RecordReading =
    stored.kind === 'failed' ? { kind: 'unreadable', failure: stored.failure } : recordReadingOf(stored.value);
  return { reading, decision: decideGate(reading, record) };
};

const isSameDocument = (reading: DocumentReading, document: GateDocument): boolean =>
  reading.kind === 'document' &&
  reading.document.epoch === document.epoch &&
  reading.document.is_active_for_scheduled_work === document.is_active_for_scheduled_work &&
  reading.document.peer_writes === document.peer_writes;

export const isServed = async ({ gate }: RegionAccess, document: GateDocument): Promise<boolean> =>
  isSameDocument(await gate.read(), document);

/** Of a Region that does not work nothing is written, so what it says of the peer does not matter. */
const isInForce = ({ state, inForce }: GateDecision, document: GateDocument): boolean =>
  inForce?.epoch === document.epoch &&
  (document.is_active_for_scheduled_work
    ? state === 'active' && inForce.peer_writes === document.peer_writes
    : state === 'passive');

const isSuperseded = ({ inForce }: GateDecision, { epoch }: GateDocument): boolean =>
  inForce !== undefined && inForce.epoch > epoch;

const notObeyed = (region: string, decision: GateDecision, document: GateDocument): StepResult => ({
  outcome: 'failed',
  detail:
    `${region} does not obey epoch ${document.epoch}: ${decision.reason}: ${decision.detail}` +
    (isSuperseded(decision, document)
      ? '. Somebody has moved the work since: a new move is begun with --take-over'
      : ''),
});

/** Deployed once: a resumed run finds it served, and deploys nothing. */
const deployDocument = async (access: RegionAccess, document: GateDocument): Promise<Result<void>> =>
  (await isServed(access, document)) ? DONE : access.gate.deploy(document);

/**
 * A document is deployed, served and kept, and then what the Region obeys is read back: one of a higher epoch, which somebody else
 * has put there, would stand above it. Answers with the step's failure, if it is one; `otherwise` says what to do where AppConfig
 * takes no document.
 */
export const putInForce = async (
  context: RunContext,
  where: RegionAccess,
  document: GateDocument,
  otherwise?: string,
): Promise<StepResult | undefined> => {
  const { waits } = context;
  const deployed = await deployDocument(where, document);
  if (deployed.kind === 'failed') {
    const step = failedStep(`AppConfig in ${where.region}`, deployed.failure);
    return otherwise === undefined ? step : { ...step, detail: `${step.detail}. ${otherwise}` };
  }
  const served = await until(context, waits.gateMs, async () => ((await isServed(where, document)) ? true : undefined));
  if (served === undefined) {
    return {
      outcome: 'failed',
      detail: `AppConfig in ${where.region} took the document and does not serve it after ${waits.gateMs / 1000} s`,
    };
  }
  await keepGateDocument(where.stores.tables.workspaces, document);
  // A store that is slow for a moment is no reason to stop in the middle of a move.
  const known = await until(context, waits.gateMs, async () => {
    const { decision } = await lookAtGate(where);
    return isUnknown(decision) ? undefined : decision;
  });
  const decision = known ?? (await lookAtGate(where)).decision;
  return isInForce(decision, document) ? undefined : notObeyed(where.region, decision, document);
};

export const passivateStep: StepAction = async (context) => {
  const { plan, other, documents } = context;
  return (
    (await putInForce(context, other, documents[other.role])) ?? {
      outcome: 'done',
      detail: `${other.region} is passive under epoch ${plan.epoch}`,
    }
  );
};

/**
 * Once, of a Region that may be gone: its document in AppConfig, and its record, which also stops it while AppConfig is down. A
 * record alone is behind AppConfig only in name, but its document still says active: that stays to be mended.
 */
export const tryPassivate: StepAction = async ({ other, documents }) => {
  const document = documents[other.role];
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
  const { reading, decision } = await lookAtGate(other);
  if (isSuperseded(decision, document)) {
    return notObeyed(other.region, decision, document);
  }
  // Where one of the two can't be read the Region is passive by that alone, and by the other one as soon as both can be.
  const isTold =
    isInForce(decision, document) ||
    (decision.state === 'passive' && (kept === 'kept' || isSameDocument(reading, document)));
  if (!isTold) {
    return {
      outcome: 'left-open',
      detail: `${other.region} took it and does not obey it yet (${decision.reason}); its lower epoch is fenced`,
    };
  }
  const how = [deployed.kind === 'done' ? 'its AppConfig' : '', kept === 'failed' ? '' : 'its gate record'];
  return {
    outcome: 'done',
    detail: `${other.region} is passive by ${how.filter((text) => text !== '').join(' and ')}`,
    settles: deployed.kind === 'done' ? ['old-flag'] : [],
  };
};

const breakGlass = async ({ target, documents }: RunContext): Promise<StepResult> => {
  const document = documents[target.role];
  const kept = await keepGateDocument(target.stores.tables.workspaces, document);
  if (kept === 'failed') {
    return {
      outcome: 'failed',
      detail: `the gate record of ${target.region} could not be written`,
      isUnreachable: true,
    };
  }
  const { decision } = await lookAtGate(target);
  return isInForce(decision, document)
    ? { outcome: 'done', detail: `${target.region} is active by its gate record: ${decision.detail}` }
    : notObeyed(target.region, decision, document);
};

/** A failback has no break-glass of its own: it needs both Regions. */
const withoutControlPlane = ({ move, to }: Plan): string =>
  move === 'failover'
    ? 'the same command with --resume --break-glass'
    : `npx twinmap failover --to ${to} --take-over --break-glass`;

export const activateStep: StepAction = async (context) => {
  const { plan, target, documents } = context;
  if (plan.breakGlass) {
    return breakGlass(context);
  }
  const document = documents[target.role];
  const wrong = await putInForce(context, target, document, `Without its control plane: ${withoutControlPlane(plan)}`);
  return wrong ?? { outcome: 'done', detail: `${target.region} is active: epoch ${plan.epoch} says active` };
};

/** Marks the claim as ended wherever it stands. */
export const endClaim = async ({ claim, target, other, say }: RunContext): Promise<void> => {
  const [ended] = await Promise.all([target, other].map(async (where) => retireClaim(where, claim)));
  if (ended?.kind === 'failed') {
    say(`! ${target.region} did not take the end of this move: until it has it, the next one asks for --take-over`);
  }
};
