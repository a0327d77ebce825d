/** What the steps of a move run with, and what each of them answers. */
import type { HookOutcome } from '../announce/dns.ts';
import type { InteractiveWrites } from '../../functions/domain/interactive-write.ts';
import type { Role } from '../../functions/domain/region.ts';
import type { GateDocument } from '../../functions/gate/document.ts';
import type { Claim } from './claim.ts';
import type { Debt, Plan } from './plan.ts';
import type { RegionAccess } from './region-access.ts';

export interface Waits {
  /** Until a gate serves what was deployed. */
  readonly gateMs: number;
  /** Until the cycle that runs has ended. */
  readonly drainMs: number;
  /** Until every source has a commit under the new epoch. */
  readonly syncMs: number;
  /** Between two looks. */
  readonly pollMs: number;
}

export const WAITS: Waits = { gateMs: 20_000, drainMs: 15_000, syncMs: 15_000, pollMs: 400 };

export interface ChannelReport {
  readonly channel: string;
  readonly outcome: string;
}

/** What people are told, outside of both Regions. */
export interface Outside {
  /** Lines for the router and for DNS. */
  readonly directions: () => readonly string[];
  /** A program of the customer's that changes a record; absent where none is named. */
  readonly changeDns?: () => Promise<HookOutcome>;
  readonly announcement: () => string;
  readonly announce: (text: string) => Promise<readonly ChannelReport[]>;
  /** The files that were written; absent where there are none to write. */
  readonly writeStackFiles?: () => Promise<readonly string[]>;
}

export interface RunContext {
  readonly plan: Plan;
  readonly claim: Claim;
  readonly documents: Readonly<Record<Role, GateDocument>>;
  /** The Region that becomes active: every required call goes there. */
  readonly target: RegionAccess;
  /** The other one; behind its budget where the move goes on without it. */
  readonly other: RegionAccess;
  /** Into the target, and into the other one where it takes part. */
  readonly writes: InteractiveWrites;
  readonly outside: Outside;
  readonly waits: Waits;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly newOp: () => string;
  /** Ids of fences that this run has raised: no cycle stands behind them. */
  readonly raised: Set<string>;
  readonly say: (line: string) => void;
}

export type StepOutcome =
  | 'done'
  /** Nothing to do. */
  | 'skipped'
  /** Tried, and left for later: a debt says what. */
  | 'left-open'
  /** Done as far as it goes, and not proven. */
  | 'unverified'
  | 'failed';

export interface StepResult {
  readonly outcome: StepOutcome;
  /** One sentence. */
  readonly detail: string;
  /** Ids of debts that need not stay open. */
  readonly settles?: readonly string[];
  readonly opens?: readonly Debt[];
  /** With `failed`: a Region did not answer. */
  readonly isUnreachable?: boolean;
  /** With `failed`: the Regions differ. */
  readonly isDrift?: boolean;
  /** With `failed`: somebody else has the epoch. */
  readonly isRefused?: boolean;
  /** For the report. */
  readonly channels?: readonly ChannelReport[];
  readonly files?: readonly string[];
}

export type StepAction = (context: RunContext) => Promise<StepResult>;

/** Asks again and again until there is an answer or the time is up. */
export const until = async <T>(
  { now, sleep, waits }: Pick<RunContext, 'now' | 'sleep' | 'waits'>,
  limitMs: number,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> => {
  const endMs = now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || now() >= endMs) {
      return found;
    }
    await sleep(waits.pollMs);
  }
};
