/**
 * Runs a plan step by step. Before each step it looks again: what carries the plan's own epoch was done by this run, anything else
 * has to be as it was, or it stops with what has changed. Every step may be run again, so a run that died is resumed from its start.
 */
import { unreachableCase } from '../../functions/domain/errors.ts';
import { drainStep, fenceStep, syncStep, verifyStep } from './data-actions.ts';
import { activateStep, claimStep, endClaim } from './gate-actions.ts';
import { observe } from './observe.ts';
import { otherStep } from './other-region.ts';
import { announceStep, stackFilesStep, tellStep } from './people-actions.ts';
import type { Debt, Plan, PlanStep, StepId } from './plan.ts';
import { type PairAccess, PEER_OF } from './region-access.ts';
import type { ChannelReport, RunContext, StepAction, StepOutcome, StepResult } from './run-context.ts';
import { answers, type Fact, factsOf, type RegionWorld, type World } from './world.ts';

export interface StepReport {
  readonly id: StepId;
  /** In ms since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: StepOutcome;
  readonly detail: string;
}

export type RunEnd =
  | { readonly kind: 'done' }
  /** Everything was done, and something of it could not be proven. */
  | { readonly kind: 'unverified' }
  /** The world is not the one that the plan was made for. */
  | { readonly kind: 'changed'; readonly changes: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string }
  | {
      readonly kind: 'failed';
      readonly step: StepId;
      readonly why: string;
      readonly isUnreachable: boolean;
      readonly isDrift: boolean;
    };

export interface RunResult {
  readonly end: RunEnd;
  readonly steps: readonly StepReport[];
  readonly debts: readonly Debt[];
  readonly channels: readonly ChannelReport[];
  readonly files: readonly string[];
}

/** More steps than a plain failover has, for instance those of a failback. */
export type Actions = Readonly<Partial<Record<StepId, StepAction>>>;

export const ACTIONS: Actions = {
  claim: claimStep,
  passivate: otherStep,
  drain: drainStep,
  fence: fenceStep,
  activate: activateStep,
  verify: verifyStep,
  tell: tellStep,
  announce: announceStep,
  sync: syncStep,
  'stack-files': stackFilesStep,
};

export interface ExecuteOptions {
  readonly pair: PairAccess;
  /** As it was when the plan was made. */
  readonly world: World;
  readonly actions?: Actions;
  /** Told of every step's beginning and end: the journal. */
  readonly onStep: (steps: readonly StepReport[], running: PlanStep | undefined) => Promise<void>;
}

const isForeign = (plan: Plan, name: string, before: Fact | undefined, now: Fact | undefined): boolean => {
  // What can't be read now, or could not be then, says nothing; a store that is gone is found by the step that needs it.
  if (before === undefined || now === undefined || before.text === now.text) {
    return false;
  }
  return !plan.ownEpochs.includes(now.epoch) || name.endsWith('.claim');
};

/** What is another way than the plan takes it to be, in sentences. */
export const changesSince = (plan: Plan, world: World, runId: string): readonly string[] => {
  const facts = factsOf(world);
  return Object.entries(facts).flatMap(([name, now]) => {
    const before = plan.facts[name];
    const [role = '', what = ''] = name.split('.');
    const isOwnClaim = what === 'claim' && now.text.includes(runId);
    return !isOwnClaim && isForeign(plan, name, before, now)
      ? [`${role} ${what}: was ${before?.text ?? 'not known'}, is ${now.text}`]
      : [];
  });
};

/** A Region that takes no part is not asked again: each question would cost its whole bound. */
const lookAgain = async (context: RunContext, { pair, world }: ExecuteOptions): Promise<World> => {
  const { plan, now } = context;
  const other = PEER_OF[plan.to];
  const keep: Partial<Record<typeof other, RegionWorld>> =
    plan.kind === 'graceful' ? {} : { [other]: world.regions[other] };
  const silent = (role: typeof other): PairAccess[typeof other] => ({ ...pair[role], api: undefined });
  return observe({ primary: silent('primary'), secondary: silent('secondary') }, { now, standing: false, keep });
};

const runStep = async (step: PlanStep, context: RunContext, actions: Actions): Promise<StepResult> => {
  const action = actions[step.id] ?? ACTIONS[step.id];
  // The report is written by whoever runs the plan: it is about all of it.
  return action === undefined ? { outcome: 'done', detail: 'with what follows' } : action(context);
};

const endOf = (step: PlanStep, result: StepResult): RunEnd | undefined => {
  if (result.outcome !== 'failed') {
    return undefined;
  }
  return result.isRefused === true
    ? { kind: 'refused', why: result.detail }
    : {
        kind: 'failed',
        step: step.id,
        why: result.detail,
        isUnreachable: result.isUnreachable === true,
        isDrift: result.isDrift === true,
      };
};

/** What the steps have left behind, so far. */
class Tally {
  readonly steps: StepReport[] = [];
  readonly channels: ChannelReport[] = [];
  readonly files: string[] = [];
  #debts: readonly Debt[];

  constructor(debts: readonly Debt[]) {
    this.#debts = debts;
  }

  take(report: StepReport, result: StepResult): void {
    this.steps.push(report);
    this.channels.push(...(result.channels ?? []));
    this.files.push(...(result.files ?? []));
    const settled = new Set(result.settles);
    this.#debts = [...this.#debts.filter(({ id }) => !settled.has(id)), ...(result.opens ?? [])];
  }

  end(end: RunEnd): RunResult {
    const { steps, channels, files } = this;
    return { end, steps, channels, files, debts: this.#debts };
  }

  get isProven(): boolean {
    return this.steps.every(({ outcome }) => outcome !== 'unverified');
  }
}

export const execute = async (context: RunContext, options: ExecuteOptions): Promise<RunResult> => {
  const { plan, claim, now, say } = context;
  const tally = new Tally(plan.debts);
  for (const [at, step] of plan.steps.entries()) {
    const world = await lookAgain(context, options);
    if (!answers(world.regions[plan.to].records)) {
      const why = `${plan.region} does not answer any more`;
      return tally.end({ kind: 'failed', step: step.id, why, isUnreachable: true, isDrift: false });
    }
    const changes = changesSince(plan, world, claim.id);
    if (changes.length > 0) {
      return tally.end({ kind: 'changed', changes });
    }
    say(`[${at + 1}/${plan.steps.length}] ${step.title}`);
    const startedAt = now();
    if (step.id !== 'claim') {
      await options.onStep(tally.steps, step);
    }
    const result = await runStep(step, context, options.actions ?? {});
    const { outcome, detail } = result;
    tally.take({ id: step.id, startedAt, endedAt: now(), outcome, detail }, result);
    say(`    ${markOf(outcome)} ${detail} (${((now() - startedAt) / 1000).toFixed(1)} s)`);
    const end = endOf(step, result);
    if (end !== undefined) {
      return tally.end(end);
    }
  }
  await endClaim(context);
  return tally.end({ kind: tally.isProven ? 'done' : 'unverified' });
};

const markOf = (outcome: StepOutcome): string => {
  switch (outcome) {
    case 'done': {
      return 'ok:';
    }
    case 'skipped': {
      return 'skipped:';
    }
    case 'left-open': {
      return 'LEFT OPEN:';
    }
    case 'unverified': {
      return 'UNVERIFIED:';
    }
    case 'failed': {
      return 'FAILED:';
    }
    default: {
      return unreachableCase(outcome);
    }
  }
};
